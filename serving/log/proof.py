"""Prove one segment of the log: its header, every row, its closing, and what witnesses say of it."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from features.errors import DataError
from serving.log import identity, store
from serving.log.anchor import Anchor, anchors, newest
from serving.log.codec import unpack
from serving.log.erasures import recorded
from serving.log.key import LogKey
from serving.log.schema import schema_fault
from serving.log.segment import Segment, SegmentFile
from serving.log.store import LogRow

SHOWN = 20
"""Faults that are told; those after them are not counted."""
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
class SegmentRead:
    """What was read of a segment; without a header where its database is damaged."""

    file: SegmentFile
    segment: Segment | None
    end: Anchor
    faults: tuple[str, ...]
    removed: tuple[int, ...] = ()
    pseudonyms: frozenset[str] = frozenset()
    erased: frozenset[str] = frozenset()


def read_segment(
    file: SegmentFile, witnesses: Sequence[Anchor], *, key: LogKey | None, is_newest: bool
) -> SegmentRead:
    """Read a segment and prove it by itself; the newest needs no closing."""
    # the witnesses first: a row written while this reads is then in neither, or in the rows alone
    own = list(anchors(file.anchor_path))
    if not file.path.is_file():
        return SegmentRead(file, None, Anchor(0, b""), (gone(file),))
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
            return SegmentRead(
                file,
                segment,
                end,
                tuple(faults),
                tuple(_removed(connection, segment)),
                frozenset(store.pseudonyms(connection)),
                frozenset(recorded(connection)),
            )
    except sqlite3.Error as error:
        return SegmentRead(file, None, Anchor(0, b""), (f"the database is damaged: {error}",))


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


def _removed(connection: sqlite3.Connection, segment: Segment) -> Iterator[int]:
    """Yield the numbers of the segments before one that its rows say were removed."""
    for row in store.of_actor(connection, PRUNING):
        access = unpack(row.packed).access
        if access.endpoint == PRUNING and row.computed_digest == row.digest:
            numbers = (each["segment"] for each in json.loads(access.detail or "[]"))
            yield from (number for number in numbers if number < segment.number)


def read_header(file: SegmentFile) -> Segment | None:
    """Return the header of a segment, None where its database is damaged."""
    try:
        with store.reading(file.path) as connection:
            return store.header(connection)[0]
    except sqlite3.Error:
        return None


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
