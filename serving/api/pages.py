"""Routes of the HTML pages: GET /, GET /traders/{trader_id} and the evidence of one of its features."""

from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, ConfigDict

from serving.api.context import access_of, caller_of, context_of, require_own
from serving.api.serialise import unknown_problem
from serving.live.case import Case, with_predictions
from serving.live.evidence import features_with_rows, read_rows
from serving.live.history import earlier_predictions
from serving.live.state import Live
from serving.log.entry import LogEntry
from serving.page import HEADERS, evidence_page, list_ranking, ranking_page, trader_page
from serving.page.trader import View
from serving.problems import ProblemError, ProblemKind

NEWEST_ANSWERS = 50
"""Logged answers about a trader that are searched for earlier estimates."""


class TraderQuery(BaseModel):
    """The query of a trader's page; the view `notice` is the restrained one, for the trader itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    view: View = "full"


def _page_response(html: str, prediction_ids: tuple[str, ...]) -> Response:
    return HTMLResponse(html, headers={**HEADERS, "X-Prediction-Id": prediction_ids[0]})


async def ranking(request: Request) -> Response:
    """Show the ranking."""
    context = context_of(request)
    live = context.live
    query, caller = dict(request.query_params), caller_of(request)
    shown = await context.workers.run(
        lambda: list_ranking(live, query=query, only=caller.traders), caller=caller.name
    )
    access = access_of(request, None, endpoint="GET /", detail=str(query)[:500])
    entry = LogEntry(access, live.basis, shown.trader_ids)
    prediction_ids = await context.log_answer(with_predictions(live, entry) if shown.trader_ids else entry)
    html = await context.workers.run(lambda: ranking_page(live, shown), caller=caller.name)
    return _page_response(html, prediction_ids)


async def trader(request: Request, trader_id: str, query: Annotated[TraderQuery, Query()]) -> Response:
    """Show what is expected of one trader, and why."""
    live, context = _live_for(request, trader_id), context_of(request)
    caller = caller_of(request)
    audits = context.history.cached(live.dataset)
    if audits is None:
        audits = await context.warehouse_worker.run(
            lambda: context.history.read(live.dataset), caller=caller.name
        )
    earlier = await context.workers.run(
        lambda: context.log.of_trader(trader_id, limit=NEWEST_ANSWERS), caller=caller.name
    )
    access = access_of(request, None, endpoint="GET /traders", detail=query.view)
    prediction_ids = await context.log_answer(Case.of(live, trader_id).log_entry(access, live.basis))
    html = await context.workers.run(
        lambda: trader_page(
            live,
            trader_id,
            history=audits.get(trader_id, ()),
            predictions=earlier_predictions(earlier, live=live),
            view=query.view,
            prediction_id=prediction_ids[0],
            limited=caller.is_limited,
        ),
        caller=caller.name,
    )
    return _page_response(html, prediction_ids)


async def behind(request: Request, trader_id: str, feature: str) -> Response:
    """Show the rows behind one value of a trader."""
    live, context = _live_for(request, trader_id), context_of(request)
    caller = caller_of(request)
    _require_rows(live, feature, limited=caller.is_limited)
    html = await context.warehouse_worker.run(
        lambda: evidence_page(live, read_rows(live, trader_id, names=[feature])[feature]),
        caller=caller.name,
    )
    access = access_of(request, None, endpoint="GET /traders/evidence", detail=feature[:200])
    return _page_response(html, await context.log_answer(LogEntry(access, live.basis, (trader_id,))))


def _require_rows(live: Live, feature: str, *, limited: bool) -> None:
    by_name = live.snapshot.features.by_name
    if feature not in by_name or [
        each.name for each in features_with_rows(live, feature, limited=limited)
    ] != [feature]:
        raise ProblemError(
            ProblemKind.NOT_FOUND,
            "There are no rows behind such a value.",
            expected="a feature that the page of a trader links to.",
        )


def _live_for(request: Request, trader_id: str) -> Live:
    """Return the live model; raises `ProblemError` for a trader that is unknown or not the caller's."""
    require_own(request, [trader_id])
    live = context_of(request).live
    if trader_id not in live.row_index:
        raise unknown_problem([trader_id])
    return live
