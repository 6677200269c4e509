"""The plans of the home over HTTP: read, asked what-if, and what officers take on and decline of them.

Nobody makes or draws a plan over HTTP: who could draw again would draw until the draw pleases.
"""

import asyncio
from dataclasses import replace
from typing import Annotated

import pyarrow.compute as pc
from fastapi import Query, Request
from fastapi.responses import RedirectResponse, Response

from features.data.append import NotWrittenError
from features.errors import SettingError
from models.plan.capacity import GroupCap
from models.plan.decline import decline, progress
from models.plan.store import StoredPlan, names, read_plan
from models.plan.text import ROLES, treated_rows
from models.plan.what_if import changed_capacity, what_if
from serving.api.context import (
    access_of,
    caller_of,
    context_of,
    json_response,
    read_payload,
    require_all_traders,
    require_own,
    sent_by_form,
)
from serving.api.judgements import SEEN
from serving.api.language import PageQuery, language_of
from serving.api.pages import Format, file_response, page_response
from serving.api.request_schemas import PlanDecision, PlanWhatIf
from serving.api.serialise import JsonObject, serialise_basis
from serving.live.state import Live
from serving.log.entry import Decision, LogEntry
from serving.log.judgements import ENDPOINT, Opinion
from serving.page import plan_page
from serving.page.render import part
from serving.problems import ProblemError, ProblemKind

OF_A_PLAN = (
    *("name", "as_of", "made_at", "reason", "value", "bound"),
    *("value_without_caps_on_groups", "caps", "burdens"),
)
"""What of its record is answered; the numbers that the draw is made of stay in the home."""
OF_A_TRADER = (
    *("trader_id", "treatment", "role", "hours", "net_effect", "office", "expected_yield"),
    *(f"probability_{treatment}" for treatment in ("letter", "desk", "field", "joint")),
)


async def plans(request: Request) -> Response:
    """List the plans of the home, in the order of their periods."""
    context = context_of(request)
    home = context.live.dataset.home
    listed = await context.workers.run(
        lambda: [_serialise_listed(read_plan(home, name)) for name in names(home)],
        caller=caller_of(request).name,
    )
    return await _answer(request, "GET /plans", {"plans": listed}, trader_ids=())


async def plan(request: Request, plan: str) -> Response:
    """Show a plan: its period, its worth, its caps with their prices, and who is treated how."""
    stored = await _read_whole(request, plan)
    treated = treated_rows(stored.table).select(OF_A_TRADER).to_pylist()
    content = {
        **_serialise_listed(stored),
        **{name: stored.record[name] for name in OF_A_PLAN},
        "traders": treated,
    }
    trader_ids = tuple(row["trader_id"] for row in treated)
    return await _answer(request, "GET /plans/plan", content, trader_ids=trader_ids)


async def planned(request: Request, plan: str, trader_id: str) -> Response:
    """Say how one trader stands in a plan: what it is assigned, by what right, and with which chances."""
    require_own(request, [trader_id])
    stored = await _read(request, plan)
    own = stored.table.filter(pc.equal(stored.table["trader_id"], trader_id))
    if not own.num_rows:
        raise ProblemError(
            ProblemKind.NOT_FOUND,
            "The plan does not speak of this trader.",
            expected="a trader that was active on the day of the plan.",
        )
    [row] = own.select(OF_A_TRADER).to_pylist()
    content = {"plan": stored.name, "means": ROLES[row["role"]], **row}
    return await _answer(request, "GET /plans/plan/traders", content, trader_ids=(trader_id,))


class SheetQuery(PageQuery):
    """The query of a plan's page: as a page, or as a file with a row a trader treated."""

    format: Format = "html"


async def sheet(request: Request, plan: str, query: Annotated[SheetQuery, Query()]) -> Response:
    """Show a plan as a page: caps and prices, whom it burdens, who is treated and why; or as a file."""
    stored, context = await _read_whole(request, plan), context_of(request)
    live, caller = context.live.in_language(language_of(request)), caller_of(request)
    treated = treated_rows(stored.table)
    access = access_of(
        request, None, endpoint="GET /plans/plan/sheet", detail=f"{stored.name} {query.format}"
    )
    entry = LogEntry(access, live.basis, tuple(treated["trader_id"].to_pylist()))
    ids = await context.log_answer(entry)
    if query.format != "html":
        return await context.workers.run(
            lambda: file_response(treated, stored.name, ending=query.format, prediction_ids=ids),
            caller=caller.name,
        )
    reached = await context.warehouse_worker.run(
        lambda: progress(live.dataset, stored.name, on=context.today), caller=caller.name
    )
    html = await context.workers.run(
        lambda: plan_page(
            live,
            stored,
            progress=reached,
            judgements=context.log.judgements_of(*entry.trader_ids),
            page_id=ids[0],
        ),
        caller=caller.name,
    )
    return page_response(request, html, ids)


async def plan_what_if(request: Request) -> Response:
    """Say what a plan's period would be worth with other hours or caps; nobody is drawn or named."""
    payload = await read_payload(request, PlanWhatIf)
    stored, context = await _read_whole(request, payload.plan), context_of(request)
    try:
        capacity = changed_capacity(
            stored.capacity,
            hours=payload.hours,
            offices={name: each.model_dump(exclude_none=True) for name, each in payload.offices.items()},
            random_share=payload.random_share,
            caps=None if payload.caps is None else [GroupCap(**each.model_dump()) for each in payload.caps],
        )
        answer = await context.warehouse_worker.run(
            lambda: what_if(stored, capacity), caller=caller_of(request).name
        )
    except SettingError as error:
        raise _refused(error) from error
    return await _answer(
        request,
        "POST /plans/what-if",
        {"plan": stored.name, **answer},
        trader_ids=(),
        purpose=payload.purpose,
    )


async def decide(request: Request, plan: str) -> Response:
    """Record treatments of a plan as taken on, or as declined with the reason; a form leads back to the plan.

    What is taken on is a judgement in the log. A decline is a row of the data too: whoever measures by lot
    must know of it.
    """
    payload = await read_payload(request, PlanDecision)
    require_own(request, payload.trader_ids)
    stored = await _read(request, plan)
    assigned = dict(
        zip(
            *(treated_rows(stored.table)[each].to_pylist() for each in ("trader_id", "treatment")),
            strict=True,
        )
    )
    if strangers := [trader for trader in payload.trader_ids if trader not in assigned]:
        raise ProblemError(
            ProblemKind.REFUSED,
            f"The plan does not treat {strangers[0]}.",
            expected="traders with a letter, a desk, field or joint audit.",
        )
    record = _take if payload.decision == "taken" else _decline
    ids = await record(request, stored, payload)
    if sent_by_form(request):
        return RedirectResponse(f"/plans/{part(stored.name)}/sheet#treated", SEEN)
    live = context_of(request).live
    return json_response(
        {
            "basis": serialise_basis(live, live.basis),
            "plan": stored.name,
            "decision": payload.decision,
            "by": payload.assigned_to or caller_of(request).name,
            "traders": [
                {"prediction_id": id_, "trader_id": trader, "treatment": assigned[trader]}
                for id_, trader in zip(ids, payload.trader_ids, strict=True)
            ],
        }
    )


async def _take(request: Request, stored: StoredPlan, payload: PlanDecision) -> tuple[str, ...]:
    """Log a judgement on each trader: the case is assigned."""
    context = context_of(request)
    assigned_to = payload.assigned_to or caller_of(request).name
    opinion = Opinion(status="assigned", assigned_to=assigned_to, note=f"Audit plan {stored.name}")
    access = access_of(request, payload.purpose, endpoint=ENDPOINT, detail=stored.name)
    ids = await asyncio.gather(
        *(
            context.log_answer(
                LogEntry(
                    replace(access, request_id=f"{access.request_id}-{number}"),
                    context.live.basis,
                    (trader,),
                    decision=opinion.decision(None),
                )
            )
            for number, trader in enumerate(payload.trader_ids)
        )
    )
    return tuple(id_ for [id_] in ids)


async def _decline(request: Request, stored: StoredPlan, payload: PlanDecision) -> tuple[str, ...]:
    """Write rows of the data, and log who did it."""
    context, caller = context_of(request), caller_of(request)
    live, because = context.live, payload.because or ""
    access = access_of(request, payload.purpose, endpoint="POST /plans/plan/decisions", detail=stored.name)
    decision = Decision(human_decision="declined", override_reason=because)

    def record() -> None:
        context.log.require_free(access, decision)
        decline(
            live.dataset, stored.name, payload.trader_ids, because=because, by=caller.name, on=context.today
        )

    try:
        await context.warehouse_worker.run(record, caller=caller.name)
    except SettingError as error:
        raise _refused(error) from error
    except NotWrittenError as error:
        raise ProblemError(
            ProblemKind.REFUSED,
            "The service writes no rows into data of this form.",
            expected="tables as Parquet in the contract's form, or a DuckDB file.",
            advice="`audit-yield plan decline` with --out writes the row as a file; load it as the others.",
        ) from error
    return await context.log_answer(
        LogEntry(access, live.basis, tuple(payload.trader_ids), decision=decision)
    )


def _refused(error: SettingError) -> ProblemError:
    return ProblemError(ProblemKind.REFUSED, error.found, expected=error.expected, advice=error.advice)


async def _answer(
    request: Request,
    endpoint: str,
    content: JsonObject,
    *,
    trader_ids: tuple[str, ...],
    purpose: str | None = None,
) -> Response:
    context = context_of(request)
    live: Live = context.live
    access = access_of(request, purpose, endpoint=endpoint, detail=content.get("name") or content.get("plan"))
    await context.log_answer(LogEntry(access, live.basis, trader_ids))
    return json_response({"basis": serialise_basis(live, live.basis), **content})


async def _read_whole(request: Request, name: str) -> StoredPlan:
    """Return a plan to whoever may see all traders; raises `ProblemError` as `_read` and for others."""
    require_all_traders(request, expected="GET /plans/{plan}/traders/{trader_id} for one of them.")
    return await _read(request, name)


async def _read(request: Request, name: str) -> StoredPlan:
    """Return a plan of the home; raises `ProblemError` where there is none of that name."""
    context = context_of(request)
    home = context.live.dataset.home
    try:
        return await context.workers.run(lambda: read_plan(home, name), caller=caller_of(request).name)
    except SettingError as error:
        raise ProblemError(
            ProblemKind.NOT_FOUND, "There is no such plan.", expected="a plan that GET /plans lists."
        ) from error


def _serialise_listed(stored: StoredPlan) -> JsonObject:
    return {
        "name": stored.name,
        "first_day": stored.capacity.first_day,
        "last_day": stored.capacity.last_day,
        "as_of": stored.record["as_of"],
        "model_version": stored.record["model"]["version"],
        "treated": treated_rows(stored.table).num_rows,
    }
