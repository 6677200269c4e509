"""What every answer needs, the live model, the log and threads, and what happens before it is sent."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol, TypeVar

from fastapi import Request
from fastapi.responses import Response

from features.clock import Clock
from features.errors import OutputError
from serving.access.guard import ADMITTED, Admitted, Log
from serving.access.tokens import Caller
from serving.api.serialise import JSON, as_json
from serving.api.strict_json import Body, read_body
from serving.live.history import History
from serving.live.state import Live
from serving.log.entry import Asked, Decision, Entry
from serving.log.reader import Logged
from serving.metrics import PREDICTIONS, UNLOGGED
from serving.problems import Kind, ProblemError
from serving.workers import AT_ONCE, Workers

BYTES_A_ROW = 500
"""Of a body, that take as long to read as a trader takes to answer."""
Result = TypeVar("Result")


class Held(Protocol):
    """What is live now."""

    @property
    def current(self) -> Live:
        """The model and snapshot that answer."""


class Memory(Log, Protocol):
    """A log that can also be read."""

    def require_free(self, asked: Asked, decision: Decision) -> None:
        """Raise `RequestIdTakenError` where the request id stands for another decision."""

    def of_trader(self, trader_id: str, *, limit: int = 50) -> tuple[Logged, ...]:
        """Return what was logged of a trader, the newest first."""


@dataclass(frozen=True)
class Desk:
    """Where requests are answered.

    `quick` makes pages and long answers; `warehouse` is one thread for what reads the tables, so that memory
    stays that of one.
    """

    holder: Held
    log: Memory
    quick: Workers
    warehouse: Workers
    clock: Clock
    history: History = field(default_factory=History)

    @property
    def today(self) -> date:
        """The day of this machine."""
        return self.clock().astimezone().date()

    async def make(self, work: Callable[[], Result], *, rows: int) -> Result:
        """Do work on so many rows, in a thread where it would hold up other answers."""
        return work() if rows <= AT_ONCE else await self.quick.run(work)

    async def keep(self, entry: Entry) -> tuple[str, ...]:
        """Log an answer and count it; only then may it be sent."""
        try:
            ids = await self.log.append(entry)
        except OutputError:
            UNLOGGED.inc()
            raise
        if entry.prediction is not None and entry.basis is not None:
            PREDICTIONS.labels(entry.basis.model_version).inc(len(entry.prediction))
        return ids


def desk(request: Request) -> Desk:
    """Return the desk that answers a request."""
    found: Desk = request.app.state.desk
    return found


async def body(request: Request, kind: type[Body]) -> Body:
    """Return what a request asks; read in a thread where it is long. Raises as `read_body`."""
    content = await request.body()
    return await desk(request).make(lambda: read_body(content, kind), rows=len(content) // BYTES_A_ROW)


def caller(request: Request) -> Caller:
    """Return who calls."""
    return admitted(request).caller


def admitted(request: Request) -> Admitted:
    """Return what the guard let in; nothing is answered that did not come past it."""
    found: Admitted = request.scope[ADMITTED]
    return found


def asked(request: Request, purpose: str | None, *, endpoint: str, detail: str | None = None) -> Asked:
    """Return who asked what, as the log keeps it."""
    let_in = admitted(request)
    return Asked(
        endpoint=endpoint,
        request_id=let_in.request_id,
        actor=let_in.caller.name,
        role=let_in.caller.role,
        purpose=purpose,
        detail=detail,
    )


def require_own(request: Request, trader_ids: list[str]) -> None:
    """Raise `ProblemError` where the caller is limited to other traders."""
    who = caller(request)
    if foreign := [trader for trader in trader_ids if not who.may_see(trader)]:
        raise ProblemError(Kind.FORBIDDEN, "The token is limited to other traders.", not_yours=foreign[:100])


def answer(content: object) -> Response:
    """Return an answer as JSON."""
    return Response(as_json(content), media_type=JSON)
