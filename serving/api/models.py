"""GET /models: the champion in its own words."""

from fastapi import Request
from fastapi.responses import Response

from serving.api.context import answer, asked, desk
from serving.api.serialise import basis_plain, feature_plain
from serving.log.entry import Entry


async def models(request: Request) -> Response:
    """Describe the champion: what it learned from, its card with its metrics, the features it takes."""
    live = desk(request).holder.current
    basis, bundle = live.basis, live.bundle
    [logged] = await desk(request).keep(Entry(asked(request, None, endpoint="GET /models"), basis))
    return answer(
        {
            "basis": basis_plain(basis),
            "prediction_id": logged,
            "promoted_at": live.champion.promoted_at,
            "learned_before": bundle.cutoff,
            "fingerprint": bundle.fingerprint,
            "card": bundle.card_json,
            "features": [feature_plain(words) for words in bundle.words],
        }
    )
