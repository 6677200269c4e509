"""Reasons of a trader for a page: a line a topic, open down to each feature, in whole units that add up."""

from collections.abc import Sequence
from dataclasses import dataclass

from features.language import Language
from features.unit import Unit, format_value
from models.reasons import Reason, TopicReason, TypeReasons, about, by_topic, in_whole_units
from serving.live.evidence import features_with_rows
from serving.live.peers import Peers
from serving.live.state import Live

TOP = 10


@dataclass(frozen=True)
class ReasonPart:
    """What one feature adds to its line or takes away, in whole units, and what it is held against.

    `value` is the trader's as a person reads it, where the sentence does not say it so; `turns_at` the
    nearest value at which the feature does the opposite; `peers` the median of its peers, where the
    trader stands on the same side of that. None where there is none.
    """

    feature: str
    sentence: str
    why: str
    money: int
    value: str | None
    turns_at: str | None
    peers: str | None


@dataclass(frozen=True)
class TypeLine:
    """What the features of a line that speak of one finding type add together; `about` says of which.

    `parts` and `silent_money`, that of the features labelled `silent`, add up to `money`. Silent is also what
    adds or takes away less than a whole unit.
    """

    about: str
    money: int
    parts: tuple[ReasonPart, ...]
    silent: tuple[str, ...]
    silent_money: int


@dataclass(frozen=True)
class ReasonLine:
    """One reason on the page: what the features of a topic add together.

    - `topic`: the heading; `sentence`: that of `leading`, the weightiest part that points the way the line
      does (None where no part says it by itself).
    - `money`: what it adds to the expected money or takes away, in whole units: the sum of its `types`.
    - `behind`: features whose rows can be shown, each with its label.
    """

    topic: str
    sentence: str
    money: int
    leading: ReasonPart | None
    types: tuple[TypeLine, ...]
    behind: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Account:
    """The expected money in whole units: `base`, the `lines` and `rest` add up to `total`.

    `rest` is the sum of the `others`, which open as the lines do.
    """

    base: int
    lines: tuple[ReasonLine, ...]
    others: tuple[ReasonLine, ...]
    total: int

    @property
    def rest(self) -> int:
        """The money of all others."""
        return sum(line.money for line in self.others)


def account_of(live: Live, trader_id: str, *, among: Peers, top: int = TOP, limited: bool = False) -> Account:
    """Return the reasons of a trader: the `top` weightiest, and the others.

    A `limited` reader is led to no rows that are other traders.
    """
    base, total, topics = topic_reasons(live, trader_id)
    whole = in_whole_units([base, *(each.money for each in topics)], total)
    lines = tuple(
        _line(live, each, money=money, among=among, limited=limited)
        for each, money in zip(topics, whole[1:], strict=True)
    )
    return Account(whole[0], lines[:top], lines[top:], sum(whole))


def topic_reasons(live: Live, trader_id: str) -> tuple[float, float, tuple[TopicReason, ...]]:
    """Return the base of every trader, the money expected, and the reasons between, the weightiest first."""
    explanation = live.explanation(trader_id)
    topics = by_topic(live.reasons(live.X[live.row_index[trader_id]], explanation), live.language)
    return explanation.base, float(explanation.total[0]), topics


def _line(live: Live, reason: TopicReason, *, money: int, among: Peers, limited: bool) -> ReasonLine:
    whole = in_whole_units([each.money for each in reason.by_type], money)
    types = tuple(
        _type_line(live, each, money=amount, among=among)
        for each, amount in zip(reason.by_type, whole, strict=True)
    )
    leading = reason.leading
    rows = features_with_rows(live, leading.feature, limited=limited) if leading else ()
    return ReasonLine(
        topic=reason.topic,
        sentence=reason.sentence,
        money=money,
        leading=_part(live, leading, money=money, among=among) if leading else None,
        types=types,
        behind=tuple((each.name, live.language.gettext(each.label)) for each in rows),
    )


def _type_line(live: Live, reason: TypeReasons, *, money: int, among: Peers) -> TypeLine:
    spoken, rest = reason.divided(money, in_whole_units)
    parts = tuple(
        _part(live, part, money=int(amount), among=among)
        for part, amount in zip(reason.speaking, spoken, strict=True)
        if amount
    )
    shown = {part.feature for part in parts}
    silent = [part for part in reason.parts if part.feature not in shown]
    return TypeLine(about(reason.finding_type, live.language), money, parts, _labels(silent), int(rest))


def _labels(parts: Sequence[Reason]) -> tuple[str, ...]:
    """Return the labels of features, one for all windows of the same."""
    return tuple(dict.fromkeys(part.label for part in parts))


def _part(live: Live, reason: Reason, *, money: int, among: Peers) -> ReasonPart:
    column = live.bundle.names.index(reason.feature)
    unit = Unit(live.bundle.words[column].unit)
    value = format_value(reason.value, unit, live.language)
    return ReasonPart(
        feature=reason.feature,
        sentence=reason.sentence,
        why=reason.why,
        money=money,
        value=None if reason.value is None or value in reason.sentence else value,
        turns_at=None
        if reason.turns_at is None or unit is Unit.FLAG
        else format_value(reason.turns_at, unit, live.language),
        peers=_peers(reason, among.median(column), unit, language=live.language),
    )


def _peers(reason: Reason, median: float | None, unit: Unit, *, language: Language) -> str | None:
    """Return the median of the peers, where the trader stands on the same side of it as of the turn."""
    value, turns_at = reason.value, reason.turns_at
    if median is None or value is None or turns_at is None:
        return None
    is_same_side = (value - median) * (value - turns_at) > 0
    return format_value(median, unit, language) if is_same_side else None
