"""Masses and quantities beside those of others, and the ways by which goods come in."""

import math

from tests.features.proofs.reference.arithmetic import (
    Number,
    less,
    ratio,
    sum_or_none,
    times,
    total,
    weighted,
)
from tests.features.proofs.reference.peers import (
    gap,
    limited_gap,
    mean_gap,
    missing,
    share_above,
    share_below,
)
from tests.features.proofs.reference.rows import ad_valorem, by, taxes, value
from tests.features.proofs.reference.world import View


def low_value_per_kg_share(view: View, months: int) -> Number:
    return share_below(view, months, measure="value_per_kg", share=0.05)


def high_value_per_kg_share(view: View, months: int) -> Number:
    return share_above(view, months, measure="value_per_kg", share=0.95)


def net_mass_gap(view: View, months: int) -> Number:
    return mean_gap(view, months, measure="net_share")


def quantity_mass_gap(view: View, months: int) -> Number:
    gaps = [(limited_gap(view, row, measure="quantity_per_kg"), row) for row in view.lines(months)]
    return weighted((None if gap is None else abs(gap), row["customs_value"]) for gap, row in gaps)


def net_mass_money(view: View, months: int) -> Number:
    return sum_or_none(
        times(missing(less(0, gap(view, row, measure="net_share", share=0.1))), taxes(row))
        for row in view.lines(months)
    )


def missing_pieces_money(view: View, months: int) -> Number:
    return sum_or_none(
        times(missing(less(0, gap(view, row, measure="quantity_per_kg", share=0.1))), taxes(row))
        for row in view.lines(months)
    )


def low_value_per_kg_money(view: View, months: int) -> Number:
    return sum_or_none(
        times(missing(less(0, gap(view, row, measure="value_per_kg", share=0.05))), ad_valorem(row))
        for row in view.lines(months)
    )


def value_per_kg(view: View, months: int) -> Number:
    rows = [row for row in view.lines(months) if row["net_mass_kg"]]
    return ratio(value(rows), total(row["net_mass_kg"] for row in rows))


def office_entropy(view: View, months: int) -> Number:
    """ln(whole) - Σ v ln(v) / whole: the entropy of v / whole, in sums of money."""
    values = [value(rows) for rows in by(view.lines(months), "office_code").values()]
    whole = total(values)
    if not whole:
        return None
    return max(math.log(whole) - total(v * math.log(v) for v in values if v) / whole, 0)


def away_from_office_share(view: View, months: int) -> Number:
    values = {office: value(rows) for office, rows in by(view.lines(months), "office_code").items()}
    home = min(values, key=lambda office: (-values[office], office), default=None)
    late = view.lines(3)
    return ratio(value(row for row in late if row["office_code"] != home), value(late))


def new_port_share(view: View, months: int) -> Number:
    return _new_share(view, "loading_port", months=months)


def new_mode_share(view: View, months: int) -> Number:
    return _new_share(view, "transport_mode", months=months)


def _new_share(view: View, name: str, *, months: int) -> Number:
    """Share of the last 3 months' value by what was first used in them, for those who used some before."""
    named = [row for row in view.lines(months) if row[name] is not None]
    late = [row for row in named if view.within(row["accepted_on"], 3)]
    before = {row[name] for row in named if not view.within(row["accepted_on"], 3)}
    return weighted((row[name] not in before, row["customs_value"]) for row in late if before)
