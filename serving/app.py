"""The HTTP application: its routes behind the guard, and one OpenAPI document of them."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from features.errors import AuditYieldError
from serving import answer_schemas as says
from serving import routes_explain, routes_other, routes_pages, routes_predict, schemas
from serving.desk import Desk, Held, Memory, caller, desk
from serving.guard import Guard, keep_refusal
from serving.log import RequestIdTakenError
from serving.openapi import AT_THE_GATE, WITH_A_BODY, body_of, document, problem_responses
from serving.problems import MEDIA_TYPE, Kind, ProblemError
from serving.settings import Settings
from serving.tokens import Tokens
from serving.workers import Workers

VERSION: Final = "1"
BODIES = (schemas.Predict, schemas.Explain, schemas.ScoreDeclarations, schemas.Outcome)
logger = logging.getLogger(__name__)
Route = Callable[..., Awaitable[Response]]
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


def make_app(holder: Held, log: Memory, settings: Settings, tokens: Tokens) -> FastAPI:
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
    )
    app.state.desk = Desk(holder, log, quick=Workers(settings.threads), warehouse=Workers(1))
    _add_routes(app)
    for kind, handler in HANDLERS.items():
        app.add_exception_handler(kind, handler)
    told = document(app, bodies=BODIES)

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi() -> JSONResponse:
        return JSONResponse(told)

    app.add_middleware(Guard, settings=settings, tokens=tokens, log=log)
    return app


def _add_routes(app: FastAPI) -> None:
    unknown, refused = Kind.UNKNOWN_TRADERS, Kind.REFUSED
    post, get = _adder(app, "POST"), _adder(app, "GET")
    post(
        "/predict",
        routes_predict.predict,
        says.PredictAnswer,
        unknown,
        body=body_of(
            schemas.Predict, two_traders={"trader_ids": ["T0000012", "T0000034"], "purpose": "audit plan"}
        ),
    )
    post(
        "/explain",
        routes_explain.explain,
        says.ExplainAnswer,
        unknown,
        body=body_of(schemas.Explain, three_reasons={"trader_id": "T0000012", "top": 3}),
    )
    post(
        "/score_declarations",
        routes_explain.score_declarations,
        says.WhatIfAnswer,
        unknown,
        refused,
        body=body_of(
            schemas.ScoreDeclarations, one_line={"trader_id": "T0000012", "declarations": [EXAMPLE_LINE]}
        ),
    )
    post(
        "/outcomes",
        routes_other.outcomes,
        says.OutcomeAnswer,
        Kind.NOT_FOUND,
        refused,
        body=body_of(schemas.Outcome, additional_duty=EXAMPLE_EVENT),
        more={201: {"model": says.OutcomeAnswer, "description": "Recorded"}},
    )
    csv = {
        200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "A page of the ranking"}
    }
    get("/ranking", routes_other.ranking, says.RankingAnswer, Kind.NOT_ACCEPTABLE, Kind.CONFLICT, more=csv)
    get("/models", routes_other.models, says.ModelsAnswer, Kind.CONFLICT)
    pages = {"response_class": HTMLResponse}
    get("/", routes_pages.ranking, None, Kind.CONFLICT, **pages)
    get("/traders/{trader_id}", routes_pages.trader, None, unknown, Kind.CONFLICT, **pages)
    get("/traders/{trader_id}/evidence/{feature}", routes_pages.behind, None, unknown, Kind.CONFLICT, **pages)


def _adder(app: FastAPI, method: str) -> Callable[..., None]:
    def add(
        path: str,
        route: Route,
        answer: type[BaseModel] | None,
        *problems: Kind,
        body: dict[str, Any] | None = None,
        more: Responses | None = None,
        **options: Any,
    ) -> None:
        kinds = (*AT_THE_GATE, *(WITH_A_BODY if body else ()), *problems)
        responses = problem_responses(*kinds)
        told: Responses = {200: {"model": answer}} if answer else {}
        for status, response in (more or {}).items():
            told[status] = {**told.get(status, {}), **response}
        app.add_api_route(
            path,
            route,
            methods=[method],
            responses=responses | told,
            response_model=None,
            openapi_extra=body,
            **options,
        )

    return add


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)  # noqa: S101 - registered for it
    if error.kind is Kind.FORBIDDEN:
        await keep_refusal(desk(request).log, request.scope, caller=caller(request), problem=error)
    return Response(error.body(), error.kind.status, headers=error.headers, media_type=MEDIA_TYPE)


async def _malformed(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it
    faults = [
        {"at": "/".join(map(str, fault["loc"])), "expected": fault["msg"]} for fault in error.errors()[:20]
    ]
    problem = ProblemError(Kind.MALFORMED, "The query is not as it should be.", errors=faults)
    return await _problem(request, problem)


async def _taken(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestIdTakenError)  # noqa: S101 - registered for it
    return await _problem(
        request, ProblemError(Kind.CONFLICT, error.found, expected=error.expected, advice=error.advice)
    )


async def _cannot(request: Request, error: Exception) -> Response:
    """Say that data or disk fail, and the details, which may name paths, to the log of the process alone."""
    logger.error("A request could not be answered: %s", error)
    return await _problem(request, ProblemError(Kind.UNAVAILABLE, "The data or the disk cannot be used now."))


async def _not_here(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    kind = {404: Kind.NOT_FOUND, 405: Kind.NO_SUCH_METHOD}.get(error.status_code, Kind.FAILED)
    return await _problem(request, ProblemError(kind, "The service has no such path or method."))


HANDLERS: dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]] = {
    ProblemError: _problem,
    RequestValidationError: _malformed,
    RequestIdTakenError: _taken,
    AuditYieldError: _cannot,
    HTTPException: _not_here,
}
