"""A trader's own past: one earlier line is enough, the narrowest past counts, and nothing later is seen."""

from datetime import date
from math import log
from uuid import uuid4

import pytest

from tests.features.building import built
from tests.features.tables import Cell, Row, good_tables, line, rate, trader

CUTOFF = date(2024, 7, 1)
KEY = ("ME", CUTOFF)
NOW, EARLIER = date(2024, 5, 10), date(2024, 2, 1)


def lines(accepted_on: date, *prices: float, **other: Cell) -> list[Row]:
    """Lines of one kg, each of a declaration of its own."""
    own = {"trader_id": "ME", "net_mass_kg": 1.0, **other}
    return [line(accepted_on, declaration_id=uuid4().hex, customs_value=price, **own) for price in prices]


def value(rows: list[Row], name: str = "own_past_gap_12m", **others: list[Row]) -> object:
    tables = good_tables(declarations=rows, traders=[trader("ME")], **others)
    return built(tables, name, [KEY])[KEY][name]


def gap(rows: list[Row]) -> object:
    """The gap of the line of May alone: those of before have no past."""
    return value(rows)


def test_one_earlier_line_is_a_past() -> None:
    assert gap(lines(EARLIER, 4.0) + lines(NOW, 2.0)) == pytest.approx(log(2 / 4), abs=1e-5)
    assert gap(lines(NOW, 2.0)) is None


def test_many_earlier_lines_count_by_their_mean() -> None:
    assert gap(lines(EARLIER, 2.0, 8.0) + lines(NOW, 2.0)) == pytest.approx(log(2 / 4), abs=1e-5)


@pytest.mark.parametrize(
    ("known_on", "counts"),
    [
        (date(2024, 3, 31), True),
        (date(2024, 4, 1), False),
        (date(2021, 4, 1), True),
        (date(2021, 3, 31), False),
    ],
)
def test_the_past_is_what_was_known_in_the_three_years_before(known_on: date, counts: bool) -> None:
    earlier = lines(date(2021, 3, 1), 4.0, known_on=known_on)
    assert (gap(earlier + lines(NOW, 2.0)) is not None) is counts


@pytest.mark.parametrize(("cancelled_on", "counts"), [(date(2024, 3, 31), False), (date(2024, 4, 1), True)])
def test_what_was_cancelled_before_the_quarter_is_no_past(cancelled_on: date, counts: bool) -> None:
    earlier = lines(EARLIER, 4.0, cancelled_on=cancelled_on)
    assert (gap(earlier + lines(NOW, 2.0)) is not None) is counts


def test_later_lines_are_not_seen() -> None:
    rows = lines(EARLIER, 4.0) + lines(NOW, 2.0)
    later = lines(date(2024, 4, 1), 900.0) + lines(date(2024, 6, 30), 900.0)
    elsewhere = [{**row, "hs_code": "62091000"} for row in later]
    assert value(rows + elsewhere) == value(rows)
    both = value(rows + later)
    assert both == pytest.approx((2 * log(2 / 4) + 1800 * log(10.0)) / 1802, abs=1e-5)


def test_the_narrowest_past_counts() -> None:
    heading = lines(EARLIER, 16.0, hs_code="61099000")
    subheading = lines(EARLIER, 8.0, origin_country="VN")
    origin = lines(EARLIER, 4.0)
    now = lines(NOW, 2.0)
    assert gap(heading + now) == pytest.approx(log(2 / 16), abs=1e-5)
    assert gap(heading + subheading + now) == pytest.approx(log(2 / 8), abs=1e-5)
    assert gap(heading + subheading + origin + now) == pytest.approx(log(2 / 4), abs=1e-5)


def test_the_past_of_others_is_not_ones_own() -> None:
    assert gap(lines(EARLIER, 4.0, trader_id="OTHER") + lines(NOW, 2.0)) is None


def test_a_fall_by_three_tenths_costs_nothing_by_line() -> None:
    name = "own_past_money_24m"
    taxed = {"duty_assessed": 3.0, "vat_assessed": 2.0}
    assert value(lines(EARLIER, 10.0) + lines(NOW, 7.0, **taxed), name) == pytest.approx(0.0, abs=1e-4)
    assert value(lines(EARLIER, 10.0) + lines(NOW, 3.5, **taxed), name) == pytest.approx(5.0, abs=1e-4)


def test_on_average_chance_evens_out() -> None:
    name = "own_past_fall_money_24m"
    taxed = {"duty_assessed": 3.0, "vat_assessed": 2.0}
    up_and_down = lines(EARLIER, 4.0) + lines(NOW, 2.0, 8.0, **taxed)
    assert value(up_and_down, name) == pytest.approx(0.0, abs=1e-4)
    untaxed = {"duty_assessed": 0.0, "vat_assessed": 0.0}
    both_down = lines(EARLIER, 4.0, **untaxed) + lines(NOW, 2.0, 1.0, **taxed)
    assert value(both_down, name) == pytest.approx(10.0 * 1.5 * log(2), abs=1e-4)


def test_a_rate_below_the_own_past_of_the_heading_is_duty_and_vat_at_stake() -> None:
    name = "own_rate_money_24m"
    dear = lines(EARLIER, 100.0, hs_code="61091000", duty_rate=0.2)
    cheap = {"hs_code": "61099000", "duty_rate": 0.1, "duty_assessed": 10.0, "vat_assessed": 11.0}
    moved = lines(NOW, 100.0, **cheap)
    assert value(dear + moved, name) == pytest.approx(10.0 * 1.1, abs=1e-4)
    under_preference = [{**row, "preference_code": "FTA1"} for row in moved]
    assert value(dear + under_preference, name) is None


def test_a_move_to_a_cheaper_code_saves_the_duty_of_the_dearest_measure_and_its_vat() -> None:
    codes = {"61091000": 0.3, "61093000": 0.4, "61099000": 0.1}
    began = [rate(code, 0.1, date(2020, 1, 1)) for code in codes]
    rises = [rate(code, rose, date(2024, 1, 1)) for code, rose in codes.items() if rose > 0.1]
    used = [row for code in ("61091000", "61093000") for row in lines(date(2023, 6, 1), 1.0, hs_code=code)]
    taxed = {"duty_assessed": 10.0, "vat_assessed": 11.0, "hs_code": "61099000"}
    rows = used + lines(date(2024, 2, 1), 100.0, **taxed)
    saved = value(rows, "switch_after_rise_money_24m", tariff=began + rises)
    assert saved == pytest.approx(100.0 * (0.4 - 0.1) * 1.1, abs=1e-4)
