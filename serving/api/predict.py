"""POST /predict: what an audit of each of many traders would bring."""

from collections.abc import Sequence

from fastapi import Request
from fastapi.responses import Response

from serving.api.context import asked, body, desk, require_own
from serving.api.request_schemas import Predict
from serving.api.serialise import JSON, Plain, as_json, basis_plain, said_plain, unknown_problem
from serving.live.case import predicted
from serving.live.state import Live
from serving.log.entry import Entry


async def predict(request: Request) -> Response:
    """Say of each trader what an audit would bring, in the order asked."""
    question = await body(request, Predict)
    require_own(request, question.trader_ids)
    at, live = desk(request), desk(request).holder.current
    known = tuple(trader for trader in question.trader_ids if trader in live.places)
    if not known:
        raise unknown_problem(question.trader_ids)
    who, basis = asked(request, question.purpose, endpoint="POST /predict"), live.basis
    entry = await at.make(lambda: predicted(live, Entry(who, basis, known)), rows=len(known))
    ids = await at.keep(entry)

    def content() -> bytes:
        found = said_plain(live.told.taken(live.rows(known)), trader_ids=known, prediction_ids=ids)
        return as_json({"basis": basis_plain(basis), **_in_order(live, question.trader_ids, found)})

    return Response(await at.make(content, rows=len(known)), media_type=JSON)


def _in_order(live: Live, trader_ids: Sequence[str], said: list[Plain]) -> Plain:
    """Return what is said, with a rank, in the order asked; and a problem for each unknown trader."""
    found = {each["trader_id"]: each | {"rank": live.ranks[live.places[each["trader_id"]]]} for each in said}
    unknown = [trader for trader in trader_ids if trader not in found]
    return {"answers": [found.get(trader) or _unknown(trader) for trader in trader_ids], "unknown": unknown}


def _unknown(trader_id: str) -> Plain:
    return {"trader_id": trader_id, "problem": unknown_problem([trader_id]).document()}
