"""Prices, beside those of others and one's own, and what was declared of how they came about."""

import math
from collections import Counter
from collections.abc import Callable, Iterable

from features.library.valuation import digits
from features.prepare import prices as settings
from tests.features.proofs.reference.arithmetic import (
    Number,
    less,
    quantile,
    ratio,
    step,
    sum_or_none,
    times,
    total,
    weighted,
)
from tests.features.proofs.reference.peers import (
    ROUTES,
    gap,
    habit,
    is_adjusted,
    limited_gap,
    log_price,
    mean_gap,
    missing,
    others,
    own_past,
    share_below,
)
from tests.features.proofs.reference.rows import Row, ad_valorem, addition_share, by, value
from tests.features.proofs.reference.world import View

GOODS = ("hs6", "quantity_unit", "origin_country")


def price_gap(view: View, months: int) -> Number:
    return mean_gap(view, months, measure="price")


def line_price_gap(view: View, months: int) -> Number:
    return _average(limited_gap(view, row, measure="price") for row in view.lines(months))


def half_price_share(view: View, months: int) -> Number:
    gaps = [gap(view, row, measure="price") for row in view.lines(months)]
    return _average(None if g is None else g < -math.log(2) for g in gaps)


def _average(values: Iterable[Number]) -> Number:
    return weighted((value, 1) for value in values)


def undervalue_money(view: View, months: int) -> Number:
    return _on_value(view, months, lambda row: gap(view, row, measure="price"))


def low_price_money(view: View, months: int) -> Number:
    return _on_value(view, months, lambda row: gap(view, row, measure="price", share=0.1))


def _on_value(view: View, months: int, excess: Callable[[Row], Number]) -> Number:
    """The taxes on the value that is missing where a line lies below what it should be, in logarithms."""
    return sum_or_none(times(missing(less(0, excess(row))), ad_valorem(row)) for row in view.lines(months))


def overvalue_money(view: View, months: int) -> Number:
    gaps = [(limited_gap(view, row, measure="price"), row) for row in view.lines(months)]
    return sum_or_none(None if g is None else (1 - math.exp(-max(g, 0))) * ad_valorem(row) for g, row in gaps)


def own_past_gap(view: View, months: int) -> Number:
    return weighted((_own_gap(view, row), row["customs_value"]) for row in view.lines(months))


def _own_gap(view: View, row: Row) -> Number:
    whole = less(log_price(row), own_past(view, row, measure="price"))
    return None if whole is None else min(max(whole, -math.log(10)), math.log(10))


def own_past_low_share(view: View, months: int) -> Number:
    gaps = [_own_gap(view, row) for row in view.lines(months)]
    return _average(None if g is None else g < math.log(0.7) for g in gaps)


def own_past_line_gap(view: View, months: int) -> Number:
    return _average(_own_gap(view, row) for row in view.lines(months))


def own_past_money(view: View, months: int) -> Number:
    return _on_value(view, months, lambda row: _beyond_own(view, row))


def _beyond_own(view: View, row: Row) -> Number:
    """How far a price lies above seven tenths of the own earlier one."""
    return less(less(log_price(row), own_past(view, row, measure="price")), math.log(0.7))


def own_past_fall_money(view: View, months: int) -> Number:
    fall = less(0, own_past_line_gap(view, months))
    return times(None if fall is None else max(fall, 0), total(ad_valorem(row) for row in view.lines(months)))


def low_on_both_money(view: View, months: int) -> Number:
    def higher(row: Row) -> Number:
        own, peers = _beyond_own(view, row), gap(view, row, measure="price")
        return None if own is None or peers is None else max(own, peers)

    return _on_value(view, months, higher)


def low_price_share(view: View, months: int) -> Number:
    return share_below(view, months, measure="price", share=0.1)


def own_price_drift(view: View, months: int) -> Number:
    return _price_change(view, 3, before=months)


def own_price_change(view: View, months: int) -> Number:
    return _price_change(view, 12, before=months)


def _price_change(view: View, late: int, *, before: int) -> Number:
    """How a seller's middle price for goods rose from the rest of a window to its last months."""
    goods = by(_priced(view.lines(before)), "seller_id", "hs6", "quantity_unit").values()
    changes = []
    for rows in goods:
        recent = [row for row in rows if view.within(row["accepted_on"], late)]
        earlier = [row for row in rows if not view.within(row["accepted_on"], late)]
        changes.append((less(_middle(recent), _middle(earlier)), value(recent)))
    return weighted(changes)


def _priced(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if log_price(row) is not None]


def _prices(rows: list[Row]) -> list[float]:
    return [price for price in map(log_price, rows) if price is not None]


def _middle(rows: list[Row]) -> Number:
    return quantile(_prices(rows), 0.5) if len(rows) >= settings.FEWEST_FOR_A_MIDDLE else None


def own_price_spread(view: View, months: int) -> Number:
    goods = by(_priced(view.lines(months)), *GOODS).values()
    return weighted((_quartile_range(rows), value(rows)) for rows in goods)


def _quartile_range(rows: list[Row]) -> Number:
    if len(rows) < settings.FEWEST_FOR_A_SPREAD:
        return None
    return quantile(_prices(rows), 0.75) - quantile(_prices(rows), 0.25)


def seller_price_split(view: View, months: int) -> Number:
    goods = by(_priced(view.lines(months)), *GOODS).values()
    return weighted(_split(rows) for rows in goods)


def _split(rows: list[Row]) -> tuple[Number, float]:
    """Between the dearest and the cheapest seller of goods, with the value of both and those between."""
    sellers = {seller: (_middle(lines), value(lines)) for seller, lines in by(rows, "seller_id").items()}
    priced = [(middle, worth) for middle, worth in sellers.values() if middle is not None]
    middles = [middle for middle, _ in priced]
    return max(middles) - min(middles) if len(priced) > 1 else None, total(worth for _, worth in priced)


def freight_gap(view: View, months: int) -> Number:
    return mean_gap(view, months, measure="freight_share", levels=ROUTES)


def freight_value_money(view: View, months: int) -> Number:
    def dear(row: Row) -> Number:
        return less(0, gap(view, row, measure="freight_share", levels=ROUTES))

    return _on_value(view, months, dear)


def freight_missing_money(view: View, months: int) -> Number:
    terms = []
    for row in view.lines(months):
        usual = others(view, row, measure="freight_share", levels=ROUTES)
        if usual is not None and row["freight_amount"] is not None and row["customs_value"]:
            share = math.exp(step(quantile(usual, 0.5))) - row["freight_amount"] / row["customs_value"]
            terms.append(min(max(share, 0), 10) * ad_valorem(row))
    return sum_or_none(terms)


def related_party_share(view: View, months: int) -> Number:
    return weighted((row["related_party"], row["customs_value"]) for row in view.lines(months))


def undeclared_tie_share(view: View, months: int) -> Number:
    group = {other for other, kind in view.world.ties(view.quarter, view.trader) if kind == "group"}
    return weighted(
        (row["seller_id"] in group and not row["related_party"], row["customs_value"])
        for row in view.lines(months)
        if row["seller_id"] is not None
    )


def other_method_share(view: View, months: int) -> Number:
    stated = [row for row in view.lines(months) if row["valuation_method"] is not None]
    return weighted((row["valuation_method"] != 1, row["customs_value"]) for row in stated)


def additions_absent(view: View, months: int) -> Number:
    habits = [(habit(view, row, "is_adjusted"), row) for row in view.lines(months)]
    return weighted(
        (None if h is None else 0 if is_adjusted(row) else h, row["customs_value"]) for h, row in habits
    )


def additions_missing_money(view: View, months: int) -> Number:
    habits = [(habit(view, row, "addition_share"), row) for row in view.lines(months)]
    shares = [(less(h, addition_share(row)), row) for h, row in habits]
    return sum_or_none(None if s is None else max(s, 0) * ad_valorem(row) for s, row in shares)


def _amounts(view: View, months: int) -> list[float]:
    amounts = [row["invoice_amount"] for row in view.lines(months) if row["invoice_amount"]]
    return amounts if len(amounts) >= digits.FEWEST_AMOUNTS else []


def first_digit_distance(view: View, months: int) -> Number:
    amounts = _amounts(view, months)
    if not amounts:
        return None
    first = Counter(f"{amount:.2f}".lstrip("0.")[0] for amount in amounts)
    return sum(abs(first[str(d)] / len(amounts) - math.log10(1 + 1 / d)) for d in range(1, 10))


def round_amount_share(view: View, months: int) -> Number:
    amounts = _amounts(view, months)
    return ratio(sum(amount % 100 == 0 for amount in amounts), len(amounts))
