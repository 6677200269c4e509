"""Database of the log: rows that are only ever appended, each sealed with the digest of the one before."""

import hashlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from serving.log.anchor import START, Anchor
from serving.log.codec import Packed

PATIENCE = 10.0
"""Seconds to wait for another process that writes; a commit takes some 10 ms."""
SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (
    sequence INTEGER PRIMARY KEY,
    logged_at TEXT NOT NULL,
    previous BLOB NOT NULL,
    digest BLOB NOT NULL,
    about TEXT NOT NULL,
    outputs BLOB NOT NULL,
    features BLOB NOT NULL,
    contributions BLOB NOT NULL,
    actor TEXT GENERATED ALWAYS AS (about ->> '$.asked.actor'),
    request_id TEXT GENERATED ALWAYS AS (about ->> '$.asked.request_id')
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS one_answer_a_request ON answers (actor, request_id);
CREATE TABLE IF NOT EXISTS traders (
    trader_id TEXT NOT NULL, sequence INTEGER NOT NULL, place INTEGER NOT NULL,
    PRIMARY KEY (trader_id, sequence, place)
) STRICT, WITHOUT ROWID;
""" + "".join(
    f"CREATE TRIGGER IF NOT EXISTS no_{verb}_of_{table} BEFORE {verb} ON {table} "
    "BEGIN SELECT RAISE(ABORT, 'The prediction log is only ever added to.'); END;\n"
    for verb in ("UPDATE", "DELETE")
    for table in ("answers", "traders")
)
INSERT = (
    "INSERT INTO answers (sequence, logged_at, about, features, outputs, contributions, previous, digest) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
SELECT = (
    "SELECT sequence, logged_at, CAST(about AS BLOB), features, outputs, contributions, previous, digest "
    "FROM answers "  # the bytes that are sealed; text would be decoded and encoded again
)

OF_TRADER = """
WITH mine AS (
    SELECT trader_id, sequence, place FROM traders
    WHERE trader_id = ? ORDER BY sequence DESC, place DESC LIMIT ?
), sized AS (
    SELECT *, length(outputs) / json_array_length(about, '$.traders') AS size
    FROM mine JOIN answers USING (sequence)
)
SELECT
    sequence, logged_at, CAST(json_set(about, '$.traders', json_array(trader_id)) AS BLOB), x'',
    substr(outputs, 1 + place * size, size), x'', previous, digest, place
FROM sized ORDER BY sequence DESC, place DESC
"""


@dataclass(frozen=True)
class LogRow:
    """A row as stored: its sequence number, when it was logged, the answer, and its links in the chain."""

    sequence: int
    logged_at: str
    packed: Packed
    previous: bytes
    digest: bytes

    @property
    def seal(self) -> bytes:
        """The value that `digest` must have: the SHA-256 over everything else in the row."""
        moment = self.logged_at.encode()
        numbers = self.sequence.to_bytes(8, "big") + len(moment).to_bytes(8, "big")
        return hashlib.sha256(self.previous + numbers + moment + self.packed.digest).digest()

    @property
    def anchor(self) -> Anchor:
        """The witness of this row as the last."""
        return Anchor(self.sequence, self.digest)

    @classmethod
    def after(cls, head: Anchor, *, logged_at: str, packed: Packed) -> "LogRow":
        """Return the row that follows the head of the chain."""
        unsealed = cls(head.rows + 1, logged_at, packed, head.digest, b"")
        return replace(unsealed, digest=unsealed.seal)


def create(path: Path) -> sqlite3.Connection:
    """Open the database to write, made where it is not there, for its owner's eyes alone."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.executescript(f"BEGIN IMMEDIATE;{SCHEMA}COMMIT;")
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit the block as one: all of it is on the disk when it ends, or nothing of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the database to read alone, one state of it whatever is written meanwhile."""
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=PATIENCE)
    try:
        connection.isolation_level = None
        connection.execute("BEGIN")
        yield connection
    finally:
        connection.close()


def insert(connection: sqlite3.Connection, row: LogRow, trader_ids: tuple[str, ...]) -> None:
    """Insert a row, and the position of each trader in it."""
    packed = row.packed
    parts = (packed.about.decode(), packed.features, packed.outputs, packed.contributions)
    connection.execute(INSERT, (row.sequence, row.logged_at, *parts, row.previous, row.digest))
    positions = ((trader, row.sequence, position) for position, trader in enumerate(trader_ids))
    connection.executemany("INSERT INTO traders VALUES (?, ?, ?)", positions)


def head(connection: sqlite3.Connection) -> Anchor:
    """Return the number and digest of the newest row."""
    newest = connection.execute("SELECT sequence, digest FROM answers ORDER BY sequence DESC LIMIT 1")
    return Anchor(*(newest.fetchone() or (0, START)))


def digest_of(connection: sqlite3.Connection, sequence: int) -> bytes | None:
    """Return the digest of a row, without reading the rest of it."""
    row = connection.execute("SELECT digest FROM answers WHERE sequence = ?", (sequence,)).fetchone()
    return row[0] if row else None


def row_at(connection: sqlite3.Connection, sequence: int) -> LogRow | None:
    """Return the row of a sequence number."""
    return next(_rows(connection, "WHERE sequence = ?", sequence), None)


def of_request(connection: sqlite3.Connection, actor: str, request_id: str) -> LogRow | None:
    """Return the row of an actor's request id."""
    return next(_rows(connection, "WHERE actor = ? AND request_id = ?", actor, request_id), None)


def of_trader(connection: sqlite3.Connection, trader_id: str, limit: int) -> Iterator[tuple[LogRow, int]]:
    """Yield the newest rows about a trader, each as if about it alone, with its position in the answer.

    Without features and contributions, which lie last in a row so as not to be read on the way: of an answer
    about 10,000 traders they are 13 of its 14 million bytes.
    """
    for *row, position in connection.execute(OF_TRADER, (trader_id, limit)):
        yield _row(row), position


def since(connection: sqlite3.Connection, sequence: int) -> Iterator[LogRow]:
    """Yield the rows after a sequence number, in order."""
    return _rows(connection, "WHERE sequence > ? ORDER BY sequence", sequence)


def _rows(connection: sqlite3.Connection, condition: str, *values: str | int) -> Iterator[LogRow]:
    return map(_row, connection.execute(SELECT + condition, values))


def _row(values: Sequence[Any]) -> LogRow:
    sequence, moment, about, features, outputs, contributions, previous, digest = values
    return LogRow(sequence, moment, Packed(about, features, outputs, contributions), previous, digest)
