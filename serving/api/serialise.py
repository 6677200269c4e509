"""What is answered, as plain data with money in cents, and as the bytes that are sent."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pydantic_core

from models.bundle.artefact import Bundle
from models.prediction import PER_TRADER, Explanation, Floats, Prediction
from models.reasons import reasons
from models.words import Words
from serving.live.case import raise_not_finite
from serving.live.rounding import in_cents
from serving.log.entry import Basis
from serving.problems import Kind, ProblemError

Plain = dict[str, Any]
JSON = "application/json"


def as_json(value: object) -> bytes:
    """Return an answer as JSON, seven times as fast as the standard library; raises `NotFiniteError`."""
    body = pydantic_core.to_json(value, inf_nan_mode="constants")
    if b"NaN" in body or b"Infinity" in body:  # perhaps in a name only
        json.loads(body, parse_constant=raise_not_finite)
    return body


def basis_plain(basis: Basis) -> Plain:
    """Return what an answer rests on."""
    return dict(vars(basis))


def said_plain(told: Prediction, *, trader_ids: Sequence[str], prediction_ids: Sequence[str]) -> list[Plain]:
    """Return predictions in cents as data, in their order."""
    numbers = (getattr(told, name).tolist() for name in (*PER_TRADER, "by_type"))
    return [
        {
            "trader_id": trader,
            "prediction_id": prediction,
            "expected": expected,
            "probability": probability,
            "low": low,
            "high": high,
            "by_type": dict(zip(told.types, parts, strict=True)),
        }
        for trader, prediction, expected, probability, low, high, parts in zip(
            trader_ids, prediction_ids, *numbers, strict=True
        )
    ]


def reasons_plain(bundle: Bundle, values: Floats, why: Explanation, *, top: int) -> Plain:
    """Return the base, the `top` weightiest reasons of one trader and the rest; they add up to the cent."""
    money = why.contributions[0]
    places = bundle.alphabetical
    order = places[np.argsort(-np.abs(money[places]), kind="stable")]  # as `reasons` orders them
    first, others = order[:top], order[top:]
    found = reasons([bundle.words[place] for place in first], values[first], money[first])
    parts = [why.base, *money[first], money[others].sum()]
    [rounded] = in_cents(np.array([parts]), why.total[:1]).tolist()
    return {
        "base": rounded[0],
        "reasons": [
            {**vars(reason), "money": amount} for reason, amount in zip(found, rounded[1:-1], strict=True)
        ],
        "rest": rounded[-1],
        "rest_count": len(others),
    }


def unknown_problem(trader_ids: Iterable[str]) -> ProblemError:
    """Return the problem of traders that are not in the snapshot."""
    return ProblemError(
        Kind.UNKNOWN_TRADERS,
        "The snapshot has no such trader, so nothing can be said; that is not a score of 0.",
        expected="traders with a declaration in the 24 months before the day.",
        advice="GET /ranking lists them.",
        unknown=list(trader_ids),
    )


def feature_plain(words: Words) -> Mapping[str, object]:
    """Return a feature in words."""
    return {
        name: getattr(words, name)
        for name in ("name", "family", "unit", "label", "why", "finding_type", "months")
    }
