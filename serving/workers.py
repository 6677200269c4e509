"""Worker threads for what would block the event loop, with a bounded queue."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from serving.problems import busy

Result = TypeVar("Result")
AT_ONCE = 200
"""Traders up to which work is done on the event loop, in under 2 ms."""
WAITING = 8
"""Times the threads: pieces of work that may wait; more are refused at once rather than late."""


class Workers:
    """A pool of threads with a bounded queue.

    Work whose caller has gone runs on, for a thread cannot be stopped; it counts until it ends.
    """

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="worker")
        self._most = threads * (1 + WAITING)
        self._lock = threading.Lock()
        self.pending = 0

    async def run(self, work: Callable[[], Result]) -> Result:
        """Return what `work` returns; raises a `ProblemError` at once where too much waits."""
        with self._lock:
            if self.pending >= self._most:
                raise busy()
            self.pending += 1
        future = self._pool.submit(work)
        future.add_done_callback(self._done)
        return await asyncio.wrap_future(future)

    def _done(self, _: "Future[Result]") -> None:
        with self._lock:
            self.pending -= 1
