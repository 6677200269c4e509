"""Codes: what the other codes of their headings cost, how many there are, and what moved to them."""

from collections.abc import Iterable

from tests.features.proofs.reference import moves, sector
from tests.features.proofs.reference.arithmetic import Number, concentration, entropy, less, total, weighted
from tests.features.proofs.reference.audited import mean_finding_rate
from tests.features.proofs.reference.rows import Row, shares, value
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
    return total((high - rate) * row["customs_value"] for row, rate, _, high in _with_siblings(view, months))


def lowest_rate_share(view: View, months: int) -> Number:
    return weighted(
        (rate == low, row["customs_value"])
        for row, rate, low, high in _with_siblings(view, months)
        if low < high
    )


def switch_after_rise(view: View, months: int) -> Number:
    rises = [c for c in moves.changes(view.world) if c.preference is None and c.rises]
    return _moved(view, months, list(moves.met(view, rises, lambda rise, row: row["hs_code"] == rise.code)))


def switch_after_finding(view: View, months: int) -> Number:
    return _moved(view, months, list(moves.faults(view)))


def _moved(view: View, months: int, measures: list[moves.Measure]) -> float:
    return value(
        row
        for row in view.lines(months)
        if any(moves.moved_to_cheaper(view, row, measure) for measure in measures)
    )


def hs_novelty(view: View, months: int) -> Number:
    late = [row for row in view.lines(months) if view.within(row["accepted_on"], 3)]
    before = {row["hs_code"][:6] for row in view.lines(months) if not view.within(row["accepted_on"], 3)}
    return weighted((row["hs_code"][:6] not in before, row["customs_value"]) for row in late if before)


def hs_entropy(view: View, months: int) -> Number:
    return entropy(shares(view.lines(months), "hs6"))


def hs_concentration(view: View, months: int) -> Number:
    return concentration(shares(view.lines(months), "hs6"))


def sector_concentration(view: View, months: None) -> Number:
    return sector.middle(view, _concentration_of_year)


def _concentration_of_year(view: View) -> Number:
    return concentration(shares(sector.year(view), "hs6"))


def hs_concentration_gap(view: View, months: None) -> Number:
    return less(hs_concentration(view, 12), sector_concentration(view, None))


def chapter_entropy(view: View, months: int) -> Number:
    return entropy(shares(view.lines(months), "hs2"))


def chapter_concentration(view: View, months: int) -> Number:
    return concentration(shares(view.lines(months), "hs2"))


def residual_code_share(view: View, months: int) -> Number:
    return weighted(
        (row["hs_code"][:6].endswith(("9", "90")), row["customs_value"]) for row in view.lines(months)
    )


def hs_finding_exposure(view: View, months: int) -> Number:
    return mean_finding_rate(view, months, "hs6")
