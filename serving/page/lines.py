"""Reasons of a trader for a page: a line a topic, in whole units of money that add up."""

from dataclasses import dataclass

from features.unit import Unit, format_value
from models.reasons import TopicReason, by_topic, in_whole_units, reasons
from serving.live.evidence import features_with_rows
from serving.live.peers import Peers
from serving.live.state import Live

TOP = 10
PARTS = 8
"""Parts of a line that can be opened one by one."""


@dataclass(frozen=True)
class ReasonPart:
    """What one feature adds to its line or takes away, in whole units."""

    sentence: str
    money: int


@dataclass(frozen=True)
class ReasonLine:
    """One reason on the page: what the features of a topic add together.

    - `topic`: the heading; `sentence`: that of the weightiest part that points the way the line does.
    - `money`: what it adds to the expected money or takes away, in whole units.
    - `parts`: the weightiest that add or take away a whole unit or more; with `other_parts`, the sum of all
      others, they add up to `money`.
    - `value`: the trader's value as a person reads it, where the sentence does not say it so; `peers`: the
      median of its peers. None where unknown.
    - `behind`: features whose rows can be shown, each with its label.
    """

    topic: str
    sentence: str
    money: int
    parts: tuple[ReasonPart, ...]
    other_parts: int
    value: str | None
    peers: str | None
    behind: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Account:
    """The expected money in whole units: `base`, the lines and `rest` add up to `total`."""

    base: int
    lines: tuple[ReasonLine, ...]
    rest: int
    rest_count: int
    total: int


def account_of(live: Live, trader_id: str, *, among: Peers, top: int = TOP, limited: bool = False) -> Account:
    """Return the reasons of a trader: the `top` weightiest, and all others as one sum.

    A `limited` reader is led to no rows that are other traders.
    """
    base, total, topics = topic_reasons(live, trader_id)
    first, others = topics[:top], topics[top:]
    amounts = [base, *(each.money for each in first), sum(each.money for each in others)]
    whole = in_whole_units(amounts, total)
    lines = [
        _line(live, each, money=money, among=among, limited=limited)
        for each, money in zip(first, whole[1:], strict=False)
    ]
    return Account(whole[0], tuple(lines), whole[-1], len(others), sum(whole))


def topic_reasons(live: Live, trader_id: str) -> tuple[float, float, tuple[TopicReason, ...]]:
    """Return the base of every trader, the money expected, and the reasons between, the weightiest first."""
    explanation = live.explanation(trader_id)
    values, contributions = live.X[live.row_index[trader_id]], explanation.contributions[0]
    topics = by_topic(reasons(live.bundle.words, values, contributions))
    return explanation.base, float(explanation.total[0]), topics


def _line(live: Live, reason: TopicReason, *, money: int, among: Peers, limited: bool) -> ReasonLine:
    leading = reason.leading
    column = live.bundle.names.index(leading.feature)
    unit, median = Unit(live.bundle.words[column].unit), among.median(column)
    value = format_value(leading.value, unit)
    whole = in_whole_units([part.money for part in reason.parts], money)
    parts = tuple(
        ReasonPart(part.sentence, amount)
        for part, amount in zip(reason.parts[:PARTS], whole, strict=False)
        if amount
    )
    return ReasonLine(
        topic=reason.topic,
        sentence=leading.sentence,
        money=money,
        parts=parts,
        other_parts=money - sum(part.money for part in parts),
        value=None if leading.value is None or value in leading.sentence else value,
        peers=None if median is None else format_value(median, unit),
        behind=tuple(
            (each.name, each.label) for each in features_with_rows(live, leading.feature, limited=limited)
        ),
    )
