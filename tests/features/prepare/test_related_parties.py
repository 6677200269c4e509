"""Related parties of a trader, as known on a day."""

import pytest

from tests.features.administration import administration, audit, finding, line, trader
from tests.features.building import values
from tests.features.tables import Row, Tables


def tie(from_id: str, to_id: str, link_type: str = "director", **other: object) -> Row:
    return {
        "from_id": from_id,
        "to_id": to_id,
        "link_type": link_type,
        "valid_from": "2020-01-01",
        "valid_to": None,
        "known_on": "2020-01-01",
        **other,
    }


def four_traders(*links: Row, **tables: list[Row]) -> Tables:
    return administration(
        traders=[trader(name) for name in ("T1", "T2", "T3", "T4")], links=list(links), **tables
    )


SHARED = "identity_shared_with"


def test_a_tie_works_both_ways_and_a_trader_tied_twice_counts_once() -> None:
    tables = four_traders(tie("T1", "T2", "address"), tie("T2", "T1", "phone"), tie("T3", "T1", "bank"))
    assert values(tables, "T1", SHARED, "2023-01-01") == [2]
    assert values(tables, "T3", SHARED, "2023-01-01") == [1]
    assert values(tables, "T4", SHARED, "2023-01-01") == [0]


def test_traders_tied_to_one_person_are_kin_but_not_the_person() -> None:
    tables = four_traders(tie("T1", "P1"), tie("T2", "P1"), tie("P1", "T3"))
    assert values(tables, "T1", SHARED, "2023-01-01") == [2]


def test_traders_tied_to_one_third_in_different_ways_are_not_kin() -> None:
    tables = four_traders(tie("T1", "P1", "director"), tie("T2", "P1", "address"))
    assert values(tables, "T1", SHARED, "2023-01-01") == [0]


def test_a_group_is_no_shared_identity() -> None:
    assert values(four_traders(tie("T1", "T2", "group")), "T1", SHARED, "2023-01-01") == [0]


def test_a_tie_holds_through_its_last_day_from_the_day_it_is_known() -> None:
    tables = four_traders(tie("T1", "T2", known_on="2022-05-10", valid_to="2022-08-20"))
    days = ("2022-05-10", "2022-05-11", "2022-08-21", "2022-08-22")
    assert values(tables, "T1", SHARED, *days) == [0, 1, 1, 0]


def test_the_other_end_of_a_third_counts_as_known_when_the_quarter_began() -> None:
    tables = four_traders(tie("T1", "P1"), tie("T2", "P1", known_on="2022-05-10"))
    assert values(tables, "T1", SHARED, "2022-06-30", "2022-07-01") == [0, 1]
    ended = four_traders(tie("T1", "P1"), tie("T2", "P1", valid_to="2022-05-10"))
    assert values(ended, "T1", SHARED, "2022-06-30", "2022-07-01") == [1, 0]


def test_an_address_of_more_than_fifty_makes_nobody_kin() -> None:
    def tables(count: int) -> Tables:
        names = [f"T{n}" for n in range(1, count + 1)]
        return administration(
            traders=[trader(name) for name in names], links=[tie(name, "HOUSE", "address") for name in names]
        )

    assert values(tables(50), "T1", SHARED, "2023-01-01") == [49]
    assert values(tables(51), "T1", SHARED, "2023-01-01") == [0]


def test_the_rate_of_kin_is_drawn_to_that_of_all_others_and_leaves_own_audits_out() -> None:
    """Of the others T2 (kin: a hit), T3 (kin: none) and T4 (a hit): (1 + 10 x 2/3) / (2 + 10)."""
    tables = four_traders(
        tie("T1", "T2", "group"),
        tie("T1", "P1"),
        tie("T3", "P1"),
        tie("T1", "T4", "phone"),
        audits=[
            *(audit(f"A{n}", f"T{n}", "2022-02-01", "2022-06-01") for n in (1, 2, 3, 4)),
            audit("A5", "T2", "2023-01-01", None),
        ],
        findings=[finding(f"A{n}", 1, "2022-06-01", 10.0) for n in (1, 2, 4)],
    )
    rate = pytest.approx((1 + 10 * 2 / 3) / 12)
    assert values(tables, "T1", "kin_finding_rate", "2022-06-30", "2023-02-01") == [None, rate]


def test_kin_are_silent_who_imported_in_two_years_but_not_in_half_a_year() -> None:
    """As of 1 January 2023: T2 imported last in June 2022, T3 in July, T4 in December 2020."""
    tables = four_traders(
        *(tie("T1", name) for name in ("T2", "T3", "T4")),
        declarations=[
            line("D1", "T2", "2022-06-30"),
            line("D2", "T3", "2022-07-02"),
            line("D3", "T4", "2020-12-31"),
            line("D4", "T2", "2022-12-31", known_on="2023-01-01"),
        ],
    )
    assert values(tables, "T1", "silent_kin_value", "2023-02-01", "2023-04-01") == [1000, 1000]
    assert values(tables, "T1", "silent_kin_value", "2021-02-01", "2022-02-01") == [0, 1000]


def test_kin_that_fell_silent_hands_on_the_trade_of_its_last_two_years() -> None:
    """T2's lines of 2020 lie too far back; T3 imports still. T1 goes on with 300 of T2's 900 at 20 %."""
    tables = four_traders(
        tie("T1", "T2", "bank"),
        tie("T1", "T3", "bank"),
        declarations=[
            line("D1", "T2", "2020-06-01", customs_value=5000.0),
            line("D2", "T2", "2022-03-01", customs_value=900.0),
            line("D3", "T3", "2022-11-01", customs_value=700.0),
            line("D4", "T1", "2022-12-01", customs_value=300.0, duty_assessed=60.0),
        ],
    )
    assert values(tables, "T1", "silent_kin_value", "2023-01-01") == [900.0]
    assert values(tables, "T1", "inherited_at_stake_24m", "2023-01-01") == [pytest.approx(60.0)]
