"""A trader's own prices by good and seller, ties that nobody declared, and what was used of late."""

from datetime import date
from math import exp
from uuid import uuid4

import pytest

from tests.features.building import built
from tests.features.tables import Cell, Row, good_tables, line, trader

CUTOFF = date(2024, 7, 1)
KEY = ("ME", CUTOFF)
LATE, EARLY, BEFORE = date(2024, 5, 1), date(2023, 9, 1), date(2023, 5, 1)


def lines(accepted_on: date, *log_prices: float, **other: Cell) -> list[Row]:
    """Lines of one kg at prices given by their logarithms."""
    own = {"trader_id": "ME", "net_mass_kg": 1.0, "seller_id": "S1", **other}
    return [
        line(accepted_on, declaration_id=uuid4().hex, customs_value=exp(log_price), **own)
        for log_price in log_prices
    ]


def value(rows: list[Row], name: str, **others: list[Row]) -> object:
    tables = good_tables(declarations=rows, traders=[trader("ME")], **others)
    return built(tables, name, [KEY])[KEY][name]


def test_prices_of_the_last_3_months_are_held_against_the_9_months_before() -> None:
    rows = lines(LATE, 1.0, 1.1, 5.0) + lines(EARLY, 1.4, 1.4, 1.5) + lines(BEFORE, 9.0, 9.0, 9.0)
    assert value(rows, "own_price_drift_12m") == pytest.approx(1.1 - 1.4, abs=1e-5)


@pytest.mark.parametrize(("late", "gap"), [(date(2024, 4, 1), -0.5), (date(2024, 3, 31), None)])
def test_the_last_3_months_begin_on_their_day(late: date, gap: float | None) -> None:
    rows = lines(late, 1.0, 1.0, 1.0) + lines(EARLY, 1.5, 1.5, 1.5)
    expected = None if gap is None else pytest.approx(gap, abs=1e-5)
    assert value(rows, "own_price_drift_12m") == expected


def test_a_middle_price_needs_three_lines_with_one_seller() -> None:
    name = "own_price_drift_12m"
    assert value(lines(LATE, 1.0, 1.0) + lines(EARLY, 1.5, 1.5, 1.5), name) is None
    elsewhere = lines(EARLY, 1.5, 1.5, 1.5, seller_id="S2")
    assert value(lines(LATE, 1.0, 1.0, 1.0) + elsewhere, name) is None


def test_prices_are_held_against_the_year_before_by_the_value_of_the_later_year() -> None:
    one = lines(LATE, 0.0, 0.0) + lines(EARLY, 0.0) + lines(BEFORE, 0.5, 0.5, 0.5)
    other = [
        {**row, "hs_code": "62091000"} for row in lines(LATE, 0.0, 0.0, 0.0) + lines(BEFORE, 0.1, 0.1, 0.1)
    ]
    assert value(one + other, "own_price_change_24m") == pytest.approx(-0.3, abs=1e-5)


def test_the_spread_is_that_of_the_quartiles_of_a_good_and_origin() -> None:
    rows = lines(LATE, *(n / 10 for n in range(9)))
    assert value(rows, "own_price_spread_12m") == pytest.approx(0.4, abs=1e-5)
    assert value(rows[:7], "own_price_spread_12m") is None
    half_elsewhere = [{**row, "origin_country": "VN"} for row in rows[:5]] + rows[5:]
    assert value(half_elsewhere, "own_price_spread_12m") is None


def test_the_split_is_that_between_the_dearest_and_the_cheapest_seller() -> None:
    rows = lines(LATE, 0.0, 0.1, 0.2)
    assert value(rows, "seller_price_split_24m") is None
    rows += lines(LATE, 0.5, 0.6, 9.0, seller_id="S2") + lines(LATE, 0.3, 0.3, 0.3, seller_id="S3")
    rows += lines(LATE, 7.0, 7.0, seller_id="S4")
    assert value(rows, "seller_price_split_24m") == pytest.approx(0.6 - 0.1, abs=1e-5)


def link(**other: Cell) -> Row:
    start = date(2020, 1, 1)
    tie = {"from_id": "ME", "to_id": "S1", "link_type": "group", "valid_from": start, "known_on": start}
    return {**tie, **other}


@pytest.mark.parametrize(
    ("tie", "share"),
    [
        (link(), 0.25),
        (link(from_id="S1", to_id="ME"), 0.25),
        (link(link_type="address"), 0.0),
        (link(to_id="S9"), 0.0),
        (link(from_id="OTHER"), 0.0),
        (link(known_on=date(2024, 6, 30)), 0.25),
        (link(known_on=CUTOFF), 0.0),
        (link(valid_to=date(2024, 5, 31)), 0.0),
        (link(valid_to=CUTOFF), 0.25),
    ],
)
def test_a_group_tie_that_is_not_declared_counts_when_it_was_known(tie: Row, share: float) -> None:
    rows = lines(LATE, 0.0) + lines(LATE, 0.0, related_party=True)
    rows += lines(LATE, 0.0, 0.0, seller_id="S2")
    assert value(rows, "undeclared_tie_share_12m", links=[tie]) == pytest.approx(share)


def test_without_links_ties_are_unknown() -> None:
    assert value(lines(LATE, 0.0), "undeclared_tie_share_12m") is None


def test_the_usual_office_is_that_of_24_months() -> None:
    rows = lines(BEFORE, 0.0, 0.0, 0.0, office_code="A") + lines(LATE, 0.0, office_code="A")
    rows += lines(LATE, 0.0, 0.0, 0.0, office_code="B")
    assert value(rows, "away_from_office_share_24m") == pytest.approx(0.75)


def test_of_two_offices_used_alike_the_first_by_name_is_the_usual_one() -> None:
    rows = lines(BEFORE, 0.0, 0.0, office_code="B") + lines(LATE, 0.0, office_code="B")
    rows += lines(LATE, 0.0, 0.0, 0.0, office_code="A")
    assert value(rows, "away_from_office_share_24m") == pytest.approx(0.25)


@pytest.mark.parametrize(("first_on", "share"), [(date(2024, 4, 1), 0.5), (date(2024, 3, 31), 0.0)])
def test_a_port_is_new_for_3_months(first_on: date, share: float) -> None:
    rows = lines(BEFORE, 0.0, loading_port="CNSHA") + lines(LATE, 0.0, loading_port="CNSHA")
    rows += lines(first_on, 0.0, loading_port="VNSGN")
    assert value(rows, "new_port_share_24m") == pytest.approx(share)


def test_routes_of_a_new_trader_are_not_new_routes() -> None:
    assert value(lines(LATE, 0.0, transport_mode="1"), "new_mode_share_24m") is None
