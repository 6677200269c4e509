"""Keys of traders: a file beside the log without which nobody reads what its rows say of a trader."""

import os
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from features.errors import DataError
from serving.log import store

SECRET = 32
"""Bytes of a key of AES-SIV: two of AES-128, as RFC 5297 has them."""
SCHEMA = """
CREATE TABLE IF NOT EXISTS keys (
    trader_id TEXT PRIMARY KEY, pseudonym TEXT NOT NULL UNIQUE, secret BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS erasures (
    pseudonym TEXT PRIMARY KEY, actor TEXT NOT NULL, erased_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""


@dataclass(frozen=True)
class TraderKey:
    """The key of a trader, and the pseudonym under which the log knows it; both are drawn by lot."""

    trader_id: str
    pseudonym: str
    secret: bytes = field(repr=False)

    @cached_property
    def cipher(self) -> AESSIV:
        """The cipher of the key: the same words in the same row are always the same bytes."""
        return AESSIV(self.secret)


@dataclass(frozen=True)
class Erasure:
    """The destruction of a key: whose it was is not known any more; who destroyed it, and when, in UTC."""

    pseudonym: str
    actor: str
    erased_at: str


class TraderKeys:
    """The keys of a log, one a trader; made at its first answer, gone for good once destroyed."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._file = path.stat()
        self._version = -1
        self._cached: dict[str, TraderKey] = {}

    def of(self, trader_ids: Iterable[str]) -> Mapping[str, TraderKey]:
        """Return the keys of traders, and maybe of others; those that had none have one on the disk now."""
        self._forget_if_changed()
        if missing := [trader for trader in dict.fromkeys(trader_ids) if trader not in self._cached]:
            with store.transaction(self._connection):
                new = ((each, secrets.token_hex(8), secrets.token_bytes(SECRET)) for each in missing)
                self._connection.executemany("INSERT OR IGNORE INTO keys VALUES (?, ?, ?)", new)
                self._cached |= {trader: key for trader in missing if (key := self.of_trader(trader))}
        return self._cached

    def of_trader(self, trader_id: str) -> TraderKey | None:
        """Return the key of a trader; None where it has none."""
        return self._one("trader_id", trader_id)

    def of_pseudonym(self, pseudonym: str) -> TraderKey | None:
        """Return the key of the trader that the log knows under a pseudonym; None where it is gone."""
        return self._one("pseudonym", pseudonym)

    def destroy(self, trader_id: str, *, actor: str, erased_at: str) -> str | None:
        """Destroy the key of a trader, and note that; return its pseudonym, None where there was no key."""
        with store.transaction(self._connection):
            key = self.of_trader(trader_id)
            if key is not None:
                self._connection.execute("DELETE FROM keys WHERE trader_id = ?", (trader_id,))
                noted = (key.pseudonym, actor, erased_at)
                self._connection.execute("INSERT INTO erasures VALUES (?, ?, ?)", noted)
        return key.pseudonym if key else None

    def unrecorded(self) -> tuple[Erasure, ...]:
        """Return the destructions of keys that no row of the log records yet."""
        rows = self._connection.execute("SELECT pseudonym, actor, erased_at FROM erasures")
        return tuple(Erasure(*row) for row in rows)

    def recorded(self, erasures: Iterable[Erasure]) -> None:
        """Forget the note of destructions that the log records now."""
        with store.transaction(self._connection):
            pseudonyms = [(each.pseudonym,) for each in erasures]
            self._connection.executemany("DELETE FROM erasures WHERE pseudonym = ?", pseudonyms)

    def fault(self) -> str | None:
        """Return why a key made now would be lost; None where it would not."""
        try:
            is_there = os.path.samestat(self.path.stat(), self._file)
        except OSError:
            return f"{self.path.name} is gone from its place"
        return None if is_there else f"another file stands in the place of {self.path.name}"

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _forget_if_changed(self) -> None:
        """Empty the cache where another process wrote the file: it may have destroyed a key."""
        [version] = self._connection.execute("PRAGMA data_version").fetchone()
        if version != self._version:
            self._version = version
            self._cached.clear()

    def _one(self, column: str, value: str) -> TraderKey | None:
        query = f"SELECT trader_id, pseudonym, secret FROM keys WHERE {column} = ?"  # noqa: S608
        row = self._connection.execute(query, (value,)).fetchone()
        return TraderKey(*row) if row else None


def keys_path(folder: Path) -> Path:
    """Return the path of the file beside the folder of a log: a copy of the folder has no keys."""
    return folder.with_name(f"{folder.name}.keys")


def open_keys(folder: Path) -> TraderKeys:
    """Open the keys of a log to make some; begun for its owner's eyes alone where there are none.

    Raises `sqlite3.OperationalError` and `OSError` as the disk does, `DataError` for another file.
    """
    path = keys_path(folder)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    connection = store.connect(path, mode="rw")
    try:
        connection.execute("PRAGMA secure_delete = ON")  # a key that is deleted is overwritten
        connection.execute("PRAGMA synchronous = EXTRA")
        connection.executescript(SCHEMA)
    except sqlite3.OperationalError:
        connection.close()
        raise
    except sqlite3.DatabaseError as error:
        connection.close()
        raise unreadable(path) from error
    return TraderKeys(path, connection)


@contextmanager
def reading(folder: Path) -> Iterator[TraderKeys | None]:
    """Open the keys of a log to read alone; None where the folder has none beside it.

    Raises `DataError` for another file.
    """
    path = keys_path(folder)
    if not path.is_file():
        yield None
        return
    with closing(store.connect(path, mode="ro")) as connection:
        try:
            connection.execute("SELECT trader_id, pseudonym, secret FROM keys LIMIT 1")
        except sqlite3.DatabaseError as error:
            raise unreadable(path) from error
        yield TraderKeys(path, connection)


def unreadable(path: Path) -> DataError:
    """Return the error of a file that holds no keys, or other ones than the rows were written with."""
    return DataError(
        f"{path} does not hold the keys of this log.",
        expected="the file as the service wrote it, beside the folder of the log.",
        advice="Restore both from one copy: without its keys nobody reads what the log says of traders.",
    )
