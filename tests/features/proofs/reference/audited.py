"""What audits found, of a trader and of others, as known when a quarter began."""

from collections.abc import Callable
from datetime import date
from functools import cache

from tests.features.proofs.reference.arithmetic import Number, ratio, step, total, weighted
from tests.features.proofs.reference.rows import Row, by, value
from tests.features.proofs.reference.world import View, World

PRIOR = 10
Measure = Callable[[Row], float]


def closed(audits: list[Row]) -> list[Row]:
    return [audit for audit in audits if audit["closed"]]


def of_others(view: View) -> list[Row]:
    """The closed audits of all traders but this one."""
    began = view.world.audits(view.quarter)
    return [audit for audit in closed(began) if audit["trader_id"] != view.trader]


def shrunk_rate(view: View, audits: list[Row]) -> Number:
    """(k + 10 p) / (n + 10): k of n audits found something, and the share p of all audits of others did."""
    everywhere = ratio(_hits(of_others(view)), len(of_others(view)))
    return None if everywhere is None else (_hits(audits) + PRIOR * everywhere) / (len(audits) + PRIOR)


def _hits(audits: list[Row]) -> int:
    return sum(audit["assessed"] > 0 for audit in audits)


def mean_finding_rate(view: View, months: int, *names: str) -> Number:
    """The mean rate of the brokers, sellers or goods used, each over the audits of others that met it."""
    used = by(view.lines(months), *names)
    rates = {entity: shrunk_rate(view, _met(view, names, entity)) for entity in used}
    return weighted((rates[entity], value(rows)) for entity, rows in used.items())


def record_money(view: View, months: int, name: str) -> Number:
    """What audits of others that met the brokers or sellers used assessed per value, x their value."""
    used = by(view.lines(months), name)
    yields = {entity: shrunk_yield(view, _met(view, (name,), entity)) for entity in used}
    terms = [each * value(used[entity]) for entity, each in yields.items() if each is not None]
    return total(terms) if terms else None


def shrunk_yield(view: View, audits: list[Row]) -> Number:
    """(assessed + 10 x the mean of others) / (audited value + 10 x the mean of others)."""
    others = of_others(view)
    if not others:
        return None
    over, under = (
        total(a[name] for a in audits) + PRIOR * (total(a[name] for a in others) / len(others))
        for name in ("assessed", "audited_value")
    )
    return ratio(over, under)


def _met(view: View, names: tuple[str, ...], entity: object) -> list[Row]:
    return [a for a in of_others(view) if entity in _named(view.world, a["audit_id"], names, view.quarter)]


@cache
def _named(world: World, audit_id: str, names: tuple[str, ...], day: date) -> set[object]:
    """What the lines in an audit's scope name."""
    [audit] = [row for row in world.tables["audits"] if row["audit_id"] == audit_id]
    return set(by((row for row in world.in_scope(audit) if row["known"] < day), *names))


def drawn(view: View, part: Measure, *, per: Measure) -> Number:
    """The trader's part per whole over closed audits, drawn to that of its sector and size by ten audits."""
    own = closed(view.audits)
    if not own and view.world.description(view.trader, view.cutoff) is None:
        return None
    usual = [_mean_of_others(view, measure) for measure in (part, per)]
    if usual[0] is None or usual[1] is None:
        return None
    over, under = total(map(part, own)) + PRIOR * usual[0], total(map(per, own)) + PRIOR * usual[1]
    return ratio(step(over), step(under))


def _mean_of_others(view: View, measure: Measure) -> Number:
    others, own = of_others(view), view.world.cell(view.trader, view.cutoff)
    like = [a for a in others if view.world.cell(a["trader_id"], a["opened_on"]) == own]
    everywhere = ratio(total(map(measure, others)), len(others))
    if everywhere is None:
        return None
    return (total(map(measure, like)) + PRIOR * everywhere) / (len(like) + PRIOR)
