"""Tax returns beside the lines of their own periods: which lines, known when, in which version."""

import math
from datetime import date, timedelta

import pytest

from tests.features.building import built
from tests.features.tables import Row, Tables, good_tables, line, trader

DAY = date(2024, 7, 1)


def filed(period_from: date, period_to: date, **other: object) -> Row:
    """A return filed a month after its period and known two weeks later."""
    on = period_to + timedelta(days=30)
    dated = {"filed_on": on, "known_on": on + timedelta(days=14)}
    return {"trader_id": "007", "period_from": period_from, "period_to": period_to, **dated, **other}


def quarter(**other: object) -> Row:
    return filed(date(2024, 1, 1), date(2024, 3, 31), **other)


def gap(tables: Tables, day: date = DAY) -> float | None:
    row = built(tables, "import_purchases_gap_24m", [("007", day)])["007", day]
    value: float | None = row["import_purchases_gap_24m"]
    return value


def test_only_lines_accepted_in_the_period_count_both_ends_included() -> None:
    days = (date(2023, 12, 31), date(2024, 1, 1), date(2024, 3, 31), date(2024, 4, 1))
    lines = [line(day, 10.0**n) for n, day in enumerate(days)]
    value = gap(good_tables(declarations=lines, tax_returns=[quarter(purchases_imported=220.0)]))
    assert value == pytest.approx(math.log(220 / 110))


def test_a_return_counts_from_the_day_after_it_is_known() -> None:
    tables = good_tables(
        declarations=[line(date(2024, 2, 1), 100.0)], tax_returns=[quarter(purchases_imported=200.0)]
    )
    assert gap(tables, date(2024, 5, 14)) is None
    assert gap(tables, date(2024, 5, 15)) == pytest.approx(math.log(2))


def test_a_line_known_on_the_cutoff_is_not_beside_its_return() -> None:
    late = line(date(2024, 2, 2), 900.0, known_on=DAY)
    tables = good_tables(
        declarations=[line(date(2024, 2, 1), 100.0), late], tax_returns=[quarter(purchases_imported=200.0)]
    )
    assert gap(tables) == pytest.approx(math.log(2))
    assert gap(tables, date(2024, 7, 2)) == pytest.approx(math.log(0.2))


def test_an_amended_line_counts_once_in_the_version_known() -> None:
    first = line(date(2024, 2, 1), 100.0)
    amended = {**first, "version": 1, "customs_value": 200.0, "known_on": date(2024, 7, 1)}
    tables = good_tables(declarations=[first, amended], tax_returns=[quarter(purchases_imported=200.0)])
    assert gap(tables, date(2024, 7, 1)) == pytest.approx(math.log(2))
    assert gap(tables, date(2024, 7, 2)) == pytest.approx(0.0)


def test_a_corrected_return_replaces_the_first_from_the_day_it_is_known() -> None:
    corrected = quarter(purchases_imported=400.0, filed_on=date(2024, 6, 1), known_on=date(2024, 6, 30))
    returns = [quarter(purchases_imported=200.0), corrected]
    tables = good_tables(declarations=[line(date(2024, 2, 1), 100.0)], tax_returns=returns)
    assert gap(tables, date(2024, 6, 30)) == pytest.approx(math.log(2))
    assert gap(tables, date(2024, 7, 1)) == pytest.approx(math.log(4))


def test_trade_of_periods_whose_return_leaves_the_field_empty_is_not_compared() -> None:
    lines = [line(date(2024, 2, 1), 100.0), line(date(2023, 11, 1), 900.0)]
    silent = filed(date(2023, 10, 1), date(2023, 12, 31), turnover=5.0)
    tables = good_tables(declarations=lines, tax_returns=[silent, quarter(purchases_imported=200.0)])
    assert gap(tables) == pytest.approx(math.log(2))


def test_a_yearly_return_meets_the_lines_of_its_whole_year() -> None:
    """The period ends inside the window of 24 months and begins before it."""
    lines = [line(date(2022, 1, 1), 100.0), line(date(2022, 12, 31), 100.0)]
    yearly = filed(date(2022, 1, 1), date(2022, 12, 31), purchases_imported=400.0)
    assert gap(good_tables(declarations=lines, tax_returns=[yearly])) == pytest.approx(math.log(2))


def test_what_else_is_asked_does_not_change_which_lines_are_met() -> None:
    lines = [line(date(2022, 1, 1), 100.0), line(date(2022, 12, 31), 100.0)]
    yearly = filed(date(2022, 1, 1), date(2022, 12, 31), purchases_imported=400.0)
    keys = [("007", DAY), ("007", date(2020, 1, 1)), ("0815", date(2026, 1, 1))]
    values = built(good_tables(declarations=lines, tax_returns=[yearly]), "import_purchases_gap_24m", keys)
    assert values["007", DAY]["import_purchases_gap_24m"] == pytest.approx(math.log(2))


def test_a_return_over_more_than_a_year_is_not_compared() -> None:
    long = filed(date(2023, 1, 1), date(2024, 1, 1), purchases_imported=400.0)
    tables = good_tables(declarations=[line(date(2023, 2, 1), 100.0)], tax_returns=[long])
    assert gap(tables) is None


def test_purchases_without_any_line_leave_the_gap_empty() -> None:
    elsewhen = line(date(2024, 4, 1), 100.0)
    assert gap(good_tables(declarations=[elsewhen], tax_returns=[quarter(purchases_imported=400.0)])) is None


def test_vat_and_royalties_are_compared_over_their_periods() -> None:
    lines = [
        line(date(2024, 2, 1), 100.0, vat_assessed=20.0, valuation_adjustment=30.0),
        line(date(2024, 4, 2), 100.0, vat_assessed=99.0, valuation_adjustment=99.0),
    ]
    tables = good_tables(
        declarations=lines, tax_returns=[quarter(import_vat_claimed=25.0, royalties_abroad=100.0)]
    )
    values = built(tables, "import_vat_gap_24m royalties_at_stake_24m", [("007", DAY)])
    assert values["007", DAY]["import_vat_gap_24m"] == pytest.approx(5.0)
    assert values["007", DAY]["royalties_at_stake_24m"] == pytest.approx(70.0 * (12.0 + 20.0) / 100.0)


def test_filing_is_as_late_as_the_first_return_for_the_period() -> None:
    again = quarter(filed_on=date(2024, 6, 1), known_on=date(2024, 6, 5))
    tables = good_tables(declarations=[line(DAY, 1.0)], tax_returns=[quarter(), again])
    values = built(tables, "filing_delay_24m", [("007", DAY)])
    assert values["007", DAY]["filing_delay_24m"] == 30.0


def test_a_first_filing_known_only_later_is_not_used_before() -> None:
    first = quarter(known_on=DAY)
    again = quarter(filed_on=date(2024, 6, 1), known_on=date(2024, 6, 5))
    keys = [("007", DAY), ("007", date(2024, 7, 2))]
    tables = good_tables(declarations=[line(DAY, 1.0)], tax_returns=[first, again])
    values = built(tables, "filing_delay_24m", keys)
    assert [values[each]["filing_delay_24m"] for each in keys] == [62.0, 30.0]


def test_without_tax_tables_the_features_are_empty() -> None:
    names = "import_purchases_gap_24m turnover_at_stake_24m tax_arrears_12m filing_delay_24m tax_audit_open"
    values = built(good_tables(), names, [("007", DAY)])["007", DAY]
    assert [values[name] for name in names.split()] == [None] * 5


def test_turnover_is_compared_with_that_of_the_sector() -> None:
    """Ten traders turn over 1 to 10 times the 100 they declared; an eleventh's return is known too late."""
    names = [f"T{n}" for n in range(1, 12)]
    lines = [line(date(2024, 2, 1), 100.0, trader_id=t) for t in names]
    returns = [quarter(trader_id=t, turnover=100.0 * n) for n, t in enumerate(names, 1)]
    returns[10]["known_on"] = DAY
    traders = [trader(t, sector="46") for t in names]
    tables = good_tables(declarations=lines, tax_returns=returns, traders=traders)
    values = built(tables, "turnover_multiple_24m sector_multiple", [("T2", DAY)])["T2", DAY]
    assert values["sector_multiple"] == pytest.approx(5.5)
    assert values["turnover_multiple_24m"] == 2.0


def test_a_tax_audit_is_open_until_its_closing_is_known() -> None:
    audit = {"trader_id": "007", "tax_audit_id": "X", "opened_on": date(2024, 1, 5)}
    states = [
        {**audit, "known_on": date(2024, 1, 10)},
        {**audit, "closed_on": date(2024, 5, 1), "adjustment": 700.0, "known_on": date(2024, 5, 9)},
    ]
    tables = good_tables(declarations=[line(DAY, 1.0)], tax_returns=[], tax_audits=states)
    days = [date(2024, 1, 10), date(2024, 1, 11), date(2024, 5, 9), date(2024, 5, 10)]
    values = built(tables, "tax_audit_open tax_adjusted", [("007", day) for day in days])
    assert [values["007", day]["tax_audit_open"] for day in days] == [0.0, 1.0, 1.0, 0.0]
    assert [values["007", day]["tax_adjusted"] for day in days] == [0.0, 0.0, 0.0, 700.0]
