"""BentoML service: the process that serves, with nothing of BentoML's own within reach of the network."""

import asyncio
import logging
import os
import signal
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn

import bentoml
from bentoml import Service
from starlette.types import ASGIApp, Receive, Scope, Send

from features.errors import AuditYieldError, SettingError
from features.lightgbm_import import import_lightgbm
from serving import process_log
from serving.access import timeouts
from serving.settings import Settings

if TYPE_CHECKING:
    from serving.host import Host

WORKER = "BENTOML_RUNNER_MAP"
"""BentoML's supervisor sets it for the processes that it starts."""
REFUSED = 2


class FrontMiddleware:
    """Passes every request to our host; BentoML's own pages, schema and static files are behind it."""

    def __init__(self, app: ASGIApp) -> None:
        self._bentoml_app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Leave the beginning and the end of the process alone to BentoML."""
        if scope["type"] == "lifespan":
            await self._bentoml_app(scope, receive, send)
        else:
            await bentoml.get_current_service().host(scope, receive, send)


class MinimalService(Service[Any]):  # type: ignore[misc]  # BentoML's types do not reach mypy
    """A BentoML service without BentoML's middleware.

    Its time-out keeps the objects of every request for a minute (p99 grew from 57 to 522 ms of collecting),
    its tracing costs as much as a prediction, and our guard has deadlines and limits of its own.
    """

    def to_asgi(self, is_main: bool = True) -> ASGIApp:  # noqa: FBT001, FBT002  BentoML's
        """Return BentoML's application behind our middleware, which hands it no request."""
        timeouts.install(Settings.read())
        return FrontMiddleware(super().to_asgi(is_main))


class Lifecycle:
    """Start and stop of the service, called by BentoML."""

    def __init__(self) -> None:
        self.host = _host()

    @bentoml.on_startup  # type: ignore[untyped-decorator]
    async def start(self) -> None:
        """Begin to load."""
        await self.host.start()
        if WORKER in os.environ:
            self.watch_task = asyncio.create_task(_end_after(os.getppid()))

    @bentoml.on_shutdown  # type: ignore[untyped-decorator]
    async def stop(self) -> None:
        """Write what is pending."""
        await self.host.stop()


def _host() -> "Host":
    # here, for the supervisor imports this module too: with the rest it had 310 MB instead of 74
    import_lightgbm()
    from serving.assembly import assemble
    from serving.launch import LaunchSettings

    logging.getLogger("serving").setLevel(logging.INFO)
    try:
        return assemble(LaunchSettings.read(), Settings.read(), clock=_now, on_failure=_give_up)
    except AuditYieldError as error:
        _give_up(error)


def _now() -> datetime:
    """Read the clock: here and at the command line alone."""
    return datetime.now(UTC)


async def _end_after(supervisor: int) -> None:
    """End when the supervisor was killed: nobody would stop this process any more, and it holds the port."""
    while os.getppid() == supervisor:
        await asyncio.sleep(1.0)
    signal.raise_signal(signal.SIGTERM)


def _give_up(error: Exception) -> NoReturn:
    """End the supervisor too: it would start this process again for ever, and never be ready."""
    logging.getLogger(__name__).critical("The service cannot begin. %s", error)
    if WORKER in os.environ:
        os.kill(os.getppid(), signal.SIGUSR1)  # which it does not handle: it ends, and not with 0
        with suppress(ProcessLookupError):
            # the first process of a container only heeds what it handles
            os.kill(os.getppid(), signal.SIGTERM)
    os._exit(REFUSED)


with suppress(SettingError):  # the worker says in words what cannot be used; the supervisor has lines too
    process_log.install(Settings.read().process_log)
AuditYield = MinimalService(
    name="audit_yield",
    inner=Lifecycle,
    config={
        "workers": 1,  # one process holds the snapshot and writes the log
        "metrics": {"enabled": False},
        "logging": {"access": {"enabled": False}},
    },
)
