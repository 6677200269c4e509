"""Log writer: every answer is on the disk before it is sent, and nothing is ever taken back."""

import asyncio
import queue
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from features.clock import Clock
from features.errors import AuditYieldError, OutputError, SettingError
from serving.log import anchor, reader, store, trader_keys
from serving.log.anchor import Anchor
from serving.log.code_digest import code_digest
from serving.log.codec import Packed, pack, unpack
from serving.log.conceal import conceal, reveal
from serving.log.current import CurrentSegment, open_current
from serving.log.entry import Access, Decision, LogEntry
from serving.log.erasures import entry_of
from serving.log.judgements import LoggedJudgement, Verdict, VerdictCounter, judgements_of
from serving.log.key import LogKey
from serving.log.proof import refusal
from serving.log.reader import LoggedPrediction
from serving.log.store import LogRow, Request
from serving.log.trader_keys import TraderKey, TraderKeys, keys_path, open_keys
from serving.metrics import LOG_COMMIT, LOG_LAG, LOG_QUEUE
from serving.workers import AT_ONCE

GROUP = 256
"""Answers in one commit; one at a time, 7 ms a commit on a busy disk would be 140 answers a second."""
OWN = "audit-yield log", "service"
"""Actor and role of the rows that the log writes about itself; no token has such a role."""
Ids = tuple[str, ...]
Packing = tuple[LogEntry, Packed]


class RequestIdTakenError(SettingError):
    """The actor used this request id before, for something that was answered otherwise."""


class _Pending(NamedTuple):
    entry: LogEntry
    packed: Packed
    future: "asyncio.Future[Ids]"
    since: float


class PredictionLog:
    """Prediction log in a folder: a database a month, each with the anchors that witness its rows.

    One thread writes, many answers in one commit; several processes may append to one log. With a `key` every
    row is sealed; `is_new_key` lets it follow rows that it does not seal. Raises `DataError` where the log is
    not as it was written, is that of another home or sealed with another key, `OutputError` where the disk
    refuses.
    """

    def __init__(
        self, folder: Path, *, clock: Clock, key: LogKey | None = None, is_new_key: bool = False
    ) -> None:
        self.folder = folder
        self._clock, self._key = clock, key
        code_digest()  # reads all code, once
        self._failure: str | None = None
        self._verdicts = VerdictCounter(folder)
        with self._errors(), ExitStack() as opened:
            self._current = self._open(clock(), is_new_key=is_new_key)
            opened.callback(self._current.close)
            self._head = store.head(self._current.connection, self._current.segment)
            self._keys = self._open_keys()
            opened.callback(self._keys.close)
            self._record_erasures()
            opened.pop_all()
        self._queue: queue.SimpleQueue[_Pending | None] = queue.SimpleQueue()
        self._in_hand: Sequence[_Pending] = ()
        LOG_QUEUE.set_function(lambda: self._queue.qsize() + len(self._in_hand))
        LOG_LAG.set_function(self._lag)
        self._writer = threading.Thread(target=self._write, name="prediction log", daemon=True)
        self._writer.start()

    @property
    def head(self) -> Anchor:
        """The head of the chain after the newest commit: a witness to give away."""
        return self._head

    @property
    def fault(self) -> str | None:
        """Return why an answer could not be logged now, or the last one could not; None while all is well."""
        return self._current.files.fault() or self._keys.fault() or self._failure

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
        self._queue.put(_Pending(entry, packed, future, time.monotonic()))
        return await future

    async def retry(self) -> None:
        """Log that the log has failed, where it has: with that row it works again, though nobody asks."""
        if fault := self.fault:
            access = Access("audit-yield log", f"failed-{uuid4().hex}", *OWN, detail=f"failed: {fault}"[:500])
            with suppress(OutputError):
                await self.append(LogEntry(access))

    def require_free(self, access: Access, decision: Decision) -> None:
        """Raise `RequestIdTakenError` where the request id stands for another decision.

        Call it before acting on the request; `append` raises it too, but afterwards.
        """
        earlier = reader.of_request(self.folder, access.actor, access.request_id)
        if earlier is None:
            return
        with trader_keys.reading(self.folder) as keys:
            revealed = reveal(earlier.packed, keys)
        if revealed is None or unpack(revealed).decision != decision:
            raise _request_id_taken(access.request_id, earlier=earlier)

    def read(self, prediction_id: str) -> LoggedPrediction:
        """Return a logged prediction; raises `DataError` where there is none of that id."""
        return reader.read(self.folder, prediction_id)

    def of_trader(self, trader_id: str, *, limit: int = 50) -> tuple[LoggedPrediction, ...]:
        """Return the recent predictions of a trader, the newest first; without features and reasons."""
        return reader.of_trader(self.folder, trader_id, limit=limit)

    def judgements_of(self, *trader_ids: str) -> tuple[LoggedJudgement, ...]:
        """Return what people said of the estimates of traders, the newest first."""
        return judgements_of(self.folder, *trader_ids)

    def verdicts(self) -> Mapping[Verdict, int]:
        """Return how often each model and feature was agreed with or called wrong, by whom."""
        return self._verdicts.read(rows=self.head.rows)

    def close(self) -> None:
        """Write the pending answers, then end."""
        self._queue.put(None)
        self._writer.join()
        self._keys.close()
        self._current.close()

    def _write(self) -> None:
        ended = False
        while not ended:
            batch = list(self._batch())
            ended = None in batch
            self._in_hand = [each for each in batch if each and not each.future.cancelled()]
            if self._in_hand:
                self._answer(self._in_hand)
            self._in_hand = ()

    def _batch(self) -> Iterator[_Pending | None]:
        """Yield the pending answers, at least one; None stands for the end."""
        yield self._queue.get()
        for _ in range(GROUP - 1):
            try:
                yield self._queue.get_nowait()
            except queue.Empty:
                return

    def _lag(self) -> float:
        """Return the seconds for which the first of the answers in hand has waited; others came later."""
        in_hand = self._in_hand
        return time.monotonic() - in_hand[0].since if in_hand else 0.0

    def _answer(self, batch: Sequence[_Pending]) -> None:
        try:
            with LOG_COMMIT.time():
                answers = self._commit([(each.entry, each.packed) for each in batch])
            self._failure = None
        except Exception as error:  # whatever it is, nobody may wait for ever or take it for logged
            failure = _write_error(self.folder, error)
            self._failure = failure.found
            answers = [failure] * len(batch)
        for pending, answer in zip(batch, answers, strict=True):
            with suppress(RuntimeError):  # the loop has ended, and nobody waits any more
                pending.future.get_loop().call_soon_threadsafe(_resolve, pending.future, answer)

    def _commit(self, batch: Sequence[Packing]) -> list[Ids | Exception]:
        moment = self._clock()
        if self._current.is_over(f"{moment:%Y-%m}"):
            ended, self._current = self._current, self._open(moment)
            ended.close()
        current = self._current
        with store.transaction(current.connection):
            self._require_unharmed(current.fault() or self._keys.fault() or self._rewound())
            # within the transaction: no row follows that of an erasure and is under the key it destroyed
            keys = self._keys.of(trader for entry, _ in batch for trader in entry.trader_ids)
            answers, head = self._add(batch, keys, moment)
        anchor.add(current.file.anchor_path, head)
        self._require_unharmed(current.files.fault())  # the rows went where nobody would find them
        self._head = head
        return answers

    def _rewound(self) -> str | None:
        """Return what became of the newest row that was acknowledged; None where it is as it was."""
        head, current = self._head, self._current
        if head.rows <= current.segment.after.rows:  # it is in a segment that was closed since
            return None
        digest = store.digest_of(current.connection, head.rows)
        return None if digest == head.digest else f"row {head.rows} is not the one that was acknowledged"

    def _require_unharmed(self, fault: str | None) -> None:
        if fault:
            raise refusal(self.folder, fault)

    def _add(
        self, batch: Sequence[Packing], keys: Mapping[str, TraderKey], moment: datetime
    ) -> tuple[list[Ids | Exception], Anchor]:
        """Insert the rows of answers; return their ids, or why there are none, and the head after them."""
        connection = self._current.connection
        answers: list[Ids | Exception] = []
        added: list[tuple[LogRow, list[str]]] = []
        rows = self._earlier([(entry.access.actor, entry.access.request_id) for entry, _ in batch])
        head = store.head(connection, self._current.segment)
        for entry, packed in batch:
            own = [keys[trader] for trader in entry.trader_ids]
            concealed, request = conceal(packed, own), (entry.access.actor, entry.access.request_id)
            row = rows.get(request)
            if row is None:
                row = LogRow.after(head, logged_at=moment.isoformat(), packed=concealed, key=self._key)
                head, rows[request] = row.anchor, row
                added.append((row, [key.pseudonym for key in own]))
            is_same = row.packed in (packed, concealed)
            answers.append(
                reader.ids(row, len(own)) if is_same else _request_id_taken(request[1], earlier=row)
            )
        store.insert(connection, added)
        return answers, head

    def _earlier(self, requests: Sequence[Request]) -> dict[Request, LogRow]:
        """Return the rows of requests that were answered before."""
        current = self._current
        connections = [each for each in (current.previous, current.connection) if each is not None]
        return {
            request: row for each in connections for request, row in store.of_requests(each, requests).items()
        }

    def _open_keys(self) -> TraderKeys:
        """Open the keys of traders; without those of its rows a log would erase them in silence."""
        path = keys_path(self.folder)
        if not (path.is_file() and path.stat().st_size) and reader.has_concealed(self.folder):
            raise trader_keys.unreadable(path)
        return open_keys(self.folder)

    def _record_erasures(self) -> None:
        """Record the keys that were destroyed and are in no row yet: a kill may have come between."""
        if erasures := self._keys.unrecorded():
            self._commit([(entry, _packed(entry)) for entry in map(entry_of, erasures)])
            self._keys.recorded(erasures)

    def _open(self, moment: datetime, *, is_new_key: bool = False) -> CurrentSegment:
        with self._errors():
            return open_current(self.folder, month=f"{moment:%Y-%m}", key=self._key, is_new_key=is_new_key)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Say in words what the disk or SQLite refuses."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise _write_error(self.folder, error) from error
        except sqlite3.DatabaseError as error:
            raise refusal(self.folder, f"a database is damaged ({error})") from error
        except OSError as error:
            raise _write_error(self.folder, error) from error


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


def _write_error(folder: Path, error: Exception) -> OutputError:
    if isinstance(error, AuditYieldError):
        return OutputError(error.found, expected=error.expected, advice=error.advice)
    reason = (error.strerror if isinstance(error, OSError) else None) or error
    return OutputError(
        f"The prediction log in {folder} cannot be written: {reason}.",
        expected="a place with free space where you may write.",
        advice="Free some space. No answer is given that could not be logged first.",
    )


def _request_id_taken(request_id: str, *, earlier: LogRow) -> RequestIdTakenError:
    return RequestIdTakenError(
        f"The request id '{request_id}' was answered before, at {earlier.logged_at}, and otherwise.",
        expected="an id of its own for every request; the same one only to ask the same again.",
        advice="Ask with a new id. The model, the day or the question may have changed since.",
    )
