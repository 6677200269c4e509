"""Routes of estimates side by side: with a line changed, of an earlier day, of another trader."""

from dataclasses import replace
from datetime import date
from typing import Annotated, Literal

from fastapi import Query, Request
from fastapi.responses import Response
from pydantic import BeforeValidator, Field

from features.data.contract.rule import LARGEST_NUMBER, LARGEST_WHOLE
from features.spine import months_before
from serving.api.context import access_of, caller_of, context_of
from serving.api.explain import require_day
from serving.api.language import PageQuery
from serving.api.pages import live_for, page_response
from serving.api.request_schemas import Day, Identifier
from serving.live.case import Case, with_predictions
from serving.live.declared import VALUES, DeclaredLine, declared_line, declared_lines
from serving.live.submitted import Row
from serving.live.what_if import what_if_features
from serving.log.entry import LogEntry
from serving.page.side_by_side import change_page, compare_page, side_by_side, what_if_page
from serving.problems import ProblemError, ProblemKind

MONTHS_BEFORE = 3
"""How far back an estimate is compared with, where no day is named."""


def _or_none(text: object) -> object:
    """Read a field of a form that was left empty as none."""
    return None if text == "" else text


Number = Annotated[float, Field(ge=0, le=LARGEST_NUMBER)]
Amount = Annotated[
    Number | None, BeforeValidator(_or_none, json_schema_input_type=Number | Literal[""] | None)
]


class WhatIfQuery(PageQuery):
    """The query of a what-if: the line, and its other values, or that it is left out."""

    declaration_id: Identifier | None = None
    item_number: Annotated[int, Field(ge=1, le=LARGEST_WHOLE)] = 1
    leave_out: bool = False
    customs_value: Amount = None
    net_mass_kg: Amount = None
    duty_assessed: Amount = None
    vat_assessed: Amount = None

    @property
    def key(self) -> Row:
        """The number of the line."""
        return {"declaration_id": self.declaration_id, "item_number": self.item_number}

    def values(self, line: DeclaredLine) -> dict[str, float]:
        """Return the values that are other than those declared."""
        sent = {name: getattr(self, name) for name in VALUES}
        return {name: value for name, value in sent.items() if value is not None and value != line.row[name]}


class ChangeQuery(PageQuery):
    """The query of a change: since which day."""

    since: Annotated[
        Day | None, BeforeValidator(_or_none, json_schema_input_type=date | Literal[""] | None)
    ] = None


class CompareQuery(PageQuery):
    """The query of a comparison: a trader, and another one once it is chosen."""

    one: Identifier
    other: Annotated[
        Identifier | None, BeforeValidator(_or_none, json_schema_input_type=Identifier | Literal[""] | None)
    ] = None


async def what_if(request: Request, trader_id: str, query: Annotated[WhatIfQuery, Query()]) -> Response:
    """Show what the estimate would be if a line had been declared otherwise, or not at all."""
    live, context = live_for(request, trader_id), context_of(request)
    caller = caller_of(request)
    lines = await context.warehouse_worker.run(
        lambda: declared_lines(live.dataset, trader_id), caller=caller.name
    )
    line = declared_line(lines, query.key) if query.declaration_id else None
    values = query.values(line) if line else {}
    detail = f"line {query.declaration_id} {query.item_number}" if line else None
    access = access_of(request, None, endpoint="GET /traders/what_if", detail=detail)
    if line is None or not (values or query.leave_out):
        ids = await context.log_answer(LogEntry(access, live.basis, (trader_id,)))
        return page_response(request, what_if_page(live, trader_id, lines, line=line), ids)
    rows = [] if query.leave_out else line.changed(values)
    features = await context.warehouse_worker.run(
        lambda: what_if_features(
            live,
            trader_id,
            rows=rows,
            left_out=[line.key],
            cutoff=live.dataset.cutoff,
            limited=caller.is_limited,
        ),
        caller=caller.name,
    )
    case = await context.workers.run(lambda: Case.what_if(live, trader_id, features), caller=caller.name)
    ids = await context.log_answer(case.log_entry(access, replace(live.basis, snapshot_digest=None)))
    names = live.language.gettext("As declared"), live.language.gettext("What if")
    estimates = side_by_side(live, Case.of(live, trader_id), case, names=names)
    html = what_if_page(
        live,
        trader_id,
        lines,
        line=line,
        values=values,
        leave_out=query.leave_out,
        estimates=estimates,
        prediction_id=ids[0],
    )
    return page_response(request, html, ids)


async def change(request: Request, trader_id: str, query: Annotated[ChangeQuery, Query()]) -> Response:
    """Show why the estimate of a trader is another than on an earlier day, by the model that serves."""
    live, context = live_for(request, trader_id), context_of(request)
    caller, now = caller_of(request), live.dataset.cutoff
    since = query.since or months_before(now, MONTHS_BEFORE)
    if since >= now:
        raise ProblemError(
            ProblemKind.MALFORMED,
            "The day is none before that of the estimate.",
            expected=f"a day before {now}.",
        )
    require_day(caller, since, of_snapshot=now)
    features = await context.warehouse_worker.run(
        lambda: what_if_features(
            live, trader_id, rows=[], left_out=[], cutoff=since, limited=caller.is_limited
        ),
        caller=caller.name,
    )
    case = await context.workers.run(lambda: Case.what_if(live, trader_id, features), caller=caller.name)
    access = access_of(request, None, endpoint="GET /traders/change", detail=f"{since} beside {now}")
    ids = await context.log_answer(
        case.log_entry(access, replace(live.basis, as_of=since, snapshot_digest=None))
    )
    names = live.language.day(since), live.language.day(now)
    estimates = side_by_side(live, case, Case.of(live, trader_id), names=names)
    return page_response(
        request, change_page(live, trader_id, estimates, since=since, prediction_id=ids[0]), ids
    )


async def compare(request: Request, query: Annotated[CompareQuery, Query()]) -> Response:
    """Show two traders side by side, topic by topic."""
    live, context = live_for(request, query.one), context_of(request)
    both = (query.one,) if query.other is None else (query.one, query.other)
    for trader in both:
        live_for(request, trader)
    access = access_of(request, None, endpoint="GET /compare")
    ids = await context.log_answer(with_predictions(live, LogEntry(access, live.basis, both)))

    def page() -> str:
        estimates = None
        if query.other is not None:
            left, right = (Case.of(live, trader) for trader in both)
            estimates = side_by_side(live, left, right, names=(query.one, query.other))
        return compare_page(live, query.one, query.other, estimates, prediction_id=ids[0])

    return page_response(request, await context.workers.run(page, caller=caller_of(request).name), ids)
