"""Reasons of one prediction: contributions in money with sentences for auditors, by feature and by topic."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from features.unit import UNKNOWN, Unit, format_value
from models.prediction import Floats
from models.words import Words


@dataclass(frozen=True)
class Reason:
    """What one feature adds to a trader's expected money, or takes away.

    `value` is the trader's, None where it is unknown; `sentence` says it in words; `money` is the
    contribution; `topic` what it is shown under; `finding_type` the kind of finding it speaks of.
    """

    feature: str
    family: str
    topic: str
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
    return tuple(sorted(unordered, key=_weightiest))


def _weightiest(reason: Reason) -> tuple[float, str]:
    return -abs(reason.money), reason.feature


def _reason(words: Words, value: float | None, money: float) -> Reason:
    if value is None:
        sentence = f"{words.label}: {UNKNOWN}."
    else:
        sentence = words.say(format_value(value, Unit(words.unit)))
    return Reason(
        feature=words.name,
        family=words.family,
        topic=words.topic,
        finding_type=words.finding_type,
        label=words.label,
        sentence=sentence,
        value=value,
        money=money,
    )


@dataclass(frozen=True)
class TopicReason:
    """What the features of one topic add together, or take away; their `parts` come weightiest first.

    What points up and what points down inside a topic are netted: together they are one reason.
    """

    topic: str
    parts: tuple[Reason, ...]

    @property
    def money(self) -> float:
        """The contributions of all parts."""
        return sum(part.money for part in self.parts)

    @property
    def leading(self) -> Reason:
        """The weightiest part that points the same way as the topic: its sentence speaks for it."""
        money = self.money
        return next((part for part in self.parts if part.money * money > 0), self.parts[0])

    def to_dict(self) -> dict[str, Any]:
        """Return the topic as plain data: with the leading feature and its sentence, and all its features."""
        return {
            "topic": self.topic,
            "money": self.money,
            "feature": self.leading.feature,
            "sentence": self.leading.sentence,
            "features": [part.feature for part in self.parts],
        }


def by_topic(parts: Sequence[Reason]) -> tuple[TopicReason, ...]:
    """Return the reasons of one trader by topic, the weightiest topic first; each part is in one of them."""
    topics: dict[str, list[Reason]] = {}
    for part in parts:
        topics.setdefault(part.topic, []).append(part)
    unordered = [
        TopicReason(topic, tuple(sorted(members, key=_weightiest))) for topic, members in topics.items()
    ]
    return tuple(sorted(unordered, key=lambda each: (-abs(each.money), each.topic)))


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
