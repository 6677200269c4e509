"""Tax returns beside what was declared to customs, and conduct towards the tax administration."""

from datetime import date

from tests.features.proofs.reference import sector
from tests.features.proofs.reference.arithmetic import Number, less, log_of, ratio, total
from tests.features.proofs.reference.rows import Row, cancelled, taxes, value
from tests.features.proofs.reference.world import View


def _returns(view: View, months: int, stating: str) -> list[Row]:
    """Returns, each period's as last filed, of those that state something."""
    states = view.latest("tax_returns", "period_from", "period_to")
    return [row for row in states if view.within(row["period_to"], months) and row[stating] is not None]


def _beside(view: View, months: int, *, stated: str, declared: str) -> tuple[float, float] | None:
    """What returns state, and what was declared in the periods of those that state it."""
    returns = _returns(view, months, stated)
    declarations = _declared(view, returns, declared)
    return (total(row[stated] for row in returns), total(declarations)) if returns else None


def _declared(view: View, returns: list[Row], name: str) -> list[Number]:
    return [line[name] for line in _lines(view, returns)]


def _lines(view: View, returns: list[Row]) -> list[Row]:
    """The lines accepted in the periods of returns."""
    return [
        line
        for row in returns
        for line in view.all_lines
        if row["period_from"] <= line["accepted_on"] <= row["period_to"]
    ]


def import_purchases_gap(view: View, months: int) -> Number:
    sums = _beside(view, months, stated="purchases_imported", declared="customs_value")
    return log_of(*sums) if sums else None


def import_vat_gap(view: View, months: int) -> Number:
    sums = _beside(view, months, stated="import_vat_claimed", declared="vat_assessed")
    return less(*sums) if sums else None


def turnover_multiple(view: View, months: int) -> Number:
    sums = _beside(view, months, stated="turnover", declared="customs_value")
    return ratio(*sums) if sums else None


def sector_multiple(view: View, months: None) -> Number:
    return sector.middle(view, _multiple_of_two_years)


def _multiple_of_two_years(view: View) -> Number:
    """As the trader's own, but of first versions, and of the whole months that a period touches."""
    returns = _returns(view, 24, "turnover")
    lines = [
        line
        for row in returns
        for line in view.first_versions
        if line["known"] < view.cutoff
        and not cancelled(line, view.cutoff)
        and _month(row["period_from"]) <= _month(line["accepted_on"]) <= _month(row["period_to"])
    ]
    return ratio(total(row["turnover"] for row in returns), value(lines))


def _month(day: date) -> tuple[int, int]:
    return day.year, day.month


def payments_gap(view: View, months: int) -> Number:
    sums = _beside(view, months, stated="payments_abroad", declared="customs_value")
    return log_of(*sums) if sums else None


def tax_arrears(view: View, months: int) -> Number:
    return max((row["arrears"] for row in _returns(view, months, "arrears")), default=None)


def filing_delay(view: View, months: int) -> Number:
    filed: dict[tuple[date, date], list[date]] = {}
    for row in view.own("tax_returns"):
        filed.setdefault((row["period_from"], row["period_to"]), []).append(row["filed_on"])
    delays = [(min(days) - to).days for (_, to), days in filed.items() if view.within(to, months)]
    return ratio(total(delays), len(delays))


def _tax_audits(view: View) -> list[Row]:
    return [row for row in view.latest("tax_audits", "tax_audit_id") if row["opened_on"] < view.cutoff]


def tax_adjusted(view: View, months: None) -> Number:
    return total(row["adjustment"] for row in _tax_audits(view))


def tax_audit_open(view: View, months: None) -> Number:
    return float(any(row["closed_on"] is None for row in _tax_audits(view)))


def turnover_multiple_change(view: View, months: int) -> Number:
    returns = _returns(view, months, "turnover")
    late = [row for row in returns if view.within(row["period_to"], 12)]
    early = [row for row in returns if not view.within(row["period_to"], 12)]
    return log_of(_multiple(view, late), _multiple(view, early))


def _multiple(view: View, returns: list[Row]) -> Number:
    return ratio(total(row["turnover"] for row in returns), total(_declared(view, returns, "customs_value")))


def turnover(view: View, months: int) -> Number:
    returns = _returns(view, months, "turnover")
    return total(row["turnover"] for row in returns) if returns else None


def purchases_at_stake(view: View, months: int) -> Number:
    return _taxes_on(view, months, stated="purchases_imported", declared="customs_value")


def payments_at_stake(view: View, months: int) -> Number:
    return _taxes_on(view, months, stated="payments_abroad", declared="customs_value")


def royalties_at_stake(view: View, months: int) -> Number:
    return _taxes_on(view, months, stated="royalties_abroad", declared="valuation_adjustment")


def _taxes_on(view: View, months: int, *, stated: str, declared: str) -> Number:
    """What is stated beyond what was declared, at the taxes paid per value in the same periods."""
    sums = _beside(view, months, stated=stated, declared=declared)
    lines = _lines(view, _returns(view, months, stated))
    rate = ratio(total(map(taxes, lines)), value(lines))
    return None if sums is None or rate is None else max(sums[0] - sums[1], 0.0) * rate


def import_vat_at_stake(view: View, months: int) -> Number:
    gap = import_vat_gap(view, months)
    return None if gap is None else max(gap, 0.0)


def turnover_at_stake(view: View, months: None) -> Number:
    multiple, usual = turnover_multiple(view, 24), sector_multiple(view, None)
    rate = ratio(total(map(taxes, view.lines(24))), value(view.lines(24)))
    if multiple is None or not usual or rate is None:
        return None
    return value(view.lines(24)) * rate * min(max(multiple / usual - 1, 0.0), 1.0)
