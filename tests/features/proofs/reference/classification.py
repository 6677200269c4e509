"""Codes: what the other codes of their headings cost, how many there are, and what moved to them."""

from collections.abc import Callable, Iterable

from tests.features.proofs.reference import moves, peers
from tests.features.proofs.reference.arithmetic import (
    Number,
    concentration,
    entropy,
    less,
    sum_or_none,
    total,
    weighted,
)
from tests.features.proofs.reference.audited import mean_finding_rate
from tests.features.proofs.reference.rows import Row, full_rate, shares, with_vat
from tests.features.proofs.reference.world import View


def _with_siblings(view: View, months: int) -> Iterable[tuple[Row, float, float, float]]:
    """Lines with the general rate of their code, and the lowest and highest of their heading."""
    for row in view.lines(months):
        rate = view.world.general_rate(row)
        if rate is not None:
            rates = _siblings(view, row)
            yield row, rate, min(rates), max(rates)


def _siblings(view: View, line: Row) -> list[float]:
    codes = {row["hs_code"] for row in view.world.tables["tariff"]}
    like = [code for code in codes if code[:4] == line["hs_code"][:4]]
    rates = [view.world.rate(code, None, line["accepted_on"]) for code in like]
    return [rate for rate in rates if rate is not None]


def sibling_rate_gap(view: View, months: int) -> Number:
    return weighted(
        (high - rate, row["customs_value"]) for row, rate, _, high in _with_siblings(view, months)
    )


def sibling_rate_money(view: View, months: int) -> Number:
    return total(
        with_vat(row, (high - rate) * row["customs_value"])
        for row, rate, _, high in _with_siblings(view, months)
    )


def lowest_rate_share(view: View, months: int) -> Number:
    return weighted(
        (rate == low, row["customs_value"])
        for row, rate, low, high in _with_siblings(view, months)
        if low < high
    )


def peer_rate_gap(view: View, months: int) -> Number:
    return _rate_gap(view, months, _peer_rate)


def own_rate_gap(view: View, months: int) -> Number:
    return _rate_gap(view, months, _own_rate)


def _rate_gap(view: View, months: int, usual: Callable[[View, Row], Number]) -> Number:
    return weighted(
        (less(full_rate(row), usual(view, row)), row["customs_value"]) for row in view.lines(months)
    )


def peer_rate_money(view: View, months: int) -> Number:
    return _rate_money(view, months, _peer_rate)


def own_rate_money(view: View, months: int) -> Number:
    return _rate_money(view, months, _own_rate)


def _rate_money(view: View, months: int, usual: Callable[[View, Row], Number]) -> Number:
    rates = [(less(usual(view, row), full_rate(row)), row) for row in view.lines(months)]
    return sum_or_none(
        None if rate is None else with_vat(row, max(rate, 0) * row["customs_value"]) for rate, row in rates
    )


def _peer_rate(view: View, row: Row) -> Number:
    return peers.habit(view, row, "full_rate", levels=peers.HEADINGS)


def _own_rate(view: View, row: Row) -> Number:
    return peers.own_past(view, row, measure="full_rate", levels=peers.HEADINGS)


def switch_after_rise_money(view: View, months: int) -> Number:
    return _saved(view, _moved(view, months, _rises(view)))


def switch_after_finding_money(view: View, months: int) -> Number:
    return _saved(view, _moved(view, months, moves.faults(view)))


def _rises(view: View) -> Iterable[moves.Measure]:
    rises = [change for change in moves.changes(view.world) if change.rises]
    return moves.met(view, rises, lambda rise, row: view.world.rated_code(row) == rise.code)


def _moved(
    view: View, months: int, measures: Iterable[moves.Measure]
) -> Iterable[tuple[Row, list[moves.Measure]]]:
    """Lines moved to a cheaper code, with the measures that they moved after."""
    measures = list(measures)
    for row in view.lines(months):
        if met := [measure for measure in measures if moves.moved_to_cheaper(view, row, measure)]:
            yield row, met


def _saved(view: View, moved: Iterable[tuple[Row, list[moves.Measure]]]) -> float:
    """The taxes between the rate of a line and that of the dearest code it moved from."""
    return total(
        with_vat(
            row, row["customs_value"] * max(less(m.rate, view.world.general_rate(row)) or 0 for m in met)
        )
        for row, met in moved
    )


def hs_novelty(view: View, months: int) -> Number:
    late = [row for row in view.lines(months) if view.within(row["accepted_on"], 3)]
    before = {row["hs6"] for row in view.lines(months) if not view.within(row["accepted_on"], 3)}
    return weighted((row["hs6"] not in before, row["customs_value"]) for row in late if before)


def hs_entropy(view: View, months: int) -> Number:
    return entropy(shares(view.lines(months), "hs6"))


def hs_concentration(view: View, months: int) -> Number:
    return concentration(shares(view.lines(months), "hs6"))


def residual_code_share(view: View, months: int) -> Number:
    return weighted(
        (row["hs_code"][:6].endswith(("9", "90")), row["customs_value"]) for row in view.lines(months)
    )


def hs_finding_exposure(view: View, months: int) -> Number:
    return mean_finding_rate(view, months, "hs6")
