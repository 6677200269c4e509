"""Erasures in the log: the rows that record them, and what keys of traders show that they do not."""

import json
import sqlite3
from collections.abc import Collection, Iterator
from pathlib import Path

from serving.log import store, trader_keys
from serving.log.entry import Access, LogEntry
from serving.log.segment import segment_files
from serving.log.store import LogRow
from serving.log.trader_keys import Erasure, keys_path

ERASING = "audit-yield log erase"
"""The actor and endpoint of the rows that record erasures; no caller has such a name."""


def entry_of(erasure: Erasure) -> LogEntry:
    """Return the entry that records an erasure: one row, however often it is tried."""
    access = Access(
        ERASING, _request_id(erasure.pseudonym), ERASING, "service", detail=json.dumps(vars(erasure))
    )
    return LogEntry(access)


def record_of(folder: Path, pseudonym: str) -> Erasure | None:
    """Return the erasure of a trader that the log knew under a pseudonym; None where no row records one."""
    for file in reversed(segment_files(folder)):
        if file.path.is_file():
            with store.reading(file.path) as connection:
                if row := store.of_request(connection, ERASING, _request_id(pseudonym)):
                    return _erasure(row)
    return None


def recorded(connection: sqlite3.Connection) -> Iterator[str]:
    """Yield the pseudonyms whose erasure rows of a segment record, where nobody changed them."""
    for row in store.of_actor(connection, ERASING):
        if row.computed_digest == row.digest:
            yield _erasure(row).pseudonym


def key_faults(folder: Path, *, pseudonyms: Collection[str], erased: Collection[str]) -> Iterator[str]:
    """Yield where the keys beside a log are not those that its rows speak of; nothing where there are none.

    `pseudonyms` are those of its rows, `erased` those that rows say were erased.
    """
    with trader_keys.reading(folder) as keys:
        if keys is None:
            return
        noted = {erasure.pseudonym for erasure in keys.unrecorded()}
        there = {each for each in {*pseudonyms, *erased} if keys.of_pseudonym(each)}
    name = keys_path(folder).name
    if lost := set(pseudonyms) - there - set(erased) - noted:
        yield f"{len(lost)} traders have no key in {name}, and no row says that they were erased"
    yield from (
        f"the key of {each} is in {name} again, though a row says that it was destroyed"
        for each in sorted(there & set(erased))
    )


def key_remarks(folder: Path, *, pseudonyms: Collection[str], erased: Collection[str]) -> Iterator[str]:
    """Yield what else there is to know of the keys beside a log."""
    if erased:
        yield f"erased on purpose, as rows say: what was said of {', '.join(sorted(erased))}."
    with trader_keys.reading(folder) as keys:
        if keys is None and pseudonyms:
            yield f"{keys_path(folder).name} is not beside it: what it says of traders cannot be read here."
        elif keys is not None and keys.unrecorded():
            yield "an erasure is not recorded yet: the next start of the service does that."


def _request_id(pseudonym: str) -> str:
    return f"erase-{pseudonym}"


def _erasure(row: LogRow) -> Erasure:
    return Erasure(**json.loads(json.loads(row.packed.about)["asked"]["detail"]))
