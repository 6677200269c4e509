"""POST /predict: the prediction of each of many traders."""

from collections.abc import Sequence

from fastapi import Request
from fastapi.responses import Response

from serving.api.context import access_of, context_of, rank_of, read_payload, require_own
from serving.api.request_schemas import Predict
from serving.api.serialise import (
    JSON,
    JsonObject,
    as_json,
    serialise_basis,
    serialise_predictions,
    unknown_problem,
)
from serving.live.case import with_predictions
from serving.log.entry import LogEntry


async def predict(request: Request) -> Response:
    """Say of each trader what an audit would bring, in the order asked."""
    payload = await read_payload(request, Predict)
    require_own(request, payload.trader_ids)
    context = context_of(request)
    live = context.live
    known = tuple(trader for trader in payload.trader_ids if trader in live.row_index)
    if not known:
        raise unknown_problem(payload.trader_ids)
    access, basis = access_of(request, payload.purpose, endpoint="POST /predict"), live.basis
    entry = await context.run(
        lambda: with_predictions(live, LogEntry(access, basis, known)), rows=len(known), caller=access.actor
    )
    ids = await context.log_answer(entry)

    def content() -> bytes:
        predictions = serialise_predictions(
            live.rounded.taken(live.rows(known)), trader_ids=known, prediction_ids=ids
        )
        ranked = [each | {"rank": rank_of(request, live, each["trader_id"])} for each in predictions]
        return as_json({"basis": serialise_basis(live, basis), **_in_order(payload.trader_ids, ranked)})

    return Response(await context.run(content, rows=len(known), caller=access.actor), media_type=JSON)


def _in_order(trader_ids: Sequence[str], predictions: list[JsonObject]) -> JsonObject:
    """Return predictions in the order of `trader_ids`, with a problem for each unknown trader."""
    known = {each["trader_id"]: each for each in predictions}
    unknown = [trader for trader in trader_ids if trader not in known]
    return {"answers": [known.get(trader) or _unknown(trader) for trader in trader_ids], "unknown": unknown}


def _unknown(trader_id: str) -> JsonObject:
    return {"trader_id": trader_id, "problem": unknown_problem([trader_id]).document()}
