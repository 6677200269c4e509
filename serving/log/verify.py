"""Verify the log: every row is as it was sealed, none is missing, segments follow, and anchors agree."""

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path

from features.errors import DataError, SettingError
from serving.log import identity, store
from serving.log.anchor import Anchor, anchors, newest
from serving.log.codec import unpack
from serving.log.erasures import key_faults, key_remarks, recorded
from serving.log.key import SETTING, LogKey
from serving.log.schema import schema_fault
from serving.log.segment import Segment, SegmentFile, segment_files
from serving.log.store import LogRow

SHOWN = 20
INDEX_DIFFERENCES = """
SELECT count(*) FROM (
    SELECT * FROM (
        SELECT item.value, sequence, item.key FROM answers, json_each(about, '$.traders') AS item
        EXCEPT SELECT trader_id, sequence, place FROM traders
    ) UNION ALL SELECT * FROM (
        SELECT trader_id, sequence, place FROM traders
        EXCEPT SELECT item.value, sequence, item.key FROM answers, json_each(about, '$.traders') AS item
    )
)
"""


PRUNING = "audit-yield log prune"
"""The actor and endpoint of the rows that say which segments were removed; no caller has such a name."""


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


@dataclass(frozen=True)
class _Read:
    """What was read of a segment; without a header where its database is damaged."""

    file: SegmentFile
    segment: Segment | None
    end: Anchor
    faults: tuple[str, ...]
    removed: tuple[int, ...] = ()
    pseudonyms: frozenset[str] = frozenset()
    erased: frozenset[str] = frozenset()


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
    parts = [_read(file, witnesses, key=key, is_newest=file == files[-1]) for file in chosen]
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
        faults += _unconnected(parts[0], _header(following[0]))
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


def require_whole(connection: sqlite3.Connection, file: SegmentFile, *, key: LogKey | None) -> None:
    """Raise `DataError` where rows of a segment are missing at its end, or the newest are altered.

    That reads the header, the newest witnesses and the rows after them alone; `verify` proves every row.
    """
    segment, seal = store.header(connection)
    witness = newest(file.anchor_path)
    if witness is None:
        raise refusal(file.path.parent, "its witness is gone or empty")
    fault = _unsealed(segment, seal, key) or _unlike(connection, segment, witness)
    last = store.row_at(connection, witness.rows)
    if fault is None and last is not None:
        fault = next(_broken([last], Anchor(last.sequence - 1, last.previous), segment, key), None)
    if fault is None:
        start = segment.start if witness.rows == segment.start.rows else witness
        fault = next(_broken(store.since(connection, witness.rows), start, segment, key), None)
    if fault is not None:
        raise refusal(file.path.parent, fault)


def gone(file: SegmentFile) -> str:
    """Return the fault of a segment of which the anchors alone are left."""
    last = newest(file.anchor_path)
    return f"there were {last.rows if last else 0} rows, their database {file.path.name} is gone"


def refusal(folder: Path, fault: str) -> DataError:
    """Return the error of a log that must not be appended to."""
    return DataError(
        f"The prediction log in {folder} is not as it was written: {fault}.",
        expected="every row that was ever written, and the files that witness them.",
        advice="Run `audit-yield log verify`. Keep what is there and restore the folder and the file "
        f"{identity.identity_path(folder).name} beside it from a copy, or move both away to begin a new log.",
    )


def _read(file: SegmentFile, witnesses: Sequence[Anchor], *, key: LogKey | None, is_newest: bool) -> _Read:
    # the witnesses first: a row written while this reads is then in neither, or in the rows alone
    own = list(anchors(file.anchor_path))
    if not file.path.is_file():
        return _Read(file, None, Anchor(0, b""), (gone(file),))
    try:
        with store.reading(file.path) as connection:
            segment, _ = store.header(connection)
            end = store.head(connection, segment)
            others = [
                each
                for each in witnesses
                if segment.after.rows <= each.rows and (is_newest or each.rows <= end.rows)
            ]
            faults = [] if is_newest else list(_unclosed(connection, segment))
            if not own and not _is_half_begun(file, segment, end):
                faults.append("the file that witnesses the rows is gone or empty")
            faults += islice(_faults(connection, own, others, key=key), SHOWN)
            return _Read(
                file,
                segment,
                end,
                tuple(faults),
                tuple(_removed(connection, segment)),
                frozenset(store.pseudonyms(connection)),
                frozenset(recorded(connection)),
            )
    except sqlite3.Error as error:
        return _Read(file, None, Anchor(0, b""), (f"the database is damaged: {error}",))


def _faults(
    connection: sqlite3.Connection, own: Sequence[Anchor], others: Sequence[Anchor], *, key: LogKey | None
) -> Iterator[str]:
    segment, seal = store.header(connection)
    if fault := schema_fault(connection, number=segment.number):
        yield fault
    if fault := _unsealed(segment, seal, key):
        yield fault
    sound = True
    for fault in _broken(store.since(connection, segment.start.rows), segment.start, segment, key):
        sound = False
        yield fault
    witnesses = [*own, *others]
    if closed := store.closing_of(connection):
        witnesses.append(closed[0])
        own_key = segment.own(key)
        if own_key and not own_key.is_seal(closed[1], closed[0].digest):
            yield f"the closing of segment {segment.number} is not sealed with the key"
    yield from filter(None, (_unlike(connection, segment, witness) for witness in witnesses))
    # text that no row holds any more cannot be compared
    if sound and connection.execute(INDEX_DIFFERENCES).fetchone() != (0,):
        yield "the index of traders is not that of the rows"


def _is_half_begun(file: SegmentFile, segment: Segment, end: Anchor) -> bool:
    """Whether a kill cut its beginning off: it has no rows, the home does not know it, a start ends it."""
    home_log = identity.read_identity(file.path.parent)
    return end == segment.start and (home_log.segment if home_log else 0) < segment.number


def _unclosed(connection: sqlite3.Connection, segment: Segment) -> Iterator[str]:
    """Yield a fault where a segment that others follow has no closing; that of 0.1.0 has none."""
    if segment.number and store.closing_of(connection) is None:
        yield f"the closing of segment {segment.number} is gone"


def _broken(rows: Iterable[LogRow], head: Anchor, segment: Segment, key: LogKey | None) -> Iterator[str]:
    """Yield the faults in the links and seals of rows that follow a head."""
    own_key = segment.own(key)
    for row in rows:
        if row.sequence != head.rows + 1:
            yield f"row {head.rows + 1} is missing" + f" up to {row.sequence - 1}" * (
                row.sequence > head.rows + 2
            )
        elif row.previous != head.digest:
            yield f"row {row.sequence} does not follow from row {head.rows}"
        if row.computed_digest != row.digest:
            yield f"row {row.sequence} was changed"
        elif own_key and not own_key.is_seal(row.seal, row.digest):
            yield f"row {row.sequence} is not sealed with the key"
        head = row.anchor


def _unlike(connection: sqlite3.Connection, segment: Segment, anchor: Anchor) -> str | None:
    """Return the fault that a witness shows in the rows, None where it agrees with them."""
    if anchor.rows == segment.after.rows and anchor.digest in (segment.digest, segment.after.digest):
        return None
    digest = store.digest_of(connection, anchor.rows)
    if digest is None:
        last = store.head(connection, segment).rows
        if anchor.rows == last:
            return f"the header of segment {segment.number} is not the one that was witnessed"
        return f"there were {anchor.rows} rows, row {last} is the last" if last < anchor.rows else None
    return None if digest == anchor.digest else f"row {anchor.rows} is not the one that was witnessed"


def _unsealed(segment: Segment, seal: bytes, key: LogKey | None) -> str | None:
    own = segment.own(key)
    if own is None or own.is_seal(seal, segment.digest):
        return None
    return f"the header of segment {segment.number} is not sealed with the key"


def _keyless(parts: Sequence[_Read], key: LogKey | None) -> Iterator[str]:
    """Yield a fault where the key seals no more: it vouches for what was before it, not for what follows."""
    if key is None:
        return
    last = parts[-1].segment
    if last is not None and last.key != key.name:
        yield f"segment {last.number}, the newest, is not sealed with the key"


def _unconnected(part: _Read, following: Segment | None) -> Iterator[str]:
    """Yield what shows that a segment does not follow from the one before."""
    if part.segment is None or following is None:
        return
    if part.segment.number and following.identity != part.segment.identity:
        yield f"segment {following.number} is of another log"
    elif following.number == part.segment.number + 1 and following.after != part.end:
        yield f"segment {following.number} does not follow from row {part.end.rows}"


def _header(file: SegmentFile) -> Segment | None:
    try:
        with store.reading(file.path) as connection:
            return store.header(connection)[0]
    except sqlite3.Error:
        return None


def _missing(parts: Sequence[_Read], removed: Collection[int]) -> Iterator[str]:
    """Yield the segments that are not there although no row says that they were removed."""
    numbers = [part.file.number for part in parts]
    first = parts[0].segment
    begin = 0 if first is not None and first.number == 1 and first.after.rows else 1
    for number in range(begin, numbers[-1]):
        if number not in numbers and number not in removed:
            yield f"segment {number} is gone, and no row says that it was removed"
    yield from (f"segment {one} stands twice" for one, other in pairwise(numbers) if one == other)


def _removed(connection: sqlite3.Connection, segment: Segment) -> Iterator[int]:
    """Yield the numbers of the segments before one that its rows say were removed."""
    for row in store.of_actor(connection, PRUNING):
        access = unpack(row.packed).access
        if access.endpoint == PRUNING and row.computed_digest == row.digest:
            numbers = (each["segment"] for each in json.loads(access.detail or "[]"))
            yield from (number for number in numbers if number < segment.number)


def _unlike_home(folder: Path, part: _Read) -> Iterator[str]:
    """Yield what the home says otherwise of its log; a copy elsewhere has no home."""
    home_log = identity.read_identity(folder)
    if home_log is None or part.segment is None:
        return
    if part.segment.identity != home_log.identity:
        yield "it is the log of another home"
    elif part.segment.number < home_log.segment:
        yield f"segment {home_log.segment} is gone"


def _remarks(parts: Sequence[_Read], *, key: LogKey | None, witnesses: Sequence[Anchor]) -> Iterator[str]:
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
