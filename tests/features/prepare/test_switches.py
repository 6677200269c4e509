"""Goods that moved to a cheaper code after a measure."""

from datetime import date, timedelta

import pytest

from tests.features.building import built
from tests.features.tables import Row, finding, good_tables, line, rate

CUTOFF = date(2024, 7, 1)
RISE = date(2024, 1, 1)
DAY = timedelta(days=1)
DEAR, CHEAP, OTHER = "61091000", "61099000", "61101000"


RATES = [
    rate(DEAR, 0.1, date(2020, 1, 1)),
    rate(DEAR, 0.3, RISE),
    rate(CHEAP, 0.1, date(2020, 1, 1)),
    rate(OTHER, 0.0, date(2020, 1, 1)),
]
BEFORE = line(date(2023, 6, 1), hs_code=DEAR)


def moved(
    lines: list[Row], name: str = "switch_after_rise_money_24m", *, saved: float = 0.2, **tables: list[Row]
) -> object:
    """Return the value of the goods moved, of which each unit saved a duty of `saved` and a VAT of 19 %."""
    whole = good_tables(declarations=lines, **{"tariff": RATES, **tables})
    money = built(whole, name, [("007", CUTOFF)])["007", CUTOFF][name]
    return pytest.approx(money / (saved * 1.19))


def test_goods_under_a_cheaper_code_after_a_rise_have_moved() -> None:
    assert moved([BEFORE, line(date(2024, 2, 1), hs_code=CHEAP)]) == 100.0


@pytest.mark.parametrize(
    ("accepted_on", "value"),
    [(RISE - DAY, 0.0), (RISE, 100.0), (RISE + 179 * DAY, 100.0), (RISE + 180 * DAY, 0.0)],
)
def test_they_move_from_the_day_of_the_rise_for_180_days(accepted_on: date, value: float) -> None:
    assert moved([BEFORE, line(accepted_on, hs_code=CHEAP)]) == value


@pytest.mark.parametrize(
    ("used_on", "value"), [(date(2022, 12, 31), 0.0), (date(2023, 1, 1), 100.0), (RISE, 0.0)]
)
def test_the_dearer_code_was_used_in_the_year_before(used_on: date, value: float) -> None:
    lines = [line(used_on, hs_code=DEAR), line(date(2024, 2, 1), hs_code=CHEAP)]
    assert moved(lines) == value


@pytest.mark.parametrize(("used_on", "value"), [(date(2022, 12, 31), 100.0), (date(2023, 1, 1), 0.0)])
def test_the_cheaper_code_was_not(used_on: date, value: float) -> None:
    lines = [BEFORE, line(used_on, hs_code=CHEAP), line(date(2024, 2, 1), hs_code=CHEAP)]
    assert moved(lines) == value


@pytest.mark.parametrize("other", [{"hs_code": OTHER}, {"hs_code": CHEAP, "trader_id": "0815"}])
def test_other_headings_and_other_traders_do_not_count(other: Row) -> None:
    assert moved([BEFORE, line(date(2024, 2, 1), **other)]) == 0.0


def test_a_code_that_costs_as_much_is_not_cheaper() -> None:
    rates = [*RATES, rate(CHEAP, 0.3, RISE)]
    assert moved([BEFORE, line(date(2024, 2, 1), hs_code=CHEAP)], tariff=rates) == 0.0


def test_two_measures_count_a_line_once() -> None:
    rates = [*RATES, rate("61093000", 0.1, date(2020, 1, 1)), rate("61093000", 0.4, date(2024, 1, 10))]
    lines = [BEFORE, line(date(2023, 7, 1), hs_code="61093000"), line(date(2024, 2, 1), hs_code=CHEAP)]
    assert moved(lines, saved=0.3, tariff=rates) == 100.0


def test_what_became_known_later_changes_nothing() -> None:
    """Neither a use of the cheaper code before, nor one of the dearer, once the line itself is known."""
    move = line(date(2024, 2, 1), hs_code=CHEAP)
    use = line(date(2023, 5, 1), hs_code=CHEAP, known_on=CUTOFF)
    assert moved([BEFORE, move, use]) == 100.0
    assert moved([{**BEFORE, "known_on": CUTOFF}, move]) == 0.0


def test_an_amended_line_counts_as_last_known() -> None:
    move = line(date(2024, 2, 1), hs_code=CHEAP)
    amended = {**move, "version": 1, "customs_value": 70.0, "known_on": date(2024, 3, 1)}
    amended |= {"duty_assessed": 8.4, "vat_assessed": 14.896}
    assert moved([BEFORE, move, amended]) == 70.0
    assert moved([BEFORE, move, {**amended, "hs_code": DEAR}]) == 0.0


def test_the_asked_traders_and_days_do_not_matter() -> None:
    lines = [BEFORE, line(date(2024, 2, 1), hs_code=CHEAP)]
    whole = good_tables(declarations=lines, tariff=RATES)
    keys = [("007", CUTOFF), ("007", date(2025, 12, 31)), ("007", date(2024, 2, 1)), ("T3", CUTOFF)]
    rows = built(whole, "switch_after_rise_money_24m", keys)
    assert [row["switch_after_rise_money_24m"] for row in rows.values()] == pytest.approx(
        [23.8, 23.8, 0.0, 0.0]
    )


def control(**other: object) -> Row:
    usual: Row = {
        "control_id": "C1",
        "declaration_id": "L1",
        "item_number": 1,
        "controlled_on": date(2024, 1, 31),
        "selected_by": "random",
        "type": "document",
        "finding_type": "classification",
        "revenue_delta": 5.0,
        "known_on": date(2024, 1, 31),
    }
    return {**usual, **other}


def after_finding(**tables: list[Row]) -> object:
    """The dearer code was used once, long ago; the cheaper one on the first of February."""
    lines = [line(date(2021, 6, 1), hs_code=DEAR, declaration_id="L1"), line(date(2024, 2, 1), hs_code=CHEAP)]
    rates = [rate(DEAR, 0.2, date(2020, 1, 1)), rate(CHEAP, 0.1, date(2020, 1, 1))]
    name = "switch_after_finding_money_24m"
    return moved(lines, name, saved=0.1, tariff=rates, **tables)


def test_goods_move_after_a_control_found_a_fault() -> None:
    assert after_finding(controls=[control()]) == 100.0
    assert after_finding(controls=[control(item_number=None)]) == 100.0


@pytest.mark.parametrize(
    "other",
    [
        {"finding_type": None},
        {"item_number": 2},
        {"declaration_id": "L9"},
        {"controlled_on": date(2024, 2, 1), "known_on": date(2024, 2, 1)},
        {"controlled_on": date(2023, 8, 4)},
        {"known_on": date(2024, 2, 2)},
    ],
)
def test_other_controls_move_nothing(
    other: Row,
) -> None:
    assert after_finding(controls=[control(**other)]) == 0.0


def test_a_fault_found_on_the_same_day_counts_only_once_it_is_known() -> None:
    """The code of both faults was the cheaper when the first was declared, and the dearer at the second."""
    lines = [
        line(date(2021, 6, 1), hs_code=DEAR, declaration_id="L1"),
        line(date(2024, 2, 1), hs_code=CHEAP),
        line(date(2023, 6, 1), hs_code=DEAR, declaration_id="L3"),
    ]
    rates = [
        rate(DEAR, 0.05, date(2020, 1, 1)),
        rate(DEAR, 0.2, date(2023, 1, 1)),
        rate(CHEAP, 0.1, date(2020, 1, 1)),
    ]
    late = control(control_id="C2", declaration_id="L3", known_on=CUTOFF)
    name = "switch_after_finding_money_24m"
    assert moved(lines, name, saved=0.1, tariff=rates, controls=[control(), late]) == 0.0
    in_time = {**late, "known_on": date(2024, 1, 31)}
    assert moved(lines, name, saved=0.1, tariff=rates, controls=[control(), in_time]) == 100.0


@pytest.mark.parametrize(("event", "value"), [("assessed", 100.0), ("upheld", 0.0)])
def test_goods_move_after_an_audit_assessed_money_on_a_line(event: str, value: float) -> None:
    on_the_line = {"event_on": date(2024, 1, 31), "declaration_id": "L1", "item_number": 1}
    assessed = finding("A1", 1, event=event, amount=1200.25, **on_the_line)
    elsewhere = [control(declaration_id="L9")]
    assert after_finding(controls=elsewhere, findings=[assessed]) == value
