"""Reasons of one prediction: contributions in money with sentences, by topic, finding type and feature."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

from features.language import ENGLISH, Language
from features.unit import UNKNOWN, Unit, format_value, reads_as_zero
from models.prediction import Floats
from models.turning import TurningPoint, TurningPoints
from models.words import Words

UNKNOWN_WHY = "The money is what audits found where it was unknown too."
TOGETHER = "Only together do its values say so; none does by itself."
ABOUT_NONE = "about no one kind of finding"
Divide = Callable[[Sequence[float], float], Sequence[float]]
"""Rounds amounts so that they add up to a total."""


@dataclass(frozen=True)
class Reason:
    """What one feature adds to a trader's expected money, or takes away.

    - `value`: the trader's, None where it is unknown; `sentence` says it in words.
    - `why`: what follows from it, empty where the value by itself says nothing: the model took it otherwise
      than with other traders, for what else it knows.
    - `turns_at`: the nearest value at which the feature does the opposite, None where there is none.
    - `money`: the contribution; `topic` what it is shown under; `finding_type` the kind of finding that it
      speaks of.
    """

    feature: str
    family: str
    topic: str
    finding_type: str | None
    label: str
    sentence: str
    why: str
    value: float | None
    turns_at: float | None
    money: float

    def to_dict(self, money: float) -> dict[str, Any]:
        """Return it as plain data under a topic and finding type, with `money` as rounded."""
        names = ("feature", "label", "sentence", "why", "value", "turns_at")
        return {name: getattr(self, name) for name in names} | {"money": money}


def reasons(
    words: Sequence[Words],
    values: Floats,
    contributions: Floats,
    turning_points: TurningPoints,
    *,
    language: Language = ENGLISH,
) -> tuple[Reason, ...]:
    """Return the reasons of one trader, the weightiest first; each argument has one of each feature.

    Label, sentence, why and topic are in the language.
    """
    unordered = [
        _reason(each, None if math.isnan(value) else value, money, turn, language=language)
        for each, value, money, turn in zip(
            words, values.tolist(), contributions.tolist(), turning_points, strict=True
        )
    ]
    return tuple(sorted(unordered, key=_weightiest))


def _weightiest(reason: Reason) -> tuple[float, str]:
    return -abs(reason.money), reason.feature


def _reason(
    words: Words, value: float | None, money: float, turn: TurningPoint | None, *, language: Language
) -> Reason:
    turns_at = None if turn is None or value is None else turn.opposite(value)
    label = language.gettext(words.label)
    if value is None:
        sentence, why = f"{label}: {language.gettext(UNKNOWN)}.", language.gettext(UNKNOWN_WHY)
    else:
        sentence = words.say(format_value(value, Unit(words.unit), language), language)
        why = _why(words, value, money, turn, language=language) if turn and turns_at is not None else ""
    return Reason(
        feature=words.name,
        family=words.family,
        topic=language.gettext(words.topic),
        finding_type=words.finding_type,
        label=label,
        sentence=sentence,
        why=why,
        value=value,
        turns_at=turns_at,
        money=money,
    )


def _why(words: Words, value: float, money: float, turn: TurningPoint, *, language: Language) -> str:
    """Return what follows from a value: the words of the feature where the model learned what they say."""
    unit = Unit(words.unit)
    if not turn.agrees(value, money):
        return ""
    if words.direction == turn.direction:
        return language.gettext(words.why)
    more_at = format_value(turn.above if turn.direction > 0 else turn.below, unit, language)
    if unit is Unit.FLAG:
        lesson = language.gettext(
            "By the audits learned from, all else equal, more is found where the answer is {value}."
        )
    elif turn.direction > 0:
        lesson = language.gettext(
            "By the audits learned from, all else equal, more is found from {value} up."
        )
    elif reads_as_zero(more_at):
        lesson = language.gettext(
            "By the audits learned from, all else equal, more is found at {value} than above it."
        )
    else:
        lesson = language.gettext("By the audits learned from, all else equal, more is found up to {value}.")
    return lesson.format(value=more_at)


class _Together:
    """What `parts` add together, weightiest first; one speaks for all, or else the sentence `together`."""

    parts: tuple[Reason, ...]
    together: str

    @property
    def money(self) -> float:
        """The contributions of all parts."""
        return sum(part.money for part in self.parts)

    @cached_property
    def leading(self) -> Reason | None:
        """The weightiest part that says something and points the same way as all together."""
        return _leading(self.parts, self.money)

    @property
    def sentence(self) -> str:
        """The sentence that speaks for all parts."""
        return self.leading.sentence if self.leading else self.together


@dataclass(frozen=True)
class TypeReasons(_Together):
    """What the features of one topic that speak of one finding type add together, the weightiest first."""

    finding_type: str | None
    parts: tuple[Reason, ...]
    together: str = TOGETHER

    @cached_property
    def speaking(self) -> tuple[Reason, ...]:
        """The parts that say something by themselves."""
        return tuple(part for part in self.parts if part.why)

    @cached_property
    def silent(self) -> tuple[Reason, ...]:
        """The others: they are one sum, for no sentence of theirs could be defended."""
        return tuple(part for part in self.parts if not part.why)

    def divided(self, money: float, divide: Divide) -> tuple[Sequence[float], float]:
        """Return the money of each speaking part, and of the silent ones together, as parts of `money`."""
        silent = sum(part.money for part in self.silent)
        *spoken, rest = divide([*(part.money for part in self.speaking), silent], money)
        return spoken, rest


@dataclass(frozen=True)
class TopicReason(_Together):
    """What the features of one topic add together, or take away; their `parts` come weightiest first.

    What points up and what points down inside a topic are netted: together they are one reason.
    """

    topic: str
    parts: tuple[Reason, ...]
    together: str = TOGETHER

    @cached_property
    def by_type(self) -> tuple[TypeReasons, ...]:
        """The parts by finding type, the weightiest type first."""
        ordered = sorted(self.parts, key=lambda part: part.finding_type or "")  # stable: weightiest first
        groups = groupby(ordered, key=lambda part: part.finding_type)
        types = [TypeReasons(finding_type, tuple(parts), self.together) for finding_type, parts in groups]
        return tuple(sorted(types, key=lambda each: (-abs(each.money), each.finding_type or "")))

    def to_dict(self, money: float, divide: Divide) -> dict[str, Any]:
        """Return the topic as plain data down to each feature; at every level money adds up to that above.

        `money` is that of the topic as rounded, which `divide` rounds further down.
        """
        of_types = divide([each.money for each in self.by_type], money)
        return {
            "topic": self.topic,
            "money": money,
            "feature": self.leading.feature if self.leading else None,
            "sentence": self.sentence,
            "why": self.leading.why if self.leading else "",
            "features": [part.feature for part in self.parts],
            "by_type": [
                _type_to_dict(each, amount, divide)
                for each, amount in zip(self.by_type, of_types, strict=True)
            ],
        }


def _leading(parts: Sequence[Reason], money: float) -> Reason | None:
    return next((part for part in parts if part.why and part.money * money > 0), None)


def _type_to_dict(reason: TypeReasons, money: float, divide: Divide) -> dict[str, Any]:
    spoken, rest = reason.divided(money, divide)
    return {
        "finding_type": reason.finding_type,
        "money": money,
        "reasons": [part.to_dict(amount) for part, amount in zip(reason.speaking, spoken, strict=True)],
        "silent": [part.feature for part in reason.silent],
        "silent_money": rest,
    }


def about(finding_type: str | None, language: Language = ENGLISH) -> str:
    """Return in words which kind of finding reasons speak of."""
    words = f"about {finding_type}" if finding_type else ABOUT_NONE
    return language.gettext(words)


def by_topic(parts: Sequence[Reason], language: Language = ENGLISH) -> tuple[TopicReason, ...]:
    """Return the reasons of one trader by topic, the weightiest topic first; each part is in one of them."""
    topics: dict[str, list[Reason]] = {}
    for part in parts:
        topics.setdefault(part.topic, []).append(part)
    unordered = [
        TopicReason(topic, tuple(sorted(members, key=_weightiest)), language.gettext(TOGETHER))
        for topic, members in topics.items()
    ]
    return tuple(sorted(unordered, key=lambda each: (-abs(each.money), each.topic)))


def unrounded(amounts: Sequence[float], total: float) -> Sequence[float]:  # noqa: ARG001  as `Divide` is called
    """Return amounts as they are."""
    return amounts


def in_whole_units(amounts: Sequence[float], total: float) -> list[int]:
    """Round amounts so that they add up to the rounded total, by the largest remainder.

    >>> in_whole_units([0.4, 0.4, 0.4], 1.2)
    [1, 0, 0]
    """
    floors = [math.floor(amount) for amount in amounts]
    left = round(total) - sum(floors)
    order = sorted(range(len(amounts)), key=lambda index: (floors[index] - amounts[index], index))
    for step in range(abs(left)):
        index = order[step % len(order)] if left > 0 else order[-1 - step % len(order)]
        floors[index] += 1 if left > 0 else -1
    return floors
