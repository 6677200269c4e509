"""The HTTP application: its routes behind the guard, and one OpenAPI document of them."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from inspect import signature
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel

from features.clock import Clock
from serving.access.guard import Guard
from serving.access.tokens import Tokens
from serving.api import explain, models, outcomes, pages, predict, ranking, request_schemas
from serving.api import response_schemas as says
from serving.api.context import Desk, Held, Memory
from serving.api.error_handlers import HANDLERS
from serving.api.openapi import AT_THE_GATE, WITH_A_BODY, body_of, document, problem_responses
from serving.problems import Kind
from serving.settings import Settings
from serving.workers import Workers

VERSION: Final = "1"
BODIES = (
    request_schemas.Predict,
    request_schemas.Explain,
    request_schemas.ScoreDeclarations,
    request_schemas.Outcome,
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


class Direct(APIRoute):
    """A route whose handler takes the request alone: FastAPI has nothing to work out before it is called."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what Starlette calls with the request."""
        return self.endpoint


@dataclass(frozen=True)
class Route:
    """A way to ask: what answers it, of which type (None for a page), and with which problems.

    `body` is how its JSON is documented; `answers` are further statuses, or forms, besides the first.
    """

    method: str
    path: str
    handler: Callable[..., Awaitable[Response]]
    answer: type[BaseModel] | None
    problems: tuple[Kind, ...]
    body: dict[str, Any] | None = None
    answers: Responses = field(default_factory=dict)

    def add_to(self, app: FastAPI) -> None:
        """Make an app answer it."""
        kinds = (*AT_THE_GATE, *(WITH_A_BODY if self.body else ()), *self.problems)
        first: dict[str, Any] = {"model": self.answer} if self.answer else {}
        responses = problem_responses(*kinds) | {200: first} | self.answers
        responses[200] = first | responses[200]
        app.router.add_api_route(
            self.path,
            self.handler,
            methods=[self.method],
            responses=responses,
            response_model=None,
            response_class=JSONResponse if self.answer else HTMLResponse,
            openapi_extra=self.body,
            route_class_override=Direct if list(signature(self.handler).parameters) == ["request"] else None,
        )


ROUTES = (
    Route(
        "POST",
        "/predict",
        predict.predict,
        says.PredictAnswer,
        (Kind.UNKNOWN_TRADERS,),
        body_of(
            request_schemas.Predict,
            two_traders={"trader_ids": ["T0000012", "T0000034"], "purpose": "audit plan"},
        ),
    ),
    Route(
        "POST",
        "/explain",
        explain.explain,
        says.ExplainAnswer,
        (Kind.UNKNOWN_TRADERS,),
        body_of(request_schemas.Explain, three_reasons={"trader_id": "T0000012", "top": 3}),
    ),
    Route(
        "POST",
        "/score_declarations",
        explain.score_declarations,
        says.WhatIfAnswer,
        (Kind.UNKNOWN_TRADERS, Kind.REFUSED),
        body_of(
            request_schemas.ScoreDeclarations,
            one_line={"trader_id": "T0000012", "declarations": [EXAMPLE_LINE]},
        ),
    ),
    Route(
        "POST",
        "/outcomes",
        outcomes.outcomes,
        says.OutcomeAnswer,
        (Kind.NOT_FOUND, Kind.REFUSED),
        body_of(request_schemas.Outcome, additional_duty=EXAMPLE_EVENT),
        {201: {"model": says.OutcomeAnswer, "description": "Recorded"}},
    ),
    Route(
        "GET",
        "/ranking",
        ranking.ranking,
        says.RankingAnswer,
        (Kind.NOT_ACCEPTABLE, Kind.CONFLICT),
        answers={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
    ),
    Route("GET", "/models", models.models, says.ModelsAnswer, (Kind.CONFLICT,)),
    Route("GET", "/", pages.ranking, None, (Kind.CONFLICT,)),
    Route("GET", "/traders/{trader_id}", pages.trader, None, (Kind.UNKNOWN_TRADERS, Kind.CONFLICT)),
    Route(
        "GET",
        "/traders/{trader_id}/evidence/{feature}",
        pages.behind,
        None,
        (Kind.UNKNOWN_TRADERS, Kind.CONFLICT),
    ),
)


def make_app(holder: Held, log: Memory, settings: Settings, tokens: Tokens, *, clock: Clock) -> FastAPI:
    """Return the application that answers from what `holder` holds and keeps every answer in `log`.

    It is guarded: what has no valid token, role, host or form never reaches a route.
    """
    app = FastAPI(
        title="audit-yield",
        version=VERSION,
        description="Expected audit yield in money for every trader, with reasons. Money is in cents of the"
        " reporting currency; days are ISO 8601; every answer names what it rests on, and is logged first.",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # paths name traders
    )
    app.state.desk = Desk(holder, log, quick=Workers(settings.threads), warehouse=Workers(1), clock=clock)
    for route in ROUTES:
        route.add_to(app)
    for kind, handler in HANDLERS.items():
        app.add_exception_handler(kind, handler)
    told = document(app, bodies=BODIES)

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi() -> JSONResponse:
        return JSONResponse(told)

    app.add_middleware(Guard, settings=settings, tokens=tokens, log=log)
    return app
