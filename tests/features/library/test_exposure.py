"""Exposure through the build: windows, months, silences, the tariff."""

import math
from datetime import date

import pytest

from tests.features.building import built
from tests.features.tables import Tables, good_tables, line, rate

DAY = date(2024, 7, 15)
T = ("007", DAY)


def value(tables: Tables, feature: str) -> object:
    return built(tables, feature, [T])[T][feature]


def test_a_window_holds_its_first_day_and_not_the_cutoff() -> None:
    days = (date(2023, 7, 14), date(2023, 7, 15), date(2024, 7, 14), DAY)
    tables = good_tables(declarations=[line(day, 10.0**n) for n, day in enumerate(days)])
    assert value(tables, "customs_value_12m") == 110.0


def test_a_line_known_on_the_cutoff_is_invisible() -> None:
    seen = line(date(2024, 7, 1), 100.0, known_on=date(2024, 7, 14))
    unseen = line(date(2024, 7, 2), 900.0, known_on=DAY)
    assert value(good_tables(declarations=[seen, unseen]), "customs_value_12m") == 100.0


def test_activity_counts_declarations_lines_and_months() -> None:
    twice = [line(date(2024, 5, 31), 1.0), line(date(2024, 5, 31), 1.0, item_number=2)]
    tables = good_tables(declarations=[*twice, line(date(2024, 6, 1), 1.0)])
    found = built(tables, "declaration_count_24m line_count_12m active_months_24m", [T])[T]
    assert (found["declaration_count_24m"], found["line_count_12m"]) == (2.0, 3.0)
    assert found["active_months_24m"] == 2.0


def test_revenue_at_stake_is_empty_without_a_tariff_and_takes_the_rate_of_the_day() -> None:
    lines = [
        line(date(2024, 5, 31), 1000.0, duty_rate=0.0, preference_code="300"),
        line(date(2024, 6, 1), 1000.0, duty_rate=0.04),
    ]
    rates = [rate("61091000", 0.12, date(2020, 1, 1)), rate("61091000", 0.10, date(2024, 6, 1))]
    assert value(good_tables(declarations=lines), "revenue_at_stake_24m") is None
    tables = good_tables(declarations=lines, tariff=rates)
    assert value(tables, "revenue_at_stake_24m") == pytest.approx(120.0 + 60.0)


def test_silences_are_counted_between_months_and_the_last_one_by_itself() -> None:
    days = (date(2023, 1, 5), date(2023, 1, 31), date(2023, 2, 10), date(2024, 1, 1), date(2024, 7, 5))
    tables = good_tables(declarations=[line(day, 100.0) for day in days])
    found = built(tables, "longest_silence_24m days_since_last_line_24m", [T])[T]
    assert found["longest_silence_24m"] == (date(2024, 1, 1) - date(2023, 2, 10)).days
    assert found["days_since_last_line_24m"] == 10.0


@pytest.mark.parametrize(
    ("back_on", "amount", "spiked"),
    [
        (date(2023, 7, 30), 200.0, 1.0),  # 180 days after the last line
        (date(2023, 7, 29), 200.0, 0.0),  # 179 days after
        (date(2023, 7, 30), 199.0, 0.0),  # less than twice the other months' mean
    ],
)
def test_a_spike_follows_half_a_year_of_silence(back_on: date, amount: float, spiked: float) -> None:
    before = [line(date(2022, 12, 1), 100.0), line(date(2023, 1, 31), 100.0)]
    tables = good_tables(declarations=[*before, line(back_on, amount)])
    assert value(tables, "silence_then_spike_24m") == spiked


def test_monthly_value_counts_silent_months_and_no_month_seen_in_part() -> None:
    """300 eight months ago, 500 four months ago, and 900 this month: mean 100, mean square 42500."""
    months = [line(date(2023, 11, 20), 300.0), line(date(2024, 3, 2), 500.0), line(date(2024, 7, 1), 900.0)]
    found = value(good_tables(declarations=months), "value_unevenness_24m")
    assert found == pytest.approx(math.sqrt(42_500 - 10_000) / 100, rel=1e-5)


def test_the_last_three_months_are_measured_by_the_variation_before() -> None:
    """Nine months: six of 0 or 200 by turns (mean 100, deviation 100), then 300, 600 and 900 (mean 600)."""
    earlier = [line(date(2023, month, 3), 200.0) for month in (10, 12)] + [line(date(2024, 2, 3), 200.0)]
    recent = [line(date(2024, month, 3), 300.0 * n) for n, month in ((1, 4), (2, 5), (3, 6))]
    found = value(good_tables(declarations=[*earlier, *recent]), "recent_departure_24m")
    assert found == pytest.approx((600 - 100) / 100, rel=1e-5)


def test_steady_trade_is_measured_by_a_tenth_of_its_mean() -> None:
    steady = [line(date(2023, month, 3), 100.0) for month in range(8, 13)]
    steady += [line(date(2024, month, 3), 100.0 if month < 4 else 150.0) for month in range(1, 7)]
    found = value(good_tables(declarations=steady), "recent_departure_24m")
    assert found == pytest.approx((150 - 100) / 10, rel=1e-5)


def test_a_trader_of_few_months_has_no_usual_month() -> None:
    young = [line(date(2024, month, 3), 100.0) for month in range(2, 7)]
    found = built(good_tables(declarations=young), "recent_departure_24m value_unevenness_24m", [T])[T]
    assert (found["recent_departure_24m"], found["value_unevenness_24m"]) == (None, None)


def test_a_trader_without_lines_has_no_value_and_no_rate() -> None:
    tables = good_tables(declarations=[line(DAY, 1.0)])
    found = built(tables, "customs_value_12m effective_rate_12m", [T])[T]
    assert (found["customs_value_12m"], found["effective_rate_12m"]) == (0.0, None)


def test_lines_of_no_value_leave_ratios_empty() -> None:
    tables = good_tables(declarations=[line(date(2024, 3, 2), 0.0), line(date(2023, 6, 1), 0.0)])
    names = (
        "effective_rate_12m value_growth_24m recent_departure_24m value_unevenness_24m "
        "special_procedure_share_12m"
    )
    found = built(tables, names, [T])[T]
    assert [found[name] for name in names.split()] == [None] * 5
