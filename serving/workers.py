"""Worker threads for what would block the event loop, with a bounded queue for every caller."""

import asyncio
import threading
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

from serving.metrics import LONG_WORK
from serving.problems import busy

Result = TypeVar("Result")
AT_ONCE = 200
"""Traders up to which work is done on the event loop, in under 2 ms."""
WAITING = 8
"""Times the threads: pieces of work that may wait for one caller; more are refused at once, not late."""


class _Piece(NamedTuple):
    work: Callable[[], Any]
    future: "Future[Any]"


class Workers:
    """A pool of threads whose callers take turns, so that nobody waits for more than a piece of each other.

    Work whose caller has gone runs on, for a thread cannot be stopped; it counts until it ends.
    """

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="worker")
        self._most = threads * (1 + WAITING)
        self._lock = threading.Lock()
        self._idle = threads
        self._queues: dict[str, deque[_Piece]] = {}
        self.pending: Counter[str] = Counter()
        LONG_WORK.set_function(self._count)

    async def run(self, work: Callable[[], Result], *, caller: str) -> Result:
        """Return what `work` returns; raises a `ProblemError` at once where too much of a caller's waits."""
        future: Future[Result] = Future()
        future.add_done_callback(lambda _: self._uncount(caller))
        with self._lock:
            if self.pending[caller] >= self._most:
                raise busy()
            self.pending[caller] += 1
            self._queues.setdefault(caller, deque()).append(_Piece(work, future))
            self._start_next()
        return await asyncio.wrap_future(future)

    def _start_next(self) -> None:
        """Start the first piece of the caller whose turn it is, where a thread is idle; the lock is held."""
        if self._idle and self._queues:
            caller = next(iter(self._queues))
            queue = self._queues.pop(caller)
            piece = queue.popleft()
            if queue:
                self._queues[caller] = queue  # behind all others
            self._idle -= 1
            self._pool.submit(self._finish, piece)

    def _finish(self, piece: _Piece) -> None:
        if piece.future.set_running_or_notify_cancel():
            try:
                piece.future.set_result(piece.work())
            except Exception as error:  # whatever it is, it is the caller's
                piece.future.set_exception(error)
        with self._lock:
            self._idle += 1
            self._start_next()

    def _count(self) -> int:
        with self._lock:
            return self.pending.total()

    def _uncount(self, caller: str) -> None:
        with self._lock:
            self.pending[caller] -= 1
