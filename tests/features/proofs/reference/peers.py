"""Lines beside those of others: a group's voters, their middle, and how far a line lies from it."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date
from functools import cache

from features.prepare import peers as settings
from features.spine import months_before, quarter_of
from tests.features.proofs.reference.arithmetic import Number, log_of, mean, quantile, step, weighted
from tests.features.proofs.reference.rows import Row, addition_share, cancelled, full_rate, parts, quantity
from tests.features.proofs.reference.world import View, World

Levels = Iterable[tuple[str, ...]]
GOODS = (("hs6", "quantity_unit", "origin_country"), ("hs6", "quantity_unit"), ("hs4", "quantity_unit"))
ROUTES = (("dispatch_country", "transport_mode", "hs4"), ("dispatch_country", "transport_mode"))
HABITS = (("hs6",), ("hs4",))
HEADINGS = (("hs4",),)


def log_price(row: Row) -> Number:
    return _log(row["customs_value"], quantity(row))


def is_adjusted(row: Row) -> Number:
    return float((row["valuation_adjustment"] or 0) != 0)


def is_elsewhere(row: Row) -> Number:
    dispatch = row["dispatch_country"]
    return None if dispatch is None else float(dispatch != row["origin_country"])


def _log(over: Number, under: Number) -> Number:
    """To six decimals, so that lines at one price can be told from lines below it."""
    ratio = log_of(over, under)
    return None if ratio is None else step(ratio)


MEASURES: dict[str, Callable[[Row], Number]] = {
    "price": log_price,
    "value_per_kg": lambda row: _log(row["customs_value"], row["gross_mass_kg"]),
    "net_share": lambda row: _log(row["net_mass_kg"], row["gross_mass_kg"]),
    "quantity_per_kg": lambda row: _log(row["supplementary_quantity"], row["net_mass_kg"]),
    "freight_share": lambda row: _log(row["freight_amount"], row["customs_value"]),
    "is_adjusted": is_adjusted,
    "addition_share": addition_share,
    "full_rate": full_rate,
    "is_elsewhere": is_elsewhere,
    "levy_rate": lambda row: row["levy_rate"],
}


@cache
def _votes(
    world: World, measure: str, *, level: tuple[str, ...], key: tuple[object, ...], quarter: date
) -> dict[str, list[float]]:
    """Each trader's values of a measure in the four quarters before one."""
    votes: dict[str, list[float]] = defaultdict(list)
    for row in world.first_versions:
        is_known = months_before(quarter, 12) <= row["known"] < quarter and not cancelled(row, quarter)
        if is_known and parts(row, level) == key:
            voted = MEASURES[measure](row)
            if voted is not None:
                votes[row["trader_id"]].append(voted)
    return votes


def others(view: View, row: Row, *, measure: str, levels: Levels) -> list[float] | None:
    """The means of other traders for the like, in the narrowest group with enough of them."""
    quarter = quarter_of(row["accepted_on"])
    for level in levels:
        key = parts(row, level)
        votes = _votes(view.world, measure, level=level, key=key, quarter=quarter)
        rest = {trader: values for trader, values in votes.items() if trader != view.trader}
        enough = sum(map(len, rest.values())) >= settings.FEWEST_LINES
        if None not in key and enough and len(rest) >= settings.FEWEST_TRADERS:
            return [step(mean(values)) for values in rest.values()]
    return None


def gap(view: View, row: Row, *, measure: str, levels: Levels = GOODS, share: float = 0.5) -> Number:
    """How far a line's measure lies above a quantile of the others'."""
    own, rest = MEASURES[measure](row), others(view, row, measure=measure, levels=levels)
    return None if own is None or rest is None else own - step(quantile(rest, share))


def limited_gap(view: View, row: Row, *, measure: str, levels: Levels = GOODS) -> Number:
    """The gap from the middle, limited to ten times off."""
    whole = gap(view, row, measure=measure, levels=levels)
    return None if whole is None else min(max(whole, -math.log(10)), math.log(10))


def mean_gap(view: View, months: int, *, measure: str, levels: Levels = GOODS) -> Number:
    rows = view.lines(months)
    return weighted(
        (limited_gap(view, row, measure=measure, levels=levels), row["customs_value"]) for row in rows
    )


def share_below(view: View, months: int, *, measure: str, share: float) -> Number:
    """The share in value of the lines below a quantile of the others'."""
    gaps = [(gap(view, row, measure=measure, share=share), row) for row in view.lines(months)]
    return weighted((None if g is None else g < -1e-9, row["customs_value"]) for g, row in gaps)


def share_above(view: View, months: int, *, measure: str, share: float) -> Number:
    gaps = [(gap(view, row, measure=measure, share=share), row) for row in view.lines(months)]
    return weighted((None if g is None else g > 1e-9, row["customs_value"]) for g, row in gaps)


def missing(shortfall: Number) -> Number:
    """What is missing as a share of what was declared, up to ten times off, of a logarithm of their ratio."""
    return None if shortfall is None else min(math.exp(max(shortfall, 0)), 10) - 1


def habit(view: View, row: Row, measure: str, levels: Levels = HABITS) -> Number:
    """The mean of the others' means."""
    rest = others(view, row, measure=measure, levels=levels)
    return None if rest is None else step(mean(rest))


@cache
def _own(
    world: World, measure: str, *, level: tuple[str, ...], key: tuple[object, ...], trader: str, quarter: date
) -> list[float]:
    """A trader's values of a measure in the three years before a quarter."""
    values = [
        MEASURES[measure](row)
        for row in world.first_versions
        if row["trader_id"] == trader
        and months_before(quarter, 36) <= row["known"] < quarter
        and not cancelled(row, quarter)
        and parts(row, level) == key
    ]
    return [value for value in values if value is not None]


def own_past(view: View, row: Row, *, measure: str, levels: Levels = GOODS) -> Number:
    """The mean of the trader's own lines of the three years before, in the narrowest group with one."""
    quarter = quarter_of(row["accepted_on"])
    for level in levels:
        key = parts(row, level)
        values = _own(view.world, measure, level=level, key=key, trader=view.trader, quarter=quarter)
        if values:
            return step(mean(values))
    return None
