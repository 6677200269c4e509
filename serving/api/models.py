"""GET /models: the champion, its card and its features."""

from fastapi import Request
from fastapi.responses import Response

from serving.api.context import access_of, context_of, json_response
from serving.api.serialise import serialise_basis, serialise_feature
from serving.log.entry import LogEntry


async def models(request: Request) -> Response:
    """Describe the champion: what it learned from, its card with its metrics, the features it takes."""
    context = context_of(request)
    live = context.live
    basis, bundle = live.basis, live.bundle
    access = access_of(request, None, endpoint="GET /models")
    [prediction_id] = await context.log_answer(LogEntry(access, basis))
    return json_response(
        {
            "basis": serialise_basis(live, basis),
            "prediction_id": prediction_id,
            "promoted_at": live.champion.promoted_at,
            "learned_before": bundle.cutoff,
            "fingerprint": bundle.fingerprint,
            "card": bundle.card_json,
            "features": [serialise_feature(words) for words in bundle.words],
        }
    )
