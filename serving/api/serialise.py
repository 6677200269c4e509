"""Serialise answers: as plain data with money to two decimals, and as the bytes that are sent."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pydantic_core

from models.prediction import PER_TRADER, Explanation, Floats, Prediction
from models.reasons import TopicReason, by_topic, in_whole_units
from models.words import Words
from serving.live.case import raise_not_finite
from serving.live.rounding import in_cents, to_cents
from serving.live.state import Live
from serving.log.entry import AnswerBasis
from serving.problems import ProblemError, ProblemKind

JsonObject = dict[str, Any]
JSON = "application/json"


def as_json(value: object) -> bytes:
    """Return an answer as JSON, seven times as fast as the standard library; raises `NotFiniteError`."""
    body = pydantic_core.to_json(value, inf_nan_mode="constants")
    if b"NaN" in body or b"Infinity" in body:  # perhaps in a name only
        json.loads(body, parse_constant=raise_not_finite)
    return body


def serialise_basis(live: Live, basis: AnswerBasis) -> JsonObject:
    """Serialise the basis of an answer, with what the ranking is by and the warnings of its day."""
    return {
        **vars(basis),
        "ranked": live.bundle.card.ranked,
        "warnings": live.warnings(basis.as_of),
    }


def serialise_predictions(
    rounded: Prediction, *, trader_ids: Sequence[str], prediction_ids: Sequence[str]
) -> list[JsonObject]:
    """Serialise predictions that were rounded to cents, in their order."""
    return [
        {
            "trader_id": trader,
            "prediction_id": prediction,
            **dict(zip(PER_TRADER, numbers, strict=False)),
            "by_type": dict(zip(rounded.types, numbers[len(PER_TRADER) :], strict=True)),
        }
        for trader, prediction, numbers in zip(
            trader_ids, prediction_ids, rounded.matrix.tolist(), strict=True
        )
    ]


def serialise_reasons(live: Live, values: Floats, explanation: Explanation, *, top: int) -> JsonObject:
    """Serialise base, `top` weightiest reasons and rest of one trader, and all of them by topic.

    Base, reasons and rest add up to the cent, and so do base and topics.
    """
    weightiest = live.reasons(values, explanation)
    first, others = weightiest[:top], weightiest[top:]
    parts = [explanation.base, *(each.money for each in first), sum(each.money for each in others)]
    [rounded] = in_cents(np.array([parts]), explanation.total[:1]).tolist()
    return {
        "base": rounded[0],
        "topics": _serialise_topics(by_topic(weightiest), explanation, base=rounded[0]),
        "reasons": [
            {**vars(reason), "money": amount} for reason, amount in zip(first, rounded[1:-1], strict=True)
        ],
        "rest": rounded[-1],
        "rest_count": len(others),
    }


def _serialise_topics(
    topics: Sequence[TopicReason], explanation: Explanation, *, base: float
) -> list[JsonObject]:
    change = float(to_cents(explanation.total[:1])[0]) - base
    rounded = _divided_in_cents([each.money for each in topics], change)
    return [each.to_dict(money, _divided_in_cents) for each, money in zip(topics, rounded, strict=True)]


def _divided_in_cents(amounts: Sequence[float], total: float) -> list[float]:
    return [cents / 100 for cents in in_whole_units([100 * amount for amount in amounts], 100 * total)]


def unknown_problem(trader_ids: Iterable[str]) -> ProblemError:
    """Return the problem of traders that are not in the snapshot."""
    return ProblemError(
        ProblemKind.UNKNOWN_TRADERS,
        "The snapshot has no such trader, so nothing can be said; that is not a score of 0.",
        expected="traders with a declaration in the 24 months before the day.",
        advice="GET /ranking lists them.",
        unknown=list(trader_ids),
    )


def serialise_feature(words: Words) -> Mapping[str, object]:
    """Serialise a feature with its words."""
    return {
        name: getattr(words, name)
        for name in ("name", "family", "topic", "unit", "label", "why", "finding_type", "months")
    }
