"""HTTP application: its routes behind the guard, and one OpenAPI document of them."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from inspect import cleandoc, signature
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from pydantic import BaseModel
from starlette.types import Receive, Scope, Send

from features.clock import Clock
from serving.access.guard import Guard
from serving.access.tokens import Tokens
from serving.api import (
    beside,
    explain,
    gap,
    judgements,
    models,
    outcomes,
    pages,
    plans,
    predict,
    ranking,
    request_schemas,
)
from serving.api import response_schemas as schemas
from serving.api.context import Context, LiveSource, ReadableLog
from serving.api.error_handlers import HANDLERS
from serving.api.language import PageQuery
from serving.api.openapi import (
    ANY_REQUEST_PROBLEMS,
    BODY_PROBLEMS,
    body_documentation,
    openapi_document,
    problem_responses,
)
from serving.page import HEADERS, http_api_page
from serving.problems import ProblemKind
from serving.settings import Settings
from serving.workers import Workers

VERSION: Final = "1"
BODIES = (
    request_schemas.Predict,
    request_schemas.Explain,
    request_schemas.ScoreDeclarations,
    request_schemas.Outcome,
    request_schemas.PlanWhatIf,
    request_schemas.PlanDecision,
    request_schemas.CaseJudgement,
)
Responses = dict[int | str, dict[str, Any]]
EXAMPLE_LINE = {
    "declaration_id": "24XA0000000001",
    "item_number": 1,
    "version": 0,
    "accepted_on": "2024-09-20",
    "office_code": "XA01",
    "procedure_code": "4000",
    "hs_code": "61091000",
    "origin_country": "CN",
    "customs_value": 12500.0,
    "net_mass_kg": 480.0,
    "duty_rate": 0.12,
    "duty_assessed": 1500.0,
    "vat_assessed": 2800.0,
}
EXAMPLE_EVENT = {
    "audit_id": "A0000123",
    "event_number": 1,
    "finding_type": "valuation",
    "tax_type": "duty",
    "event": "assessed",
    "amount": 18250.5,
    "event_on": "2024-11-04",
    "purpose": "close the audit",
}
TAGS = {
    "predictions": "What an audit of a trader would bring, and why.",
    "ranking": "All traders by the money expected of them, filtered, a page at a time or as a file.",
    "outcomes": "What audits found, recorded in the findings ledger.",
    "judgements": "What people say of an estimate, kept in the log.",
    "models": "The model that answers.",
    "plans": "Plans of a period: who is treated how, and what another capacity would be worth.",
    "gap": "What audits of all traders would book, measured by lot.",
    "pages": "The pages for people, some of them as a file too.",
}
"""The groups of operations in the OpenAPI document, each with what stands in it."""
TAGS_OF_PATHS = dict.fromkeys(("predict", "explain", "score_declarations"), "predictions")


def file_content(*media_types: str) -> dict[str, Any]:
    """Return the documentation of content that is no JSON, by its media types: text, or bytes."""
    text, binary = {"type": "string"}, {"type": "string", "format": "binary"}
    names = [each.partition(";")[0] for each in media_types]
    return {name: {"schema": text if name.startswith("text/") else binary} for name in names}


FILES: Responses = {200: {"content": file_content("text/html", *pages.MEDIA_TYPES.values())}}
"""A page, or with `format` a file."""


LANGUAGE = {
    "name": "language",
    "in": "query",
    "required": False,
    "schema": PageQuery.model_json_schema()["properties"]["language"],
}
"""The parameter of pages whose handlers take the request alone."""


@dataclass(frozen=True)
class Route:
    """A route: its handler, the schema of its response (None for a page or file), and its problems.

    `body` documents its JSON; `responses` are further statuses, or media types, besides the first; `file` is
    the media type of a file that it hands out, and nothing else.
    """

    method: str
    path: str
    handler: Callable[..., Awaitable[Response]]
    schema: type[BaseModel] | None
    problems: tuple[ProblemKind, ...]
    body: dict[str, Any] | None = None
    responses: Responses = field(default_factory=dict)
    file: str | None = None

    @property
    def is_page(self) -> bool:
        """Whether it is a page for people."""
        return self.schema is None and self.file is None

    @property
    def is_direct(self) -> bool:
        """Whether its handler takes the request alone: FastAPI has nothing to work out before the call."""
        return list(signature(self.handler).parameters) == ["request"]

    @property
    def operation_id(self) -> str:
        """Its name in the OpenAPI document, by which generated clients call it: that of its handler."""
        name = self.handler.__name__
        return f"{name.removesuffix('_page')}_page" if self.is_page else name

    @property
    def tag(self) -> str:
        """The group that it stands in."""
        first = self.path.split("/")[1].partition(".")[0]
        return "pages" if self.is_page else TAGS_OF_PATHS.get(first, first)

    def add_to(self, app: FastAPI) -> None:
        """Add the route to an app."""
        kinds = (*ANY_REQUEST_PROBLEMS, *(BODY_PROBLEMS if self.body else ()), *self.problems)
        first: dict[str, Any] = {"description": "The file." if self.file else "The page."}
        if self.schema:
            first = {"model": self.schema, "description": cleandoc(self.schema.__doc__ or "")}
        if self.file:
            first["content"] = file_content(self.file)
        responses = problem_responses(*kinds) | {200: first} | self.responses
        responses[200] = first | responses[200]
        app.router.add_api_route(
            self.path,
            self.handler,
            methods=[self.method],
            operation_id=self.operation_id,
            tags=[self.tag],
            responses=responses,
            response_model=None,
            response_class=HTMLResponse if self.is_page else JSONResponse if self.schema else Response,
            openapi_extra=self.body
            or ({"parameters": [LANGUAGE]} if self.is_direct and self.is_page else {}),
        )


ROUTES = (
    Route(
        "POST",
        "/predict",
        predict.predict,
        schemas.PredictAnswer,
        (ProblemKind.UNKNOWN_TRADERS,),
        body_documentation(
            request_schemas.Predict,
            two_traders={"trader_ids": ["T0000012", "T0000034"], "purpose": "audit plan"},
        ),
    ),
    Route(
        "POST",
        "/explain",
        explain.explain,
        schemas.ExplainAnswer,
        (ProblemKind.UNKNOWN_TRADERS,),
        body_documentation(request_schemas.Explain, three_reasons={"trader_id": "T0000012", "top": 3}),
    ),
    Route(
        "POST",
        "/score_declarations",
        explain.score_declarations,
        schemas.WhatIfAnswer,
        (ProblemKind.UNKNOWN_TRADERS, ProblemKind.REFUSED),
        body_documentation(
            request_schemas.ScoreDeclarations,
            one_line={"trader_id": "T0000012", "declarations": [EXAMPLE_LINE]},
        ),
    ),
    Route(
        "POST",
        "/outcomes",
        outcomes.outcomes,
        schemas.OutcomeAnswer,
        (ProblemKind.NOT_FOUND, ProblemKind.UNCONFIRMED, ProblemKind.REFUSED),
        body_documentation(
            request_schemas.Outcome,
            additional_duty=EXAMPLE_EVENT,
            correction=EXAMPLE_EVENT | {"event_number": 2, "amount": 1825.05, "corrects": 1},
        ),
        {201: {"model": schemas.OutcomeAnswer, "description": "Recorded"}},
    ),
    Route(
        "POST",
        "/judgements",
        judgements.judgements,
        schemas.JudgementAnswer,
        (ProblemKind.UNKNOWN_TRADERS,),
        body_documentation(
            request_schemas.CaseJudgement,
            wrong_reason={
                "trader_id": "T0000012",
                "verdict": "wrong",
                "feature": "customs_value_12m",
                "because": "One delivery was declared twice.",
                "status": "under audit",
            },
        ),
        {303: {"description": "A form was sent; this is the page of the trader."}},
    ),
    Route(
        "GET",
        "/ranking",
        ranking.ranking,
        schemas.RankingAnswer,
        (ProblemKind.NOT_ACCEPTABLE,),
        responses={200: {"content": file_content(ranking.CSV)}},
    ),
    Route(
        "GET",
        "/ranking.csv",
        ranking.ranking_csv,
        None,
        (),
        file=ranking.CSV,
    ),
    Route(
        "GET",
        "/ranking.xlsx",
        ranking.ranking_xlsx,
        None,
        (),
        file=ranking.XLSX,
    ),
    Route("GET", "/models", models.models, schemas.ModelsAnswer, ()),
    Route("GET", "/plans", plans.plans, schemas.PlansAnswer, ()),
    Route(
        "POST",
        "/plans/what-if",
        plans.plan_what_if,
        schemas.PlanWhatIfAnswer,
        (ProblemKind.NOT_FOUND, ProblemKind.REFUSED),
        body_documentation(
            request_schemas.PlanWhatIf,
            a_tenth_more={"plan": "2024-10-01_2025-09-30-1", "hours": 5610.0, "purpose": "budget"},
        ),
    ),
    Route(
        "POST",
        "/plans/{plan}/decisions",
        plans.decide,
        schemas.PlanDecisionAnswer,
        (ProblemKind.NOT_FOUND, ProblemKind.REFUSED),
        body_documentation(
            request_schemas.PlanDecision,
            taken={"trader_ids": ["T0000012"], "decision": "taken", "assigned_to": "team 3"},
            closed_down={
                "trader_ids": ["T0000012"],
                "decision": "declined",
                "because": "closed down in January",
            },
        ),
    ),
    Route("GET", "/plans/{plan}", plans.plan, schemas.PlanAnswer, (ProblemKind.NOT_FOUND,)),
    Route(
        "GET",
        "/plans/{plan}/traders/{trader_id}",
        plans.planned,
        schemas.PlannedAnswer,
        (ProblemKind.NOT_FOUND,),
    ),
    Route("GET", "/plans/{plan}/sheet", plans.sheet, None, (ProblemKind.NOT_FOUND,), responses=FILES),
    Route("GET", "/gap", gap.gap, schemas.GapAnswer, ()),
    Route("GET", "/gap/sheet", gap.gap_sheet, None, ()),
    Route("GET", "/", pages.ranking, None, ()),
    Route("GET", "/model", pages.model, None, ()),
    Route("GET", "/help", pages.help_page, None, ()),
    Route("GET", "/traders/{trader_id}", pages.trader, None, (ProblemKind.UNKNOWN_TRADERS,)),
    Route(
        "GET",
        "/traders/{trader_id}/evidence/{feature}",
        pages.behind,
        None,
        (ProblemKind.UNKNOWN_TRADERS,),
        responses=FILES,
    ),
    Route(
        "GET",
        "/traders/{trader_id}/due_diligence",
        pages.due_diligence,
        None,
        (ProblemKind.UNKNOWN_TRADERS,),
        responses=FILES,
    ),
    Route(
        "GET",
        "/traders/{trader_id}/what_if",
        beside.what_if,
        None,
        (ProblemKind.UNKNOWN_TRADERS, ProblemKind.REFUSED),
    ),
    Route(
        "GET",
        "/traders/{trader_id}/change",
        beside.change,
        None,
        (ProblemKind.UNKNOWN_TRADERS,),
    ),
    Route("GET", "/compare", beside.compare, None, (ProblemKind.UNKNOWN_TRADERS,)),
    Route(
        "GET",
        "/traders/{trader_id}/programme",
        pages.programme,
        None,
        (ProblemKind.UNKNOWN_TRADERS,),
        responses=FILES,
    ),
)


@dataclass(frozen=True)
class Dispatch:
    """ASGI application that calls the handlers of direct routes itself, and leaves all others to FastAPI.

    The layers of FastAPI and Starlette before a handler took longer than the handler of a prediction. They
    do nothing for it: the guard has read the body, the handler takes the request, and errors become problems
    by the same handlers here.
    """

    app: FastAPI
    routes: Mapping[tuple[str, str], Route]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        route = self.routes.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if route is None:
            await self.app(scope, receive, send)
            return
        scope["app"], scope["route"] = self.app, route
        request = Request(scope, receive)
        try:
            response = await route.handler(request)
        except tuple(HANDLERS) as error:
            response = await HANDLERS[next(kind for kind in type(error).__mro__ if kind in HANDLERS)](
                request, error
            )
        await response(scope, receive, send)


def make_app(
    source: LiveSource, log: ReadableLog, settings: Settings, tokens: Tokens, *, clock: Clock
) -> Guard:
    """Return the application that answers from the live model of `source` and logs every answer in `log`.

    It is guarded: what has no valid token, role, host or form never reaches a route.
    """
    app = FastAPI(
        title="audit-yield",
        version=VERSION,
        description="Expected audit yield in money for every trader, with reasons. Money is in units of "
        f"{settings.currency or 'the reporting currency'}, not in cents, to two decimals; "
        "days are ISO 8601; every answer names what it rests on, and is logged first.",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # paths name traders
    )
    app.state.context = Context(
        source,
        log,
        workers=Workers(settings.threads),
        warehouse_worker=Workers(1),
        clock=clock,
        settings=settings,
    )
    for route in ROUTES:
        route.add_to(app)
    for kind, handler in HANDLERS.items():
        app.add_exception_handler(kind, handler)
    api_document = openapi_document(app, bodies=BODIES, tags=TAGS, currency=settings.currency)

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi() -> JSONResponse:
        return JSONResponse(api_document)

    api_page = http_api_page(api_document)

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(api_page, headers=HEADERS)

    direct = {(route.method, route.path): route for route in ROUTES if route.is_direct}
    return Guard(Dispatch(app, direct), settings=settings, tokens=tokens, log=log)
