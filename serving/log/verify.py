"""Proves the log: every row is as it was sealed, none is missing, and the witnesses agree."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from features.errors import DataError
from serving.log import store
from serving.log.anchor import START, Anchor, anchors
from serving.log.reader import ANCHOR, FILE
from serving.log.store import Row

SHOWN = 20
ELSEWHERE = """
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
    """What a proof of the log found: how many rows there are, the digest of the last, and every fault."""

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
    path, witnesses = folder / FILE, folder / ANCHOR
    if not path.is_file() and not witnesses.is_file():
        raise DataError(
            f"There is no prediction log in {folder}.",
            expected=f"{FILE} and {ANCHOR}, as the service writes them.",
            advice="Name the folder of the log with --log, or serve first: audit-yield serve DATA.",
        )
    # the witnesses first: a row written while this reads is then in neither, or in the rows alone
    told = list(anchors(witnesses))
    try:
        with store.reading(path) as connection:
            head = store.head(connection)
            faults = tuple(islice(_faults(connection, told), SHOWN))
    except sqlite3.Error as error:
        return Verdict(0, "", (f"the database is damaged: {error}",))
    return Verdict(head.rows, head.digest.hex(), faults)


def lines(verdict: Verdict) -> Iterator[str]:
    """Say to a person what a proof of the log found."""
    yield from (f"✗ {fault}" for fault in verdict.faults)
    if verdict.faults:
        yield "The log is NOT as it was written. Keep these files as they are and restore a copy beside them."
    else:
        yield f"{verdict.rows:,} rows, every one as it was written; the last is {verdict.digest[:16]}."


def require_whole(connection: sqlite3.Connection, witnesses: Path) -> None:
    """Raise `DataError` where rows are missing at the end, or the newest, not yet witnessed, are altered.

    That reads the witnesses and the newest rows alone; `verify` proves every row.
    """
    told = max(anchors(witnesses), key=lambda anchor: anchor.rows, default=None)
    fault = "its witness is gone or empty" if told is None else _unlike(connection, told)
    if told is not None and fault is None:
        fault = next(_broken(store.since(connection, told.rows), told), None)
    if fault is not None:
        raise refusal(witnesses.parent, fault)


def refusal(folder: Path, fault: str) -> DataError:
    """Return the error that says why a log is not written on."""
    return DataError(
        f"The prediction log in {folder} is not as it was written: {fault}.",
        expected="every row that was ever written, and the file that witnesses them.",
        advice="Run `audit-yield log verify`. Keep what is there and restore both files from a copy, or move "
        "them away to begin a new log.",
    )


def _faults(connection: sqlite3.Connection, told: Iterable[Anchor]) -> Iterator[str]:
    sound = True
    for fault in _broken(store.since(connection, 0), Anchor(0, START)):
        sound = False
        yield fault
    told = list(told)
    if not told:
        yield "the file that witnesses the rows is gone or empty"
    yield from filter(None, (_unlike(connection, anchor) for anchor in told))
    # text that no row holds any more cannot be compared
    if sound and connection.execute(ELSEWHERE).fetchone() != (0,):
        yield "the index of traders is not that of the rows"


def _broken(rows: Iterable[Row], head: Anchor) -> Iterator[str]:
    """Yield what is wrong with the links of rows that follow a head."""
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
    """Say what a witness holds against the rows."""
    if not anchor.rows:
        return None
    found = store.digest_of(connection, anchor.rows)
    if found is None:
        newest = store.head(connection).rows
        return f"there were {anchor.rows} rows, row {newest} is the last" if newest < anchor.rows else None
    return None if found == anchor.digest else f"row {anchor.rows} is not the one that was witnessed"
