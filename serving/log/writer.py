"""The prediction log: every answer is on the disk before it is sent, and nothing is ever taken back."""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from features.clock import Clock
from features.errors import OutputError, SettingError
from serving.log import anchor, reader, store
from serving.log.code_digest import code_digest
from serving.log.codec import Packed, pack, unpack
from serving.log.entry import Asked, Decision, Entry
from serving.log.reader import ANCHOR, FILE, Logged
from serving.log.store import Row
from serving.log.verify import refusal, require_whole
from serving.workers import AT_ONCE

GROUP = 256
"""Answers in one commit; one at a time, 7 ms a commit on a busy disk would be 140 answers a second."""
Ids = tuple[str, ...]


class RequestIdTakenError(SettingError):
    """The actor used this request id before, for something that was answered otherwise."""


class _Waiting(NamedTuple):
    entry: Entry
    packed: Packed
    done: "asyncio.Future[Ids]"


class PredictionLog:
    """The log in a folder: `predictions.sqlite`, and `predictions.anchor` that witnesses its length.

    One thread writes, many answers in one commit; several processes may append to one log. Raises `DataError`
    where rows are missing at its end or its files are damaged, `OutputError` where the disk refuses.
    """

    def __init__(self, folder: Path, *, clock: Clock) -> None:
        self.folder = folder
        self._clock = clock
        code_digest()  # reads all code, once
        self._connection = _opened(folder)
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write, name="prediction log", daemon=True)
        self._writer.start()

    async def append(self, entry: Entry) -> Ids:
        """Keep an answer; when this returns it is on the disk and may be sent.

        Returns a prediction id for each trader, in their order; one, where it speaks of none. The same answer
        to the same request gets the ids that it got. Raises `RequestIdTakenError` where the request id stands
        for another answer, `OutputError` where the disk refuses.
        """
        if len(entry.trader_ids) <= AT_ONCE:
            packed = _packed(entry)
        else:
            packed = await asyncio.to_thread(_packed, entry)
        done: asyncio.Future[Ids] = asyncio.get_running_loop().create_future()
        self._queue.put(_Waiting(entry, packed, done))
        return await done

    def require_free(self, asked: Asked, decision: Decision) -> None:
        """Raise `RequestIdTakenError` where the request id stands for another decision.

        To be asked before one acts; `append` raises it too, but afterwards.
        """
        with store.reading(self.folder / FILE) as connection:
            earlier = store.of_request(connection, asked.actor, asked.request_id)
        if earlier is not None and unpack(earlier.packed).decision != decision:
            raise _taken(asked.request_id, earlier)

    def read(self, prediction_id: str) -> Logged:
        """Return what was logged of a prediction; raises `DataError` where there is none of that id."""
        return reader.read(self.folder, prediction_id)

    def of_trader(self, trader_id: str, *, limit: int = 50) -> tuple[Logged, ...]:
        """Return what was said of a trader, the newest first; without features and reasons."""
        return reader.of_trader(self.folder, trader_id, limit=limit)

    def close(self) -> None:
        """Write what is waiting, then end."""
        self._queue.put(None)
        self._writer.join()
        self._connection.close()

    def _write(self) -> None:
        ended = False
        while not ended:
            batch = list(self._batch())
            ended = None in batch
            self._answer([each for each in batch if each and not each.done.cancelled()])

    def _batch(self) -> Iterator[_Waiting | None]:
        """Yield what waits, at least one; None stands for the end."""
        yield self._queue.get()
        for _ in range(GROUP - 1):
            try:
                yield self._queue.get_nowait()
            except queue.Empty:
                return

    def _answer(self, batch: Sequence[_Waiting]) -> None:
        try:
            answers = self._commit(batch) if batch else []
        except Exception as error:  # whatever it is, nobody may wait for ever or be told that it is kept
            answers = [_unwritten(self.folder, error)] * len(batch)
        for waiting, answer in zip(batch, answers, strict=True):
            with suppress(RuntimeError):  # the loop has ended, and nobody waits any more
                waiting.done.get_loop().call_soon_threadsafe(_settle, waiting.done, answer)

    def _commit(self, batch: Sequence[_Waiting]) -> list[Ids | Exception]:
        with store.transaction(self._connection):
            answers = [self._keep(waiting) for waiting in batch]
            head = store.head(self._connection)
        anchor.add(self.folder / ANCHOR, head)
        return answers

    def _keep(self, waiting: _Waiting) -> Ids | Exception:
        entry, packed = waiting.entry, waiting.packed
        earlier = store.of_request(self._connection, entry.asked.actor, entry.asked.request_id)
        if earlier is not None and earlier.packed != packed:
            return _taken(entry.asked.request_id, earlier)
        row = earlier or self._add(packed, entry.trader_ids)
        return reader.ids(row, len(entry.trader_ids))

    def _add(self, packed: Packed, trader_ids: tuple[str, ...]) -> Row:
        head = store.head(self._connection)
        row = Row.after(head, logged_at=self._clock().isoformat(), packed=packed)
        store.insert(self._connection, row, trader_ids)
        return row


def _packed(entry: Entry) -> Packed:
    return pack(entry, code=code_digest())


def _settle(done: "asyncio.Future[Ids]", answer: Ids | Exception) -> None:
    """Hand an answer to who waits for it, unless they gave up."""
    if done.cancelled():
        return
    if isinstance(answer, Exception):
        done.set_exception(answer)
    else:
        done.set_result(answer)


def _opened(folder: Path) -> sqlite3.Connection:
    path, witnesses = folder / FILE, folder / ANCHOR
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists() and not witnesses.exists():
            anchor.begin(witnesses)
        connection = store.create(path)
        require_whole(connection, witnesses)
    except sqlite3.OperationalError as error:
        raise _unwritten(folder, error) from error
    except sqlite3.DatabaseError as error:
        raise refusal(folder, f"the database is damaged ({error})") from error
    except OSError as error:
        raise _unwritten(folder, error) from error
    return connection


def _unwritten(folder: Path, error: Exception) -> OutputError:
    reason = (error.strerror if isinstance(error, OSError) else None) or error
    return OutputError(
        f"The prediction log in {folder} cannot be written: {reason}.",
        expected="a place with free space where you may write.",
        advice="Free some space. No answer is given that could not be logged first.",
    )


def _taken(request_id: str, earlier: Row) -> RequestIdTakenError:
    return RequestIdTakenError(
        f"The request id '{request_id}' was answered before, at {earlier.logged_at}, and otherwise.",
        expected="an id of its own for every request; the same one only to ask the same again.",
        advice="Ask with a new id. The model, the day or the question may have changed since.",
    )
