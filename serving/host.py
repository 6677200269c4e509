"""Host of the service: loads, reports readiness, passes requests on, drains, ends."""

import asyncio
import gc
import logging
import signal
import threading
import time
from collections.abc import Callable, Coroutine
from types import FrameType
from typing import Any

from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from features.clock import Clock
from serving.access.provider_keys import ProviderKeys
from serving.live.gauges import CONTENT_TYPE, exposition
from serving.live.state import Live
from serving.live.swap import ModelSwapper
from serving.log.writer import PredictionLog
from serving.metrics import LOG_FAULT, REQUESTS
from serving.problems import MEDIA_TYPE, ProblemError, ProblemKind

REFRESH_SECONDS = 1.0
"""Seconds between two reads of the pointer, which is one small file, and two looks at the log."""
logger = logging.getLogger(__name__)


class Host:
    """ASGI application that answers the probes itself and passes everything else to `application`.

    - `swapper`: holds the live model; it is loaded off the event loop.
    - `open_log`, `application`: make the log and the application, when there is something to serve.
    - `on_failure`: called with the error, where the service cannot begin.
    - `clock`: returns the time.
    - `drain`: seconds that it still answers after it turned not ready.
    - `provider_keys`: the keys of the identity provider, to be read now and then.
    """

    def __init__(
        self,
        swapper: ModelSwapper,
        *,
        open_log: Callable[[], PredictionLog],
        application: Callable[[PredictionLog], ASGIApp],
        on_failure: Callable[[Exception], None],
        drain: float,
        clock: Clock,
        provider_keys: ProviderKeys | None = None,
    ) -> None:
        self._swapper, self._open_log, self._make_application = swapper, open_log, application
        self._on_failure, self._drain, self.clock = on_failure, drain, clock
        self._provider_keys = provider_keys
        self._application: ASGIApp = _not_yet
        self._log: PredictionLog | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False

    @property
    def ready(self) -> bool:
        """Whether callers should be sent here: what cannot be logged is not answered."""
        return self._log is not None and not self.log_fails and not self._stopping

    @property
    def log_fails(self) -> bool:
        """Whether the log is open and cannot be written."""
        return self._log is not None and self._log.fault is not None

    @property
    def live(self) -> Live | None:
        """The live model and snapshot; None before they were loaded."""
        return self._swapper.current if self._application is not _not_yet else None

    async def start(self) -> None:
        """Begin to load."""
        self._drain_on_sigterm()
        self._start_task(self._begin())
        if self._provider_keys:
            self._start_task(self._provider_keys.watch(every=REFRESH_SECONDS))

    async def stop(self) -> None:
        """End the tasks, and write what is pending for the log."""
        self._stopping = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._log:
            await asyncio.to_thread(self._log.close)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if probe := PROBES.get(scope["path"]):
            await probe(self)(scope, receive, send)
        else:
            await _measure(self._application, closing=self._stopping)(scope, receive, send)

    async def _begin(self) -> None:
        try:
            await asyncio.to_thread(self._swapper.load)
            log = await asyncio.to_thread(self._open_log)
            self._application = self._make_application(log)
            self._log = log
        except Exception as error:
            self._on_failure(error)
            return
        # everything made so far lives as long as the process: a full collection need not walk it again
        gc.collect()
        gc.freeze()
        self._start_task(self._swapper.watch(every=REFRESH_SECONDS))
        self._start_task(self._retry_log(log, every=REFRESH_SECONDS))

    async def _retry_log(self, log: PredictionLog, *, every: float) -> None:
        """Try the log again where it failed: who is not ready is asked nothing that would."""
        while True:
            await asyncio.sleep(every)
            await log.retry()

    def _start_task(self, coroutine: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(coroutine))

    def _drain_on_sigterm(self) -> None:
        """Let a SIGTERM make the service not ready first, and end it `drain` seconds later."""
        if threading.current_thread() is not threading.main_thread():
            return
        end, loop = signal.getsignal(signal.SIGTERM), asyncio.get_running_loop()

        def drain(number: int, _: FrameType | None) -> None:
            signal.signal(signal.SIGTERM, end)
            self._stopping = True
            logger.info("Draining for %g seconds.", self._drain)
            loop.call_soon_threadsafe(loop.call_later, self._drain, signal.raise_signal, number)

        signal.signal(signal.SIGTERM, drain)


def _alive(_: Host) -> Response:
    return PlainTextResponse("alive\n")


def _readiness(host: Host) -> Response:
    if not host.ready or host.live is None:
        return PlainTextResponse("not ready\n", status_code=503)
    warnings = host.live.warnings(host.live.dataset.cutoff)
    return PlainTextResponse("".join(f"{line}\n" for line in ("ready", *warnings)))


def _metrics(host: Host) -> Response:
    LOG_FAULT.set(host.log_fails)
    return Response(exposition(host.live, now=host.clock()), media_type=CONTENT_TYPE)


PROBES: dict[str, Callable[[Host], Response]] = {
    "/livez": _alive,
    "/healthz": _alive,
    "/readyz": _readiness,
    "/metrics": _metrics,
}
"""Open to all: they reveal no trader and no caller."""


async def _not_yet(scope: Scope, receive: Receive, send: Send) -> None:
    problem = ProblemError(
        ProblemKind.UNAVAILABLE, "The model is being loaded.", advice="Ask again when /readyz says ready."
    )
    headers = {"retry-after": "2"}
    response = Response(problem.body(), problem.kind.status, headers=headers, media_type=MEDIA_TYPE)
    await response(scope, receive, send)


def _measure(application: ASGIApp, *, closing: bool) -> ASGIApp:
    """Count and time the responses of an application; `closing` asks callers to open a new connection."""

    async def measured(scope: Scope, receive: Receive, send: Send) -> None:
        start, status = time.perf_counter(), 0

        async def send_counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if closing:
                    message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
            await send(message)

        try:
            await application(scope, receive, send_counted)
        finally:
            REQUESTS.labels(_route(scope), str(status)).observe(time.perf_counter() - start)

    return measured


def _route(scope: Scope) -> str:
    """Return the path as it was declared, so that callers cannot create new counters."""
    return getattr(scope.get("route"), "path", "none")
