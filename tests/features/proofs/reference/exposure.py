"""How much a trader imports, and when."""

import math
from collections import defaultdict
from datetime import date
from itertools import pairwise

from tests.features.proofs.reference import sector
from tests.features.proofs.reference.arithmetic import Number, deviation, less, mean, ratio, total, weighted
from tests.features.proofs.reference.peers import HEADINGS, habit
from tests.features.proofs.reference.rows import Row, taxes, value
from tests.features.proofs.reference.shortfall import due, missing
from tests.features.proofs.reference.then_and_now import Goods, then_and_now
from tests.features.proofs.reference.world import View


def customs_value(view: View, months: int) -> Number:
    return value(view.lines(months))


def duty(view: View, months: int) -> Number:
    return total(row["plain_duty"] for row in view.lines(months))


def levies(view: View, months: int) -> Number:
    return total(row["levied"] for row in view.lines(months))


def import_vat(view: View, months: int) -> Number:
    return total(row["vat_assessed"] for row in view.lines(months))


def excise(view: View, months: int) -> Number:
    return total(row["excise_assessed"] for row in view.lines(months))


def effective_rate(view: View, months: int) -> Number:
    return ratio(total(map(taxes, view.lines(months))), value(view.lines(months)))


def sector_rate(view: View, months: None) -> Number:
    return sector.middle(view, _rate_of_year)


def _rate_of_year(view: View) -> Number:
    rows = sector.year(view)
    return ratio(total(map(taxes, rows)), value(rows))


def effective_rate_gap(view: View, months: None) -> Number:
    return less(effective_rate(view, 12), sector_rate(view, None))


def declaration_count(view: View, months: int) -> Number:
    return len({row["declaration_id"] for row in view.lines(months)})


def line_count(view: View, months: int) -> Number:
    return len(view.lines(months))


def active_months(view: View, months: int) -> Number:
    return len({(row["accepted_on"].year, row["accepted_on"].month) for row in view.lines(months)})


def revenue_at_stake(view: View, months: int) -> Number:
    rated = [(view.world.general_rate(row), row) for row in view.lines(months)]
    terms = [
        row["customs_value"] * max(rate - row["duty_rate"], 0) for rate, row in rated if rate is not None
    ]
    return total(terms) if terms else None


def value_growth(view: View, months: int) -> Number:
    late = value(view.lines(12))
    before = value(view.lines(24)) - late
    return math.log(late / before) if late > 0 and round(before, 6) > 0 else None


def _month_number(day: date) -> int:
    return day.year * 12 + day.month


def _whole_months(view: View) -> list[float]:
    """Values of whole calendar months, the latest first, back to the trader's first."""
    by_month: dict[int, float] = defaultdict(float)
    for row in view.lines(24):
        ago = _month_number(view.cutoff) - _month_number(row["accepted_on"])
        if 1 <= ago <= 23:
            by_month[ago] += row["customs_value"]
    return [by_month.get(ago, 0.0) for ago in range(1, max(by_month, default=0) + 1)]


def value_unevenness(view: View, months: int) -> Number:
    values = _whole_months(view)
    return ratio(deviation(values), mean(values)) if len(values) >= 6 else None


def recent_departure(view: View, months: int) -> Number:
    recent, before = _whole_months(view)[:3], _whole_months(view)[3:]
    if len(before) < 6:
        return None
    usual = mean(before)
    return ratio(mean(recent) - usual, max(deviation(before), usual / 10))


def _month_spans(view: View) -> list[tuple[date, date, float]]:
    by_month: dict[int, list[Row]] = defaultdict(list)
    for row in view.lines(24):
        by_month[_month_number(row["accepted_on"])].append(row)
    return [
        (min(r["accepted_on"] for r in rows), max(r["accepted_on"] for r in rows), value(rows))
        for _, rows in sorted(by_month.items())
    ]


def longest_silence(view: View, months: int) -> Number:
    spans = _month_spans(view)
    return max(((after[0] - before[1]).days for before, after in pairwise(spans)), default=None)


def silence_then_spike(view: View, months: int) -> Number:
    spans = _month_spans(view)
    for number, (before, after) in enumerate(pairwise(spans)):
        others = [v for index, (_, _, v) in enumerate(spans) if index != number + 1]
        silent = (after[0] - before[1]).days >= 180
        if silent and total(v for *_, v in spans) and after[2] >= 2 * mean(others):
            return 1
    return 0


def days_since_last_line(view: View, months: int) -> Number:
    days = [row["accepted_on"] for row in view.lines(months)]
    return (view.cutoff - max(days)).days if days else None


def special_procedure_share(view: View, months: int) -> Number:
    return weighted((row["procedure_code"] != "4000", row["customs_value"]) for row in view.lines(months))


def special_procedure_change(view: View, months: None) -> Number:
    return less(special_procedure_share(view, 12), special_procedure_share(view, 24))


def value_per_declaration(view: View, months: None) -> Number:
    return ratio(customs_value(view, 24) or 0.0, declaration_count(view, 24) or 0.0)


def lines_per_declaration(view: View, months: None) -> Number:
    return ratio(line_count(view, 24) or 0.0, declaration_count(view, 24) or 0.0)


def duty_on_value(view: View, months: None) -> Number:
    return ratio(duty(view, 24) or 0.0, customs_value(view, 24) or 0.0)


def peer_duty_rate(view: View, months: int) -> Number:
    return weighted(
        (habit(view, row, "full_rate", HEADINGS), row["customs_value"]) for row in view.lines(months)
    )


def effective_rate_change(view: View, months: None) -> Number:
    return less(effective_rate(view, 12), effective_rate(view, 24))


def own_rate_fall(view: View, months: int) -> Number:
    return total(_fall(goods) for goods in then_and_now(view) if goods.early_value)


def new_origin_at_stake(view: View, months: int) -> Number:
    return total(_fall(goods) for goods in then_and_now(view) if not goods.early_value)


def _fall(goods: Goods) -> float:
    earlier = ratio(goods.early_heading_taxes, goods.early_heading_value)
    return 0.0 if earlier is None else max(goods.late_value * min(earlier, 40.0) - goods.late_taxes, 0.0)


def sector_rate_shortfall(view: View, months: None) -> Number:
    gap = less(sector_rate(view, None), effective_rate(view, 24))
    return None if gap is None else value(view.lines(24)) * max(gap, 0.0)


def overpaid(view: View, months: int) -> Number:
    return total(missing(row, less(row["duty_rate"], due(view, row))) for row in view.lines(months))
