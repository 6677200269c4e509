"""Log writer: every answer is on the disk before it is sent, and nothing is ever taken back."""

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
from serving.log.entry import Access, Decision, LogEntry
from serving.log.reader import ANCHOR, FILE, LoggedPrediction
from serving.log.store import LogRow
from serving.log.verify import refusal, require_whole
from serving.workers import AT_ONCE

GROUP = 256
"""Answers in one commit; one at a time, 7 ms a commit on a busy disk would be 140 answers a second."""
Ids = tuple[str, ...]


class RequestIdTakenError(SettingError):
    """The actor used this request id before, for something that was answered otherwise."""


class _Pending(NamedTuple):
    entry: LogEntry
    packed: Packed
    future: "asyncio.Future[Ids]"


class PredictionLog:
    """Prediction log in a folder: `predictions.sqlite`, and `predictions.anchor`, which witnesses its length.

    One thread writes, many answers in one commit; several processes may append to one log. Raises `DataError`
    where rows are missing at its end or its files are damaged, `OutputError` where the disk refuses.
    """

    def __init__(self, folder: Path, *, clock: Clock) -> None:
        self.folder = folder
        self._clock = clock
        code_digest()  # reads all code, once
        self._connection = _open(folder)
        self._queue: queue.SimpleQueue[_Pending | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write, name="prediction log", daemon=True)
        self._writer.start()

    async def append(self, entry: LogEntry) -> Ids:
        """Append an answer; when this returns it is on the disk and may be sent.

        Returns a prediction id for each trader, in their order; one, where it is about none. The same answer
        to the same request gets the ids that it got. Raises `RequestIdTakenError` where the request id stands
        for another answer, `OutputError` where the disk refuses.
        """
        if len(entry.trader_ids) <= AT_ONCE:
            packed = _packed(entry)
        else:
            packed = await asyncio.to_thread(_packed, entry)
        future: asyncio.Future[Ids] = asyncio.get_running_loop().create_future()
        self._queue.put(_Pending(entry, packed, future))
        return await future

    def require_free(self, access: Access, decision: Decision) -> None:
        """Raise `RequestIdTakenError` where the request id stands for another decision.

        Call it before acting on the request; `append` raises it too, but afterwards.
        """
        with store.reading(self.folder / FILE) as connection:
            earlier = store.of_request(connection, access.actor, access.request_id)
        if earlier is not None and unpack(earlier.packed).decision != decision:
            raise _request_id_taken(access.request_id, earlier)

    def read(self, prediction_id: str) -> LoggedPrediction:
        """Return a logged prediction; raises `DataError` where there is none of that id."""
        return reader.read(self.folder, prediction_id)

    def of_trader(self, trader_id: str, *, limit: int = 50) -> tuple[LoggedPrediction, ...]:
        """Return the predictions of a trader, the newest first; without features and reasons."""
        return reader.of_trader(self.folder, trader_id, limit=limit)

    def close(self) -> None:
        """Write the pending answers, then end."""
        self._queue.put(None)
        self._writer.join()
        self._connection.close()

    def _write(self) -> None:
        ended = False
        while not ended:
            batch = list(self._batch())
            ended = None in batch
            self._answer([each for each in batch if each and not each.future.cancelled()])

    def _batch(self) -> Iterator[_Pending | None]:
        """Yield the pending answers, at least one; None stands for the end."""
        yield self._queue.get()
        for _ in range(GROUP - 1):
            try:
                yield self._queue.get_nowait()
            except queue.Empty:
                return

    def _answer(self, batch: Sequence[_Pending]) -> None:
        try:
            answers = self._commit(batch) if batch else []
        except Exception as error:  # whatever it is, nobody may wait for ever or take it for logged
            answers = [_write_error(self.folder, error)] * len(batch)
        for pending, answer in zip(batch, answers, strict=True):
            with suppress(RuntimeError):  # the loop has ended, and nobody waits any more
                pending.future.get_loop().call_soon_threadsafe(_resolve, pending.future, answer)

    def _commit(self, batch: Sequence[_Pending]) -> list[Ids | Exception]:
        with store.transaction(self._connection):
            answers = [self._log(pending) for pending in batch]
            head = store.head(self._connection)
        anchor.add(self.folder / ANCHOR, head)
        return answers

    def _log(self, pending: _Pending) -> Ids | Exception:
        entry, packed = pending.entry, pending.packed
        earlier = store.of_request(self._connection, entry.access.actor, entry.access.request_id)
        if earlier is not None and earlier.packed != packed:
            return _request_id_taken(entry.access.request_id, earlier)
        row = earlier or self._add(packed, entry.trader_ids)
        return reader.ids(row, len(entry.trader_ids))

    def _add(self, packed: Packed, trader_ids: tuple[str, ...]) -> LogRow:
        head = store.head(self._connection)
        row = LogRow.after(head, logged_at=self._clock().isoformat(), packed=packed)
        store.insert(self._connection, row, trader_ids)
        return row


def _packed(entry: LogEntry) -> Packed:
    return pack(entry, code=code_digest())


def _resolve(future: "asyncio.Future[Ids]", answer: Ids | Exception) -> None:
    """Resolve a future, unless whoever waits for it gave up."""
    if future.cancelled():
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)


def _open(folder: Path) -> sqlite3.Connection:
    path, anchor_path = folder / FILE, folder / ANCHOR
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists() and not anchor_path.exists():
            anchor.begin(anchor_path)
        connection = store.create(path)
        require_whole(connection, anchor_path)
    except sqlite3.OperationalError as error:
        raise _write_error(folder, error) from error
    except sqlite3.DatabaseError as error:
        raise refusal(folder, f"the database is damaged ({error})") from error
    except OSError as error:
        raise _write_error(folder, error) from error
    return connection


def _write_error(folder: Path, error: Exception) -> OutputError:
    reason = (error.strerror if isinstance(error, OSError) else None) or error
    return OutputError(
        f"The prediction log in {folder} cannot be written: {reason}.",
        expected="a place with free space where you may write.",
        advice="Free some space. No answer is given that could not be logged first.",
    )


def _request_id_taken(request_id: str, earlier: LogRow) -> RequestIdTakenError:
    return RequestIdTakenError(
        f"The request id '{request_id}' was answered before, at {earlier.logged_at}, and otherwise.",
        expected="an id of its own for every request; the same one only to ask the same again.",
        advice="Ask with a new id. The model, the day or the question may have changed since.",
    )
