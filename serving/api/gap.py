"""GET /gap: what audits of all traders would book, from audits by lot; as data, and as a page."""

from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from models.gap.detection import detection_of
from models.gap.report import GapReport, SegmentedBy, gap_of
from models.gap.text import gap_content
from serving.api.context import access_of, caller_of, context_of, json_response, require_all_traders
from serving.api.language import PageQuery, language_of
from serving.api.pages import page_response
from serving.api.serialise import serialise_basis
from serving.live.state import Live
from serving.log.entry import LogEntry
from serving.page import gap_page


class GapQuery(BaseModel):
    """The query of the gap: by which segments, and from which year on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    by: Annotated[SegmentedBy | None, Field(description="Which groups to show it by.")] = None
    since: Annotated[int | None, Field(ge=1900, le=2200, description="The first year to show.")] = None


async def gap(request: Request, query: Annotated[GapQuery, Query()]) -> Response:
    """Say what audits of all traders would book, year by year, how sure that is, and whether it changed."""
    live, report = await _measure(request, query)
    access = access_of(request, None, endpoint="GET /gap", detail=query.by)
    await context_of(request).log_answer(LogEntry(access, live.basis))
    return json_response({"basis": serialise_basis(live, live.basis), **gap_content(report)})


class GapSheetQuery(GapQuery, PageQuery):
    """The query of the gap as a page."""


async def gap_sheet(request: Request, query: Annotated[GapSheetQuery, Query()]) -> Response:
    """Show the same as a page."""
    language = language_of(request)
    live, report = await _measure(request, query)
    live, context = live.in_language(language), context_of(request)
    access = access_of(request, None, endpoint="GET /gap/sheet", detail=query.by)
    ids = await context.log_answer(LogEntry(access, live.basis))
    html = await context.workers.run(lambda: gap_page(live, report), caller=caller_of(request).name)
    return page_response(request, html, ids)


async def _measure(request: Request, query: GapQuery) -> tuple[Live, GapReport]:
    """Return the live state and the gap as of its day; raises `ProblemError` for a limited token."""
    context, caller = context_of(request), caller_of(request)
    require_all_traders(request, expected="a token for all of them: the gap is that of all.")
    live = context.live
    dataset = live.dataset
    report = await context.warehouse_worker.run(
        lambda: gap_of(dataset, by=query.by, since=query.since, detection=detection_of(dataset.home)),
        caller=caller.name,
    )
    return live, report
