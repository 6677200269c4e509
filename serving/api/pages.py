"""Routes of the HTML pages: ranking, model, a trader, its work programme, the rows behind a feature."""

from collections.abc import Callable
from typing import Annotated, Literal

import pyarrow as pa
from fastapi import Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import Field

from features.storage.spreadsheet import table_bytes
from serving.api.context import access_of, caller_of, context_of, require_all_traders, require_own
from serving.api.language import PageQuery, keep_language, language_of
from serving.api.serialise import unknown_problem
from serving.live.case import Case, with_predictions
from serving.live.due_diligence import due_diligence as look_behind
from serving.live.due_diligence import due_diligence_table
from serving.live.evidence import features_with_rows
from serving.live.history import earlier_predictions
from serving.live.programme import programme_table, pulled_features, tasks_of
from serving.live.state import Live
from serving.log.entry import LogEntry
from serving.page import (
    HEADERS,
    due_diligence_page,
    evidence_page,
    list_ranking,
    model_page,
    programme_page,
    ranking_page,
    reading_page,
    trader_page,
)
from serving.page.notice import Letterhead
from serving.page.render import part
from serving.page.trader import View
from serving.problems import ProblemError, ProblemKind

NEWEST_ANSWERS = 50
"""Logged answers about a trader that are searched for earlier estimates."""


class TraderQuery(PageQuery):
    """The query of a trader's page; the view `notice` is the restrained one, for the trader itself."""

    view: View = "full"


Format = Literal["html", "csv", "xlsx"]
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class EvidenceQuery(PageQuery):
    """The query of the rows behind a value: a page of them, or a file with all."""

    page: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    format: Format = "html"


class ProgrammeQuery(PageQuery):
    """The query of a work programme: as a page, or as a file with a row a line."""

    format: Format = "html"


class DueDiligenceQuery(ProgrammeQuery):
    """The query of a due diligence: as a page, or as a file with a row a tie and a match."""


def file_response(table: pa.Table, name: str, *, ending: str, prediction_ids: tuple[str, ...]) -> Response:
    """Return a table as a file to save; a browser shows none of it."""
    headers = {header: value for header, value in HEADERS.items() if header != "Content-Type"}
    headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{part(name)}.{ending}"
    headers["X-Prediction-Id"] = prediction_ids[0]
    return Response(table_bytes(table, f".{ending}"), media_type=MEDIA_TYPES[ending], headers=headers)


def page_response(request: Request, html: str, prediction_ids: tuple[str, ...]) -> Response:
    """Return a page under the headers of all pages, with the id under which it is logged.

    The browser keeps the language that its address names for the pages after it.
    """
    response = HTMLResponse(html, headers={**HEADERS, "X-Prediction-Id": prediction_ids[0]})
    keep_language(request, response)
    return response


async def ranking(request: Request) -> Response:
    """Show the ranking."""
    context = context_of(request)
    live = context.live.in_language(language_of(request))
    caller = caller_of(request)
    query = {name: request.query_params.getlist(name) for name in request.query_params}
    shown = await context.workers.run(
        lambda: list_ranking(live, query=query, only=caller.traders), caller=caller.name
    )
    access = access_of(request, None, endpoint="GET /", detail=str(query)[:500])
    entry = LogEntry(access, live.basis, shown.trader_ids)
    prediction_ids = await context.log_answer(with_predictions(live, entry) if shown.trader_ids else entry)
    html = await context.workers.run(lambda: ranking_page(live, shown), caller=caller.name)
    return page_response(request, html, prediction_ids)


async def model(request: Request) -> Response:
    """Show how good the model is, where it is weak, and what it goes by."""
    context, caller = context_of(request), caller_of(request)
    verdicts = await context.workers.run(context.log.verdicts, caller=caller.name)
    return await _about_no_trader(
        request,
        lambda live: model_page(live, verdicts=verdicts, with_authors=not caller.is_limited),
        endpoint="GET /model",
    )


async def help_page(request: Request) -> Response:
    """Show how to read the pages."""
    return await _about_no_trader(request, reading_page, endpoint="GET /help")


async def _about_no_trader(request: Request, page: Callable[[Live], str], *, endpoint: str) -> Response:
    context = context_of(request)
    live = context.live.in_language(language_of(request))
    ids = await context.log_answer(LogEntry(access_of(request, None, endpoint=endpoint), live.basis))
    html = await context.workers.run(lambda: page(live), caller=caller_of(request).name)
    return page_response(request, html, ids)


async def trader(request: Request, trader_id: str, query: Annotated[TraderQuery, Query()]) -> Response:
    """Show what is expected of one trader, and why."""
    live, context = live_for(request, trader_id), context_of(request)
    caller = caller_of(request)
    audits = context.history.cached(live.dataset)
    if audits is None:
        audits = await context.warehouse_worker.run(
            lambda: context.history.read(live.dataset), caller=caller.name
        )
    earlier = await context.workers.run(
        lambda: context.log.of_trader(trader_id, limit=NEWEST_ANSWERS), caller=caller.name
    )
    judgements = await context.workers.run(lambda: context.log.judgements_of(trader_id), caller=caller.name)
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
            judgements=judgements,
            letterhead=Letterhead.of(context.settings, context.today),
            standing=context.newest_plan.standing(live.dataset.home, trader_id),
        ),
        caller=caller.name,
    )
    return page_response(request, html, prediction_ids)


async def behind(
    request: Request, trader_id: str, feature: str, query: Annotated[EvidenceQuery, Query()]
) -> Response:
    """Show the rows behind one value of a trader, or hand them out as a file."""
    live, context = live_for(request, trader_id), context_of(request)
    caller = caller_of(request)
    _require_rows(live, feature, limited=caller.is_limited)
    evidence = await context.warehouse_worker.run(
        lambda: context.evidence.read(live, trader_id, names=[feature])[feature], caller=caller.name
    )
    access = access_of(request, None, endpoint="GET /traders/evidence", detail=feature[:200])
    ids = await context.log_answer(LogEntry(access, live.basis, (trader_id,)))

    def response() -> Response:
        if query.format != "html":
            name = f"{trader_id} {feature}"
            return file_response(evidence.rows, name, ending=query.format, prediction_ids=ids)
        return page_response(request, evidence_page(live, evidence, page=query.page), ids)

    return await context.workers.run(response, caller=caller.name)


async def programme(request: Request, trader_id: str, query: Annotated[ProgrammeQuery, Query()]) -> Response:
    """Show what an audit of a trader is to check, with the lines to pull, or hand it out as a file."""
    live, context = live_for(request, trader_id), context_of(request)
    caller = caller_of(request)
    tasks = await context.workers.run(
        lambda: tasks_of(live, trader_id, limited=caller.is_limited), caller=caller.name
    )
    evidence = await context.warehouse_worker.run(
        lambda: context.evidence.read(live, trader_id, names=pulled_features(tasks)), caller=caller.name
    )
    access = access_of(request, None, endpoint="GET /traders/programme", detail=query.format)
    ids = await context.log_answer(LogEntry(access, live.basis, (trader_id,)))

    def response() -> Response:
        if query.format != "html":
            name = f"{trader_id} work programme"
            table = programme_table(tasks, evidence, live.language)
            return file_response(table, name, ending=query.format, prediction_ids=ids)
        return page_response(request, programme_page(live, trader_id, tasks, evidence), ids)

    return await context.workers.run(response, caller=caller.name)


async def due_diligence(
    request: Request, trader_id: str, query: Annotated[DueDiligenceQuery, Query()]
) -> Response:
    """Show who stands behind a trader, and names on the watchlist, or hand it out as a file."""
    live, context = live_for(request, trader_id), context_of(request)
    caller = caller_of(request)
    require_all_traders(
        request,
        detail="Who stands behind a trader is other traders.",
        expected="a token that is not limited to some.",
    )
    diligence = await context.warehouse_worker.run(
        lambda: look_behind(live.dataset, trader_id), caller=caller.name
    )
    access = access_of(request, None, endpoint="GET /traders/due_diligence", detail=query.format)
    ids = await context.log_answer(LogEntry(access, live.basis, (trader_id,)))

    def response() -> Response:
        if query.format != "html":
            name = f"{trader_id} due diligence"
            table = due_diligence_table(diligence)
            return file_response(table, name, ending=query.format, prediction_ids=ids)
        return page_response(request, due_diligence_page(live, diligence, prediction_id=ids[0]), ids)

    return await context.workers.run(response, caller=caller.name)


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


def live_for(request: Request, trader_id: str) -> Live:
    """Return the live model in the language of the page that is asked for.

    Raises `ProblemError` for a trader that is unknown or not the caller's, and for an unknown language.
    """
    require_own(request, [trader_id])
    live = context_of(request).live.in_language(language_of(request))
    if trader_id not in live.row_index:
        raise unknown_problem([trader_id])
    return live
