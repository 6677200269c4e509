"""Which rate was in force: rises, ends, overlaps, doubles, and codes that the tariff lacks."""

from datetime import date, timedelta

import ibis
import pytest

from features.prepare import tariff
from tests.features.building import built
from tests.features.tables import Row, arrow, good_tables, line, rate

CUTOFF = date(2024, 7, 1)
LAST = date(9999, 12, 31)
WITH_VAT = 1.19
"""The duty and the VAT on it, at the rate of the usual line."""


def values(rates: list[Row], lines: list[Row], features: str) -> Row:
    tables = good_tables(declarations=lines, tariff=rates)
    return built(tables, features, [("007", CUTOFF)])["007", CUTOFF]


def steps(*rows: Row) -> list[tuple[object, ...]]:
    """The general rates as (code, first day, day after the last, rate, rate before)."""
    general = tariff.general_steps(tariff.rate_steps(ibis.memtable(arrow("tariff", list(rows)))))
    columns = ("hs_code", "from_on", "until_on", "rate", "rate_before")
    table = general.order_by("hs_code", "from_on").select(*columns).to_pyarrow().to_pylist()
    return [tuple(row.values()) for row in table]


def test_a_rate_holds_until_the_next_begins() -> None:
    assert steps(rate("610910", 0.1, date(2020, 1, 1)), rate("610910", 0.2, date(2023, 1, 1))) == [
        ("610910", date(2020, 1, 1), date(2023, 1, 1), 0.1, None),
        ("610910", date(2023, 1, 1), LAST, 0.2, 0.1),
    ]


def test_after_its_last_day_no_rate_holds() -> None:
    assert steps(rate("610910", 0.1, date(2020, 1, 1), valid_to=date(2021, 12, 31))) == [
        ("610910", date(2020, 1, 1), date(2022, 1, 1), 0.1, None),
        ("610910", date(2022, 1, 1), LAST, None, 0.1),
    ]


def test_after_a_suspension_the_rate_before_holds_again() -> None:
    suspension = rate("610910", 0.0, date(2021, 3, 1), valid_to=date(2021, 5, 31))
    assert steps(rate("610910", 0.1, date(2020, 1, 1)), suspension) == [
        ("610910", date(2020, 1, 1), date(2021, 3, 1), 0.1, None),
        ("610910", date(2021, 3, 1), date(2021, 6, 1), 0.0, 0.1),
        ("610910", date(2021, 6, 1), LAST, 0.1, 0.0),
    ]


def test_of_two_rows_that_begin_on_one_day_the_higher_rate_holds() -> None:
    low, high = rate("610910", 0.1, date(2020, 1, 1)), rate("610910", 0.2, date(2020, 1, 1))
    expected = [("610910", date(2020, 1, 1), LAST, 0.2, None)]
    assert steps(low, high) == steps(high, low) == expected


def test_an_end_that_stands_for_never_is_none() -> None:
    assert steps(rate("610910", 0.1, date(2020, 1, 1), valid_to=LAST)) == [
        ("610910", date(2020, 1, 1), LAST, 0.1, None)
    ]


def test_preferences_are_no_general_rates() -> None:
    assert steps(rate("610910", 0.0, date(2020, 1, 1), preference_code="FTA")) == []


def test_lines_meet_the_rates_of_their_own_day() -> None:
    """0.30 - 0.10 before the rise of 61099000, 0.40 - 0.10 from that day."""
    rates = [
        rate("61091000", 0.1, date(2020, 1, 1)),
        rate("61099000", 0.3, date(2020, 1, 1), valid_to=date(2024, 3, 31)),
        rate("61099000", 0.4, date(2024, 4, 1)),
    ]
    day = date(2024, 4, 1)
    eve = values(rates, [line(day - timedelta(days=1))], "sibling_rate_gap_24m")
    rise = values(rates, [line(day)], "sibling_rate_gap_24m")
    assert eve["sibling_rate_gap_24m"] == pytest.approx(0.2)
    assert rise["sibling_rate_gap_24m"] == pytest.approx(0.3)


def test_a_sibling_that_has_ended_counts_no_more() -> None:
    rates = [
        rate("61091000", 0.1, date(2020, 1, 1)),
        rate("61099000", 0.3, date(2020, 1, 1), valid_to=date(2024, 3, 31)),
    ]
    lines = [line(date(2024, 3, 31)), line(date(2024, 4, 1))]
    row = values(rates, lines, "sibling_rate_money_24m")
    assert row["sibling_rate_money_24m"] == pytest.approx(20.0 * WITH_VAT)


def test_another_heading_is_no_sibling() -> None:
    rates = [rate("61091000", 0.1, date(2020, 1, 1)), rate("61101000", 0.3, date(2020, 1, 1))]
    assert values(rates, [line(date(2024, 4, 1))], "sibling_rate_gap_24m") == {
        "trader_id": "007",
        "cutoff": CUTOFF,
        "sibling_rate_gap_24m": 0.0,
    }


def test_doubled_and_overlapping_rows_multiply_no_line() -> None:
    rates = [
        rate("61091000", 0.10, date(2020, 1, 1)),
        rate("61091000", 0.12, date(2020, 1, 1)),
        rate("61091000", 0.15, date(2021, 1, 1), valid_to=date(2024, 12, 31)),
        rate("61099000", 0.35, date(2020, 1, 1)),
        rate("61099000", 0.35, date(2020, 1, 1), valid_to=date(2024, 12, 31)),
    ]
    names = "customs_value_12m sibling_rate_money_24m lowest_rate_share_24m"
    row = values(rates, [line(date(2024, 4, 1)), line(date(2024, 5, 1))], names)
    assert [row[name] for name in names.split()] == [200.0, pytest.approx(40.0 * WITH_VAT), 1.0]


def test_a_code_that_the_tariff_lacks_has_no_gap() -> None:
    rates = [rate("61091000", 0.1, date(2020, 1, 1)), rate("61099000", 0.3, date(2020, 1, 1))]
    unknown = line(date(2024, 4, 1), hs_code="61097700")
    names = "sibling_rate_gap_24m lowest_rate_share_24m sibling_rate_money_24m"
    alone = values(rates, [unknown], names)
    assert [alone[name] for name in names.split()] == [None, None, 0.0]
    beside = values(rates, [unknown, line(date(2024, 4, 1))], names)
    assert [beside[name] for name in names.split()] == [
        pytest.approx(0.2),
        1.0,
        pytest.approx(20.0 * WITH_VAT),
    ]


@pytest.mark.parametrize(
    ("code", "gap"),
    [
        ("610910001234", 0.2),  # begins with 61091000
        ("6109900012", 0.0),  # begins with 610990 and with 61099000
        ("61102000", 0.4),  # 6110200000 adds but zeros to it
        ("611020", 0.4),
        ("61103000", None),  # is divided into 6110300010 and 6110300090
    ],
)
def test_a_line_has_the_rate_of_its_code_at_the_level_of_the_tariff(code: str, gap: float | None) -> None:
    rates = [
        rate(rated, share, date(2020, 1, 1))
        for rated, share in {
            "61091000": 0.1,
            "610990": 0.2,
            "61099000": 0.3,
            "6110200000": 0.1,
            "6110300010": 0.3,
            "6110300090": 0.5,
        }.items()
    ]
    row = values(rates, [line(date(2024, 4, 1), hs_code=code)], "sibling_rate_gap_24m")
    assert row["sibling_rate_gap_24m"] == (None if gap is None else pytest.approx(gap))


def test_where_the_codes_of_a_heading_cost_the_same_there_is_no_choice() -> None:
    rates = [rate("61091000", 0.1, date(2020, 1, 1)), rate("61099000", 0.1, date(2020, 1, 1))]
    row = values(rates, [line(date(2024, 4, 1))], "lowest_rate_share_24m")
    assert row["lowest_rate_share_24m"] is None


def test_without_a_tariff_nothing_is_said() -> None:
    tables = good_tables(declarations=[line(date(2024, 4, 1))])
    names = "sibling_rate_gap_24m revenue_at_stake_24m switch_after_rise_money_24m"
    row = built(tables, names, [("007", CUTOFF)])["007", CUTOFF]
    assert [row[name] for name in names.split()] == [None] * 3


def test_duty_saved_is_counted_from_the_general_rate() -> None:
    """100 x (0.12 - 0.02) and VAT; the claim that saves nothing and the line without one add nothing."""
    rates = [
        rate("61091000", 0.12, date(2020, 1, 1)),
        rate("61091000", 0.02, date(2020, 1, 1), preference_code="FTA"),
    ]
    lines = [
        line(date(2024, 4, 1), preference_code="FTA", duty_rate=0.02, origin_proof_id="P1"),
        line(date(2024, 4, 1), item_number=2, preference_code="FTA", duty_rate=0.13, origin_proof_id=None),
        line(date(2024, 4, 1), item_number=3, preference_code=None, duty_rate=0.0, origin_proof_id=None),
    ]
    names = (
        "preference_at_stake_24m preference_share_12m preference_no_doc_24m unproven_preference_at_stake_24m"
    )
    row = values(rates, lines, names)
    assert [row[name] for name in names.split()] == pytest.approx([10.0 * WITH_VAT, 2 / 3, 0.5, 0.0])
