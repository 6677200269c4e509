"""Descriptions, controls, amendments, payments and ties as known on a day."""

import pytest

from tests.features.administration import administration, day, line, trader
from tests.features.building import values
from tests.features.tables import Row


def test_a_later_description_holds_once_it_is_valid_and_known() -> None:
    tables = administration(
        traders=[
            trader("T1", paid_in_capital=1.0),
            trader("T1", "2020-01-01", known_on="2020-06-01", paid_in_capital=2.0),
            trader("T1", "2022-01-01", known_on="2021-06-01", paid_in_capital=3.0),
        ]
    )
    days = ("2015-01-01", "2015-01-02", "2020-06-01", "2020-06-02", "2022-01-01", "2022-01-02")
    assert values(tables, "T1", "paid_in_capital", *days) == [None, 1, 1, 2, 2, 3]


def test_a_description_known_only_after_its_successor_never_holds() -> None:
    tables = administration(
        traders=[
            trader("T1", paid_in_capital=1.0),
            trader("T1", "2020-01-01", known_on="2023-06-01", paid_in_capital=2.0),
            trader("T1", "2022-01-01", paid_in_capital=3.0),
        ]
    )
    assert values(tables, "T1", "paid_in_capital", "2022-01-01", "2022-01-02", "2024-01-01") == [1, 3, 3]


def test_an_authorisation_is_lost_when_none_follows_it_as_known() -> None:
    tables = administration(
        traders=[
            trader("T1", aeo_status="none"),
            trader("T1", "2018-01-01", aeo_status="aeo_f", aeo_since="2018-01-01"),
            trader("T1", "2022-01-01", known_on="2022-03-01", aeo_status="none"),
            trader("T1", "2023-01-01", aeo_status="aeo_c", aeo_since="2023-01-01"),
        ]
    )
    days = ("2017-01-01", "2022-03-01", "2022-03-02", "2023-01-02")
    assert values(tables, "T1", "authorisation_lost", *days) == [0, 0, 1, 0]
    assert values(tables, "T1", "authorised_for_security", *days) == [0, 1, 0, 0]
    assert values(tables, "T1", "authorised_years", *days) == [
        None,
        pytest.approx((day("2022-03-01") - day("2018-01-01")).days / 365.25),
        None,
        pytest.approx(1 / 365.25),
    ]


def test_traders_whose_status_is_not_told_are_not_called_unauthorised() -> None:
    tables = administration(traders=[trader("T1", aeo_status=None), trader("T2", aeo_status="none")])
    for name in ("authorised_for_customs", "authorisation_lost", "months_to_revalidation"):
        assert values(tables, "T1", name, "2023-01-01") == [None]


def debt(debt_id: str, due_on: str, paid_on: str | None, amount: float, known_on: str) -> Row:
    return {
        "trader_id": "T1",
        "debt_id": debt_id,
        "due_on": due_on,
        "paid_on": paid_on,
        "amount": amount,
        "known_on": known_on,
    }


def test_a_debt_has_one_state_and_is_late_up_to_the_cutoff_while_unpaid() -> None:
    tables = administration(
        payments=[
            debt("Y1", "2023-03-01", None, 100.0, "2023-03-05"),
            debt("Y1", "2023-03-01", "2023-03-31", 100.0, "2023-04-02"),
            debt("Y2", "2023-03-10", "2023-03-08", 300.0, "2023-03-09"),
        ]
    )
    days = ("2023-03-05", "2023-03-06", "2023-03-11", "2023-04-02", "2023-04-03")
    assert values(tables, "T1", "days_late_12m", *days) == [None, 5, 10 / 4, 32 / 4, 30 / 4]
    assert values(tables, "T1", "unpaid_share_24m", *days) == [None, 1, 0.25, 0.25, 0]


def test_a_debt_that_is_not_due_yet_is_not_unpaid() -> None:
    tables = administration(payments=[debt("Y1", "2023-03-01", None, 100.0, "2023-01-05")])
    assert values(tables, "T1", "unpaid_share_24m", "2023-03-01", "2023-03-02") == [None, 1]


def test_amendments_count_when_known_with_the_change_from_the_version_before() -> None:
    def version(number: int, known_on: str, duty: float, by: str | None) -> Row:
        return line(
            "D1", "T1", "2023-01-10", version=number, known_on=known_on, duty_assessed=duty, amended_by=by
        )

    tables = administration(
        declarations=[
            version(0, "2023-01-10", 10.0, None),
            version(1, "2023-04-01", 30.0, "trader"),
            version(2, "2023-05-01", 25.0, "customs"),
        ]
    )
    days = ("2023-04-01", "2023-04-02", "2023-05-02")
    assert values(tables, "T1", "amendments_24m", *days) == [0, 1, 2]
    assert values(tables, "T1", "amended_taxes_24m", *days) == [0, 20, 15]
    assert values(tables, "T1", "own_amendment_share_24m", *days) == [None, 1, 0.5]


def test_a_change_is_known_when_both_versions_are() -> None:
    versions = [
        line("D1", "T1", "2023-01-10", version=0, known_on="2023-01-10"),
        line("D1", "T1", "2023-01-10", version=1, known_on="2023-06-01", duty_assessed=30.0),
        line("D1", "T1", "2023-01-10", version=2, known_on="2023-04-01", duty_assessed=25.0),
    ]
    tables = administration(declarations=versions)
    assert values(tables, "T1", "amended_taxes_24m", "2023-04-02", "2023-06-02") == [0, 25]


def control(control_id: str, selected_by: str, delta: float, known_on: str) -> Row:
    return {
        "control_id": control_id,
        "declaration_id": "D0",
        "item_number": 1,
        "controlled_on": "2023-01-05",
        "selected_by": selected_by,
        "type": "physical",
        "finding_type": None,
        "revenue_delta": delta,
        "known_on": known_on,
    }


def test_random_and_targeted_controls_stay_apart_and_count_when_known() -> None:
    tables = administration(
        declarations=[
            line("D0", "T1", "2023-01-02", item_number=1),
            line("D0", "T1", "2023-01-02", item_number=2),
        ],
        controls=[
            control("C1", "random", 0.0, "2023-01-06"),
            control("C2", "random", 40.0, "2023-01-20"),
            control("C3", "model", -5.0, "2023-01-20"),
        ],
    )
    days = ("2023-01-06", "2023-01-07", "2023-01-20", "2023-01-21")
    assert values(tables, "T1", "random_hit_rate_24m", *days) == [None, 0, 0, 0.5]
    assert values(tables, "T1", "targeted_hit_rate_24m", *days) == [None, None, None, 1]
    assert values(tables, "T1", "border_revenue_24m", *days) == [0, 0, 0, 35]


def test_features_of_tables_that_are_absent_are_empty_not_zero() -> None:
    for name in ("days_late_12m", "border_revenue_24m", "identity_shared_with", "silent_kin_value"):
        assert values(administration(), "T1", name, "2023-01-01") == [None]
