"""Databases of the log: rows that are only ever appended, each sealed with the digest of the one before."""

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from serving.log.anchor import Anchor
from serving.log.codec import Packed
from serving.log.key import LogKey
from serving.log.schema import AS_SEGMENT, SCHEMA
from serving.log.segment import FILE, Segment

PATIENCE = 10.0
"""Seconds to wait for another process that writes; a commit takes some 10 ms."""
INSERT = (
    "INSERT INTO answers "
    "(sequence, logged_at, about, features, outputs, contributions, previous, digest, seal) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
SELECT = (
    "SELECT sequence, logged_at, CAST(about AS BLOB), features, outputs, contributions, previous, digest, "
    "seal FROM answers "  # the bytes that are sealed; text would be decoded and encoded again
)

OF_TRADER = """
WITH mine AS (
    SELECT trader_id, sequence, place FROM traders
    WHERE trader_id IN (SELECT value FROM json_each(?)) ORDER BY sequence DESC, place DESC LIMIT ?
), sized AS (
    SELECT *, length(outputs) / json_array_length(about, '$.traders') AS size
    FROM mine JOIN answers USING (sequence)
)
SELECT
    sequence, logged_at, CAST(json_set(about, '$.traders', json_array(trader_id)) AS BLOB), x'',
    coalesce(substr(outputs, 1 + place * size, size), x''), x'', previous, digest, seal, place
FROM sized ORDER BY sequence DESC, place DESC
"""

OF_REQUESTS = (
    "WHERE (actor, request_id) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?)) ORDER BY sequence"
)
OF_ENDPOINT = "WHERE sequence > ? AND about ->> '$.asked.endpoint' = ? ORDER BY sequence DESC"
OF_ENDPOINT_AND_TRADERS = (
    "WHERE sequence IN (SELECT sequence FROM traders WHERE trader_id IN (SELECT value FROM json_each(?))) "
    "AND about ->> '$.asked.endpoint' = ? ORDER BY sequence DESC"
)
Request = tuple[str, str]
"""An actor and its request id: one answer, logged once."""


class IncompleteInsertError(sqlite3.IntegrityError):
    """An insert changed more or less than its own rows: something in the database interferes."""


@dataclass(frozen=True)
class LogRow:
    """A row as stored: its number, when it was logged, the answer, its links in the chain, and its seal.

    `seal` is that of the key, empty without one.
    """

    sequence: int
    logged_at: str
    packed: Packed
    previous: bytes
    digest: bytes
    seal: bytes = b""

    @property
    def computed_digest(self) -> bytes:
        """The value that `digest` must have: the SHA-256 over everything in the row but digest and seal."""
        moment = self.logged_at.encode()
        numbers = self.sequence.to_bytes(8, "big") + len(moment).to_bytes(8, "big")
        return hashlib.sha256(self.previous + numbers + moment + self.packed.digest).digest()

    @property
    def anchor(self) -> Anchor:
        """The witness of this row as the last."""
        return Anchor(self.sequence, self.digest)

    @classmethod
    def after(cls, head: Anchor, *, logged_at: str, packed: Packed, key: LogKey | None = None) -> "LogRow":
        """Return the row that follows the head of the chain."""
        row = cls(head.rows + 1, logged_at, packed, head.digest, b"")
        digest = row.computed_digest
        return replace(row, digest=digest, seal=key.seal(digest) if key else b"")


def create(path: Path, segment: Segment, *, seal: bytes) -> None:
    """Make the database of a segment, for its owner's eyes alone."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    header = (segment.number, segment.identity, segment.month, *astuple(segment.after), segment.key, seal)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(f"BEGIN;{SCHEMA}")
        connection.execute("INSERT INTO segment VALUES (?, ?, ?, ?, ?, ?, ?)", header)
        connection.execute("COMMIT")


def connect(path: Path, *, mode: Literal["ro", "rw"]) -> sqlite3.Connection:
    """Open a database that is there, for any thread; the caller says where transactions begin."""
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=PATIENCE,
        isolation_level=None,
        check_same_thread=False,
    )


def open_to_write(path: Path) -> sqlite3.Connection:
    """Open the database of a segment to append to it."""
    connection = connect(path, mode="rw")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open a database to read alone, one state of it whatever is written meanwhile."""
    connection = connect(path, mode="ro")
    if path.name == FILE:
        connection.executescript(AS_SEGMENT)
    connection.execute("BEGIN")
    return connection


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a database as `open_to_read` does, until the block ends."""
    with closing(open_to_read(path)) as connection:
        yield connection


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


def schema_version(connection: sqlite3.Connection) -> int:
    """Return a number that rises with every change of the schema."""
    [version] = connection.execute("PRAGMA main.schema_version").fetchone()
    return int(version)


def header(connection: sqlite3.Connection) -> tuple[Segment, bytes]:
    """Return the header of a segment, and its seal."""
    query = "SELECT identity, number, month, rows, previous, key, seal FROM segment"
    if (row := connection.execute(query).fetchone()) is None:
        raise sqlite3.DatabaseError("its header is gone")
    identity, number, month, rows, previous, key, seal = row
    return Segment(identity, number, month, Anchor(rows, previous), key), seal


def closing_of(connection: sqlite3.Connection) -> tuple[Anchor, bytes] | None:
    """Return the witness of a closed segment's last row, and its seal; None while it is open."""
    row = connection.execute("SELECT rows, digest, seal FROM closing").fetchone()
    return (Anchor(row[0], row[1]), row[2]) if row else None


def close_segment(connection: sqlite3.Connection, segment: Segment, *, key: LogKey | None) -> Anchor:
    """Close a segment, unless it is closed: nothing can be added to it any more. Return its end."""
    with transaction(connection):
        end = head(connection, segment)
        if closing_of(connection) is None:
            seal = key.seal(end.digest) if key else b""
            connection.execute("INSERT INTO closing VALUES (?, ?, ?)", (end.rows, end.digest, seal))
    return end


def insert(connection: sqlite3.Connection, rows: Sequence[tuple[LogRow, Sequence[str]]]) -> None:
    """Insert rows, each with the pseudonyms of its traders, whose positions in it are inserted too.

    Raises `IncompleteInsertError` where anything else was changed, or less.
    """
    before = connection.total_changes
    connection.executemany(INSERT, (_values(row) for row, _ in rows))
    # in the order of their index: 10,000 take 47 ms in a month of 40 such lists, in that of the list 76
    positions = sorted(
        (trader, row.sequence, position)
        for row, pseudonyms in rows
        for position, trader in enumerate(pseudonyms)
    )
    connection.executemany("INSERT INTO traders VALUES (?, ?, ?)", positions)
    if (changed := connection.total_changes - before) != len(rows) + len(positions):
        raise IncompleteInsertError(f"{changed} rows changed in place of {len(rows) + len(positions)}")


def _values(row: LogRow) -> tuple[object, ...]:
    packed = row.packed
    parts = (packed.about.decode(), packed.features, packed.outputs, packed.contributions)
    return row.sequence, row.logged_at, *parts, row.previous, row.digest, row.seal


def head(connection: sqlite3.Connection, segment: Segment) -> Anchor:
    """Return the head of the chain: number and digest of the newest row, or the start of the segment."""
    newest = connection.execute(
        "SELECT sequence, digest FROM answers ORDER BY sequence DESC LIMIT 1"
    ).fetchone()
    return Anchor(*newest) if newest else segment.start


def newest_moment(connection: sqlite3.Connection) -> str:
    """Return the latest moment at which a row was logged; empty where there are none."""
    [moment] = connection.execute("SELECT coalesce(max(logged_at), '') FROM answers").fetchone()
    return str(moment)


def has_concealed(connection: sqlite3.Connection) -> bool:
    """Whether a row of a segment is under the keys of its traders."""
    query = "SELECT 1 FROM answers WHERE about ->> '$.concealed' IS NOT NULL LIMIT 1"
    return connection.execute(query).fetchone() is not None


def pseudonyms(connection: sqlite3.Connection) -> set[str]:
    """Return the pseudonyms of the traders that rows of a segment are about."""
    query = (
        "SELECT DISTINCT trader_id FROM traders JOIN answers USING (sequence) "
        "WHERE about ->> '$.concealed' IS NOT NULL"
    )
    return {pseudonym for (pseudonym,) in connection.execute(query)}


def mentioning(connection: sqlite3.Connection, text: str) -> Iterator[str]:
    """Yield what rows say in plain words, where a text is in it; reads the whole segment."""
    query = "SELECT about FROM answers WHERE instr(about, ?)"
    return (about for (about,) in connection.execute(query, (text,)))


def of_actor(connection: sqlite3.Connection, actor: str) -> Iterator[LogRow]:
    """Yield the rows of an actor."""
    return _rows(connection, "WHERE actor = ?", actor)


def of_endpoint(connection: sqlite3.Connection, endpoint: str, *, after: int) -> Iterator[LogRow]:
    """Yield the rows of an endpoint after a sequence number, the newest first; reads all from there."""
    return _rows(connection, OF_ENDPOINT, after, endpoint)


def of_endpoint_and_traders(
    connection: sqlite3.Connection, endpoint: str, names: Sequence[str]
) -> Iterator[LogRow]:
    """Yield the rows of an endpoint about traders, by identifiers and pseudonyms, the newest first."""
    return _rows(connection, OF_ENDPOINT_AND_TRADERS, json.dumps(names), endpoint)


def digest_of(connection: sqlite3.Connection, sequence: int) -> bytes | None:
    """Return the digest of a row, without reading the rest of it."""
    row = connection.execute("SELECT digest FROM answers WHERE sequence = ?", (sequence,)).fetchone()
    return row[0] if row else None


def row_at(connection: sqlite3.Connection, sequence: int) -> LogRow | None:
    """Return the row of a sequence number."""
    return next(_rows(connection, "WHERE sequence = ?", sequence), None)


def of_request(connection: sqlite3.Connection, actor: str, request_id: str) -> LogRow | None:
    """Return the row of an actor's request id."""
    return of_requests(connection, [(actor, request_id)]).get((actor, request_id))


def of_requests(connection: sqlite3.Connection, requests: Sequence[Request]) -> dict[Request, LogRow]:
    """Return the rows of actors' request ids, those that there are."""
    return {_request(row): row for row in _rows(connection, OF_REQUESTS, json.dumps(requests))}


def of_trader(
    connection: sqlite3.Connection, names: Sequence[str], limit: int
) -> Iterator[tuple[LogRow, int]]:
    """Yield the newest rows about a trader, each as if about it alone, with its position in the answer.

    `names` are its identifier and its pseudonym, whichever a row has.

    Without features and contributions, which lie last in a row so as not to be read on the way: of an answer
    about 10,000 traders they are 13 of its 14 million bytes.
    """
    for *row, position in connection.execute(OF_TRADER, (json.dumps(names), limit)):
        yield _row(row), position


def since(connection: sqlite3.Connection, sequence: int) -> Iterator[LogRow]:
    """Yield the rows after a sequence number, in order."""
    return _rows(connection, "WHERE sequence > ? ORDER BY sequence", sequence)


def _request(row: LogRow) -> Request:
    access = json.loads(row.packed.about)["asked"]
    return access["actor"], access["request_id"]


def _rows(connection: sqlite3.Connection, condition: str, *values: str | int) -> Iterator[LogRow]:
    return map(_row, connection.execute(SELECT + condition, values))


def _row(values: Sequence[Any]) -> LogRow:
    sequence, moment, about, features, outputs, contributions, previous, digest, seal = values
    return LogRow(sequence, moment, Packed(about, features, outputs, contributions), previous, digest, seal)
