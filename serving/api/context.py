"""Request context: the live model, the log and worker threads, as handlers of requests use them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from fastapi import Request
from fastapi.responses import Response

from features.clock import Clock
from features.errors import OutputError
from serving.access.guard import ADMISSION, Admission, Log
from serving.access.headers import headers_of, is_form
from serving.access.tokens import Caller
from serving.api.serialise import JSON, as_json
from serving.api.strict_json import Body, read_body, read_form
from serving.live.evidence import EvidenceCache
from serving.live.history import History
from serving.live.plans import NewestPlan
from serving.live.state import Live
from serving.log.entry import Access, Decision, LogEntry
from serving.log.judgements import LoggedJudgement, Verdict
from serving.log.reader import LoggedPrediction
from serving.metrics import PREDICTIONS, UNLOGGED
from serving.problems import ProblemError, ProblemKind
from serving.settings import Settings
from serving.workers import AT_ONCE, Result, Workers

BYTES_A_ROW = 500
"""Bytes of a body that take as long to validate as a trader takes to answer."""


class LiveSource(Protocol):
    """The source of the live model and snapshot."""

    @property
    def current(self) -> Live:
        """The model and snapshot that answer now."""


class ReadableLog(Log, Protocol):
    """A log that can also be read."""

    def require_free(self, access: Access, decision: Decision) -> None:
        """Raise `RequestIdTakenError` where the request id stands for another decision."""

    def read(self, prediction_id: str) -> LoggedPrediction:
        """Return a logged prediction; raises `DataError` where there is none of that id."""

    def of_trader(self, trader_id: str, *, limit: int = 50) -> tuple[LoggedPrediction, ...]:
        """Return the logged predictions of a trader, the newest first."""

    def judgements_of(self, *trader_ids: str) -> tuple[LoggedJudgement, ...]:
        """Return what people said of the estimates of traders, the newest first."""

    def verdicts(self) -> Mapping[Verdict, int]:
        """Return how often each model and feature was agreed with or called wrong, by whom."""


@dataclass(frozen=True)
class Context:
    """The objects that handlers of requests share: the live model, the log, worker threads and the clock.

    `workers` render pages and long answers; `warehouse_worker` is one thread for what reads the tables, so
    that memory stays that of one.
    """

    source: LiveSource
    log: ReadableLog
    workers: Workers
    warehouse_worker: Workers
    clock: Clock
    settings: Settings = Settings()  # noqa: RUF009  frozen
    history: History = field(default_factory=History)
    evidence: EvidenceCache = field(default_factory=EvidenceCache)
    newest_plan: NewestPlan = field(default_factory=NewestPlan)

    @property
    def live(self) -> Live:
        """The model and snapshot that answer now; a handler reads it once, for it may be swapped."""
        return self.source.current

    @property
    def today(self) -> date:
        """The day of this machine."""
        return self.clock().astimezone().date()

    async def run(self, work: Callable[[], Result], *, rows: int, caller: str) -> Result:
        """Return what `work` on so many rows returns; in a thread where it would hold up other answers."""
        return work() if rows <= AT_ONCE else await self.workers.run(work, caller=caller)

    async def log_answer(self, entry: LogEntry) -> tuple[str, ...]:
        """Log an answer, count it and return its prediction ids; only then may it be sent."""
        try:
            ids = await self.log.append(entry)
        except OutputError:
            UNLOGGED.inc()
            raise
        if entry.prediction is not None and entry.basis is not None:
            PREDICTIONS.labels(entry.basis.model_version).inc(len(entry.prediction))
        return ids


def context_of(request: Request) -> Context:
    """Return the context of the application that a request came to."""
    context: Context = request.app.state.context
    return context


async def read_payload(request: Request, schema: type[Body]) -> Body:
    """Validate the body of a request, JSON or a form; in a thread where it is long. Raises as `read_body`."""
    content = await request.body()
    read = read_form if sent_by_form(request) else read_body
    return await context_of(request).run(
        lambda: read(content, schema),
        rows=len(content) // BYTES_A_ROW,
        caller=caller_of(request).name,
    )


def sent_by_form(request: Request) -> bool:
    """Whether a page sent a request; the guard lets a form in only where an endpoint takes one."""
    return is_form(headers_of(request.scope))


def admission_of(request: Request) -> Admission:
    """Return the admission of a request; nothing is answered that the guard did not let in."""
    admission: Admission = request.scope[ADMISSION]
    return admission


def caller_of(request: Request) -> Caller:
    """Return the caller of a request."""
    return admission_of(request).caller


def access_of(request: Request, purpose: str | None, *, endpoint: str, detail: str | None = None) -> Access:
    """Return who accesses what, as the log stores it."""
    admission = admission_of(request)
    return Access(
        endpoint=endpoint,
        request_id=admission.request_id,
        actor=admission.caller.name,
        role=admission.caller.role,
        purpose=purpose,
        detail=detail,
    )


def rank_of(request: Request, live: Live, trader_id: str) -> int | None:
    """Return the rank of a trader among all, None where the caller is limited to some."""
    return None if caller_of(request).is_limited else live.ranks[live.row_index[trader_id]]


def require_own(request: Request, trader_ids: list[str]) -> None:
    """Raise `ProblemError` where the caller is limited to other traders."""
    caller = caller_of(request)
    if foreign := [trader for trader in trader_ids if not caller.may_see(trader)]:
        raise ProblemError(
            ProblemKind.FORBIDDEN, "The token is limited to other traders.", not_yours=foreign[:100]
        )


def require_all_traders(
    request: Request, *, expected: str, detail: str = "The token is limited to some traders."
) -> None:
    """Raise `ProblemError` where the caller may not see all traders: what it asks for is about others too."""
    if caller_of(request).is_limited:
        raise ProblemError(ProblemKind.FORBIDDEN, detail, expected=expected)


def json_response(content: object) -> Response:
    """Return a response with content as JSON; raises `NotFiniteError`."""
    return Response(as_json(content), media_type=JSON)
