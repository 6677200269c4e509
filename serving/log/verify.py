"""Verify the log: every segment is as it was sealed, they follow from each other, and none is missing."""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from features.errors import DataError, SettingError
from serving.log import identity
from serving.log.anchor import Anchor, anchors
from serving.log.erasures import key_faults, key_remarks
from serving.log.key import SETTING, LogKey
from serving.log.proof import SHOWN, SegmentRead, read_header, read_segment
from serving.log.segment import Segment, segment_files


@dataclass(frozen=True)
class Verdict:
    """The outcome of verifying the log: how many rows there were, the newest digest, and every fault.

    `remarks` say what the faults do not: what was removed on purpose, and what cannot be proved.
    """

    rows: int
    digest: str
    faults: tuple[str, ...]
    remarks: tuple[str, ...] = ()

    def to_json(self) -> str:
        """Return it as JSON."""
        return json.dumps(vars(self), indent=2)


def verify(
    folder: Path,
    *,
    key: LogKey | None = None,
    witnesses: Sequence[Anchor] = (),
    number: int | None = None,
) -> Verdict:
    """Read the log in a folder, or one segment of it, and prove it; a service may write meanwhile.

    - `key`: proves the seals too.
    - `witnesses`: anchors that were kept elsewhere, in any order.

    Raises `DataError` where there is no log, `SettingError` where there is no such segment.
    """
    files = segment_files(folder)
    if not files:
        raise DataError(
            f"There is no prediction log in {folder}.",
            expected="databases and anchors, such as 0001-2025-01.sqlite and 0001-2025-01.anchor.",
            advice="Name the folder of the log with --log, or serve first: audit-yield serve DATA.",
        )
    chosen = [file for file in files if number in (None, file.number)]
    if not chosen:
        raise SettingError(
            f"The log has no segment {number}.",
            expected=f"one of {', '.join(str(file.number) for file in files)}.",
            advice="Leave --segment out to verify them all.",
        )
    parts = [read_segment(file, witnesses, key=key, is_newest=file == files[-1]) for file in chosen]
    removed = {number for part in parts for number in part.removed}  # a kill may have left their files
    parts = [part for part in parts if part.file.number not in removed]
    faults = [fault for part in parts for fault in part.faults]
    pseudonyms = frozenset[str]().union(*(part.pseudonyms for part in parts))
    erased = frozenset[str]().union(*(part.erased for part in parts))
    remarks = [*_remarks(parts, key=key, witnesses=witnesses)]
    if number is None:
        faults += [*_unlike_home(folder, parts[-1]), *_missing(parts, removed), *_keyless(parts, key)]
        faults += [fault for one, other in pairwise(parts) for fault in _unconnected(one, other.segment)]
        faults += key_faults(folder, pseudonyms=pseudonyms, erased=erased)
        remarks += key_remarks(folder, pseudonyms=pseudonyms, erased=erased)
    elif following := [file for file in files if file.number == number + 1]:
        faults += _unconnected(parts[0], read_header(following[0]))
    end = parts[-1].end
    return Verdict(end.rows, end.digest.hex(), tuple(faults[:SHOWN]), tuple(remarks))


def to_text(verdict: Verdict) -> Iterator[str]:
    """Describe the outcome of verifying the log to a person."""
    yield from (f"✗ {fault}" for fault in verdict.faults)
    yield from (f"note: {remark}" for remark in verdict.remarks)
    if verdict.faults:
        yield "The log is NOT as it was written. Keep these files as they are and restore a copy beside them."
    else:
        yield f"{verdict.rows:,} rows, every one as it was written; the last is {verdict.digest[:16]}."


def read_witnesses(path: Path) -> tuple[Anchor, ...]:
    """Read anchors that were kept elsewhere; raises `SettingError` where a file has none."""
    witnesses = tuple(anchors(path))
    if not witnesses:
        raise SettingError(
            f"{path} holds no anchor.",
            expected="lines of a number of rows and a digest, as an .anchor file and X-Log-Head have them.",
            advice="Name an older copy of an .anchor file of the log.",
        )
    return witnesses


def _keyless(parts: Sequence[SegmentRead], key: LogKey | None) -> Iterator[str]:
    """Yield a fault where the key seals no more: it vouches for what was before it, not for what follows."""
    if key is None:
        return
    last = parts[-1].segment
    if last is not None and last.key != key.name:
        yield f"segment {last.number}, the newest, is not sealed with the key"


def _unconnected(part: SegmentRead, following: Segment | None) -> Iterator[str]:
    """Yield what shows that a segment does not follow from the one before."""
    if part.segment is None or following is None:
        return
    if part.segment.number and following.identity != part.segment.identity:
        yield f"segment {following.number} is of another log"
    elif following.number == part.segment.number + 1 and following.after != part.end:
        yield f"segment {following.number} does not follow from row {part.end.rows}"


def _missing(parts: Sequence[SegmentRead], removed: Collection[int]) -> Iterator[str]:
    """Yield the segments that are not there although no row says that they were removed."""
    numbers = [part.file.number for part in parts]
    first = parts[0].segment
    begin = 0 if first is not None and first.number == 1 and first.after.rows else 1
    for number in range(begin, numbers[-1]):
        if number not in numbers and number not in removed:
            yield f"segment {number} is gone, and no row says that it was removed"
    yield from (f"segment {one} stands twice" for one, other in pairwise(numbers) if one == other)


def _unlike_home(folder: Path, part: SegmentRead) -> Iterator[str]:
    """Yield what the home says otherwise of its log; a copy elsewhere has no home."""
    home_log = identity.read_identity(folder)
    if home_log is None or part.segment is None:
        return
    if part.segment.identity != home_log.identity:
        yield "it is the log of another home"
    elif part.segment.number < home_log.segment:
        yield f"segment {home_log.segment} is gone"


def _remarks(
    parts: Sequence[SegmentRead], *, key: LogKey | None, witnesses: Sequence[Anchor]
) -> Iterator[str]:
    segments = [part.segment for part in parts if part.segment is not None]
    if removed := sorted({number for part in parts for number in part.removed}):
        yield f"removed on purpose, as rows say: segments {', '.join(map(str, removed))}."
    if key is None and any(segment.key for segment in segments):
        yield f"the seals were not proved: that takes the key, in {SETTING}."
    elif key is None:
        yield (
            "no key seals the log. Whoever can write all its files can make it anew; only an anchor that was "
            "kept elsewhere shows it (--anchor)."
        )
    elif unsealed := [str(segment.number) for segment in segments if segment.key != key.name]:
        numbers = ", ".join(unsealed)
        yield f"not sealed with this key: segments {numbers}. The header after them vouches for their end."
    earlier = sum(witness.rows < segments[0].after.rows for witness in witnesses) if segments else 0
    if earlier:
        yield f"{earlier} of the anchors speak of rows that are not here."
