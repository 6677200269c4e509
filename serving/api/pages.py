"""Pages for people: GET /, GET /traders/{trader_id} and the rows behind one of its reasons."""

from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, ConfigDict

from serving.api.context import asked, caller, desk, require_own
from serving.api.serialise import unknown_problem
from serving.live.case import Case, predicted
from serving.live.evidence import read_rows
from serving.live.history import earlier_predictions
from serving.live.state import Live
from serving.log.entry import Entry
from serving.page import HEADERS, evidence_page, listed, ranking_page, trader_page
from serving.page.trader import View
from serving.problems import Kind, ProblemError

LOOKED_AT = 50
"""Logged answers about a trader among which earlier estimates are looked for, the newest."""


class Viewed(BaseModel):
    """Which view of a trader is asked for: `notice` is the restrained one, for the trader itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    view: View = "full"


def _page(html: str, logged: tuple[str, ...]) -> Response:
    return HTMLResponse(html, headers={**HEADERS, "X-Prediction-Id": logged[0]})


async def ranking(request: Request) -> Response:
    """Show the ranking."""
    at, live = desk(request), desk(request).holder.current
    query, only = dict(request.query_params), caller(request).traders
    shown = await at.quick.run(lambda: listed(live, query=query, only=only))
    who = asked(request, None, endpoint="GET /", detail=str(query)[:500])
    entry = Entry(who, live.basis, shown.trader_ids)
    logged = await at.keep(predicted(live, entry) if shown.trader_ids else entry)
    return _page(await at.quick.run(lambda: ranking_page(live, shown)), logged)


async def trader(request: Request, trader_id: str, viewed: Annotated[Viewed, Query()]) -> Response:
    """Show what is expected of one trader, and why."""
    live, at = _known(request, trader_id), desk(request)
    known = at.history.known(live.dataset)
    audits = await at.warehouse.run(lambda: at.history.read(live.dataset)) if known is None else known
    earlier = await at.quick.run(lambda: at.log.of_trader(trader_id, limit=LOOKED_AT))
    told = asked(request, None, endpoint="GET /traders", detail=viewed.view)
    logged = await at.keep(Case.of(live, trader_id).entry(told, live.basis))
    html = await at.quick.run(
        lambda: trader_page(
            live,
            trader_id,
            history=audits.get(trader_id, ()),
            predictions=earlier_predictions(earlier, live=live),
            view=viewed.view,
            prediction_id=logged[0],
        )
    )
    return _page(html, logged)


async def behind(request: Request, trader_id: str, feature: str) -> Response:
    """Show the rows behind one value of a trader."""
    live, at = _known(request, trader_id), desk(request)
    _require_rows(live, feature)
    html = await at.warehouse.run(lambda: _behind(live, trader_id, feature))
    told = asked(request, None, endpoint="GET /traders/evidence", detail=feature[:200])
    return _page(html, await at.keep(Entry(told, live.basis, (trader_id,))))


def _behind(live: Live, trader_id: str, feature: str) -> str:
    return evidence_page(live, read_rows(live, trader_id, names=[feature])[feature])


def _require_rows(live: Live, feature: str) -> None:
    known = live.snapshot.features.by_name
    if feature not in known or [each.name for each in live.snapshot.with_rows(feature)] != [feature]:
        raise ProblemError(
            Kind.NOT_FOUND,
            "There are no rows behind such a value.",
            expected="a feature that the page of a trader links to.",
        )


def _known(request: Request, trader_id: str) -> Live:
    require_own(request, [trader_id])
    live: Live = desk(request).holder.current
    if trader_id not in live.places:
        raise unknown_problem([trader_id])
    return live
