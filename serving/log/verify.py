"""Verify the log: every row is as it was sealed, none is missing, and the anchors agree."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from features.errors import DataError
from serving.log import store
from serving.log.anchor import START, Anchor, anchors
from serving.log.reader import ANCHOR, FILE
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


@dataclass(frozen=True)
class Verdict:
    """The outcome of verifying the log: how many rows there are, the digest of the last, and every fault."""

    rows: int
    digest: str
    faults: tuple[str, ...]

    def to_json(self) -> str:
        """Return it as JSON."""
        return json.dumps({"rows": self.rows, "digest": self.digest, "faults": self.faults}, indent=2)


def verify(folder: Path) -> Verdict:
    """Read the log in a folder from the first row to the last and prove it; a service may write meanwhile.

    Raises `DataError` where there is no log.
    """
    path, anchor_path = folder / FILE, folder / ANCHOR
    if not path.is_file() and not anchor_path.is_file():
        raise DataError(
            f"There is no prediction log in {folder}.",
            expected=f"{FILE} and {ANCHOR}, as the service writes them.",
            advice="Name the folder of the log with --log, or serve first: audit-yield serve DATA.",
        )
    # the witnesses first: a row written while this reads is then in neither, or in the rows alone
    witnesses = list(anchors(anchor_path))
    try:
        with store.reading(path) as connection:
            head = store.head(connection)
            faults = tuple(islice(_faults(connection, witnesses), SHOWN))
    except sqlite3.Error as error:
        return Verdict(0, "", (f"the database is damaged: {error}",))
    return Verdict(head.rows, head.digest.hex(), faults)


def to_text(verdict: Verdict) -> Iterator[str]:
    """Describe the outcome of verifying the log to a person."""
    yield from (f"✗ {fault}" for fault in verdict.faults)
    if verdict.faults:
        yield "The log is NOT as it was written. Keep these files as they are and restore a copy beside them."
    else:
        yield f"{verdict.rows:,} rows, every one as it was written; the last is {verdict.digest[:16]}."


def require_whole(connection: sqlite3.Connection, anchor_path: Path) -> None:
    """Raise `DataError` where rows are missing at the end, or the newest, not yet witnessed, are altered.

    That reads the witnesses and the newest rows alone; `verify` proves every row.
    """
    witness = max(anchors(anchor_path), key=lambda anchor: anchor.rows, default=None)
    fault = "its witness is gone or empty" if witness is None else _unlike(connection, witness)
    if witness is not None and fault is None:
        fault = next(_broken(store.since(connection, witness.rows), witness), None)
    if fault is not None:
        raise refusal(anchor_path.parent, fault)


def refusal(folder: Path, fault: str) -> DataError:
    """Return the error of a log that must not be appended to."""
    return DataError(
        f"The prediction log in {folder} is not as it was written: {fault}.",
        expected="every row that was ever written, and the file that witnesses them.",
        advice="Run `audit-yield log verify`. Keep what is there and restore both files from a copy, or move "
        "them away to begin a new log.",
    )


def _faults(connection: sqlite3.Connection, witnesses: Sequence[Anchor]) -> Iterator[str]:
    sound = True
    for fault in _broken(store.since(connection, 0), Anchor(0, START)):
        sound = False
        yield fault
    if not witnesses:
        yield "the file that witnesses the rows is gone or empty"
    yield from filter(None, (_unlike(connection, anchor) for anchor in witnesses))
    # text that no row holds any more cannot be compared
    if sound and connection.execute(INDEX_DIFFERENCES).fetchone() != (0,):
        yield "the index of traders is not that of the rows"


def _broken(rows: Iterable[LogRow], head: Anchor) -> Iterator[str]:
    """Yield the faults in the links of rows that follow a head."""
    for row in rows:
        if row.sequence != head.rows + 1:
            yield f"row {head.rows + 1} is missing" + f" up to {row.sequence - 1}" * (
                row.sequence > head.rows + 2
            )
        elif row.previous != head.digest:
            yield f"row {row.sequence} does not follow from row {head.rows}"
        if row.seal != row.digest:
            yield f"row {row.sequence} was changed"
        head = row.anchor


def _unlike(connection: sqlite3.Connection, anchor: Anchor) -> str | None:
    """Return the fault that a witness shows in the rows, None where it agrees with them."""
    if not anchor.rows:
        return None
    digest = store.digest_of(connection, anchor.rows)
    if digest is None:
        newest = store.head(connection).rows
        return f"there were {anchor.rows} rows, row {newest} is the last" if newest < anchor.rows else None
    return None if digest == anchor.digest else f"row {anchor.rows} is not the one that was witnessed"
