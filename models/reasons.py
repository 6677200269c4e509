"""Reasons of one prediction: each feature's contribution in money, with a sentence for auditors."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.unit import UNKNOWN, Unit, format_value
from models.prediction import Floats
from models.words import Words


@dataclass(frozen=True)
class Reason:
    """What one feature adds to a trader's expected money, or takes away.

    `value` is the trader's, None where it is unknown; `sentence` says it in words; `money` is the
    contribution; `finding_type` the kind of finding it speaks of.
    """

    feature: str
    family: str
    finding_type: str | None
    label: str
    sentence: str
    value: float | None
    money: float


def reasons(words: Sequence[Words], values: Floats, contributions: Floats) -> tuple[Reason, ...]:
    """Return the reasons of one trader, the weightiest first; `values` and `contributions` are (p,)."""
    unordered = [
        _reason(each, None if np.isnan(value) else float(value), float(money))
        for each, value, money in zip(words, values, contributions, strict=True)
    ]
    return tuple(sorted(unordered, key=lambda reason: (-abs(reason.money), reason.feature)))


def _reason(words: Words, value: float | None, money: float) -> Reason:
    if value is None:
        sentence = f"{words.label}: {UNKNOWN}."
    else:
        sentence = words.say(format_value(value, Unit(words.unit)))
    return Reason(
        feature=words.name,
        family=words.family,
        finding_type=words.finding_type,
        label=words.label,
        sentence=sentence,
        value=value,
        money=money,
    )


def in_whole_units(amounts: Sequence[float], total: float) -> list[int]:
    """Round amounts so that they add up to the rounded total, by the largest remainder.

    >>> in_whole_units([0.4, 0.4, 0.4], 1.2)
    [1, 0, 0]
    """
    floors = [int(np.floor(amount)) for amount in amounts]
    left = round(total) - sum(floors)
    order = sorted(range(len(amounts)), key=lambda index: (floors[index] - amounts[index], index))
    for step in range(abs(left)):
        index = order[step % len(order)] if left > 0 else order[-1 - step % len(order)]
        floors[index] += 1 if left > 0 else -1
    return floors
