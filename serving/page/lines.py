"""Reasons of a trader for a page: windows of one indicator joined, in whole units of money."""

from collections.abc import Sequence
from dataclasses import dataclass

from features.unit import Unit, format_value
from models.reasons import Reason, in_whole_units, reasons
from models.words import Words
from serving.live.peers import Peers
from serving.live.state import Live

TOP = 8


@dataclass(frozen=True)
class JoinedReason:
    """The reasons of one indicator over several windows, the weightiest first."""

    members: tuple[Reason, ...]

    @property
    def first(self) -> Reason:
        """The weightiest: its sentence stands for all."""
        return self.members[0]

    @property
    def money(self) -> float:
        """The contributions of all of them."""
        return sum(reason.money for reason in self.members)


@dataclass(frozen=True)
class ReasonLine:
    """One reason on the page.

    - `money`: what it adds to the expected money or takes away, in whole units.
    - `value`, `peers`: the trader's value and its peers' median as a person reads them, where known.
    - `windows`: how many windows of the indicator are in it.
    - `behind`: features whose rows can be shown, each with its label.
    """

    sentence: str
    money: int
    value: str | None
    peers: str | None
    windows: int
    behind: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Account:
    """The expected money in whole units: `base`, the lines and `rest` add up to `total`."""

    base: int
    lines: tuple[ReasonLine, ...]
    rest: int
    rest_count: int
    total: int


def account_of(live: Live, trader_id: str, *, among: Peers, top: int = TOP) -> Account:
    """Return the reasons of a trader: the `top` weightiest, and all others as one sum."""
    base, total, joined = joined_reasons(live, trader_id)
    first, others = joined[:top], joined[top:]
    amounts = [base, *(each.money for each in first), sum(each.money for each in others)]
    whole = in_whole_units(amounts, total)
    lines = [
        _line(live, each, money=money, among=among) for each, money in zip(first, whole[1:], strict=False)
    ]
    return Account(whole[0], tuple(lines), whole[-1], len(others), sum(whole))


def joined_reasons(live: Live, trader_id: str) -> tuple[float, float, list[JoinedReason]]:
    """Return the base of every trader, the money expected, and the reasons between, the weightiest first."""
    explanation = live.explanation(trader_id)
    values, contributions = live.X[live.row_index[trader_id]], explanation.contributions[0]
    joined = join_windows(reasons(live.bundle.words, values, contributions), words=live.bundle.words)
    return explanation.base, float(explanation.total[0]), joined


def join_windows(all_reasons: Sequence[Reason], *, words: Sequence[Words]) -> list[JoinedReason]:
    """Join the reasons that are one indicator over several windows; the weightiest sum comes first."""
    stems = {each.name: each.name.removesuffix(f"_{each.months}m") for each in words}
    groups: dict[str, list[Reason]] = {}
    for reason in all_reasons:
        groups.setdefault(stems[reason.feature], []).append(reason)
    joined = [JoinedReason(tuple(members)) for members in groups.values()]
    return sorted(joined, key=lambda each: (-abs(each.money), each.first.feature))


def _line(live: Live, joined: JoinedReason, *, money: int, among: Peers) -> ReasonLine:
    reason = joined.first
    column = live.bundle.names.index(reason.feature)
    unit, median = Unit(live.bundle.words[column].unit), among.median(column)
    return ReasonLine(
        sentence=reason.sentence,
        money=money,
        value=None if reason.value is None else format_value(reason.value, unit),
        peers=None if median is None else format_value(median, unit),
        windows=len(joined.members),
        behind=tuple((each.name, each.label) for each in live.snapshot.with_rows(reason.feature)),
    )
