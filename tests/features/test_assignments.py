"""Assignments as known on a day: the last state, what was declined, and what traders corrected since."""

from datetime import date

import pytest

from features.assignments import declined, own_amendments
from features.proofs.tables import warehouse_of
from tests.features.administration import administration, day, line
from tests.features.tables import Row, Tables

PLAN: Row = {"plan_id": "P", "trader_id": "T1", "treatment": "letter", "probability_letter": 0.9}


def amended(known_on: str, taxes: float, **other: object) -> list[Row]:
    """A line that the trader amended on a day, which added so much duty."""
    first = line("D1", "T1", "2021-06-01", duty_assessed=100.0, vat_assessed=0.0)
    later = line(
        "D1",
        "T1",
        "2021-06-01",
        version=1,
        duty_assessed=100.0 + taxes,
        vat_assessed=0.0,
        known_on=known_on,
        **{"amended_by": "trader", **other},
    )
    return [first, later]


def since(tables: Tables, cutoff: str = "2024-01-01") -> list[tuple[float, float]]:
    with warehouse_of(tables) as opened:
        rows = own_amendments(opened, day(cutoff)).to_pylist()
    return [(row["amended"], row["amended_before"]) for row in rows]


def of(lines: list[Row], *states: Row) -> Tables:
    return administration(declarations=lines, assignments=[*states])


@pytest.mark.parametrize(
    ("known_on", "other", "expected"),
    [
        ("2022-06-01", {}, (40.0, 0.0)),
        ("2022-01-01", {}, (0.0, 40.0)),
        ("2021-08-01", {}, (0.0, 40.0)),
        ("2023-07-01", {}, (40.0, 0.0)),
        ("2023-07-02", {}, (0.0, 0.0)),
        ("2022-06-01", {"amended_by": "customs"}, (0.0, 0.0)),
        ("2022-06-01", {"cancelled_on": "2023-01-01"}, (0.0, 0.0)),
    ],
)
def test_own_amendments_count_in_the_months_after_and_beside_them_those_before(
    known_on: str, other: Row, expected: tuple[float, float]
) -> None:
    assigned = PLAN | {"known_on": "2022-01-01"}
    assert since(of(amended(known_on, 40.0, **other), assigned)) == [expected]


def test_an_answer_is_counted_once_its_months_are_over() -> None:
    assigned = PLAN | {"known_on": "2022-07-02"}
    assert since(of(amended("2022-08-01", 40.0), assigned), "2023-12-31") == []
    assert since(of(amended("2022-08-01", 40.0), assigned), "2024-01-02") == [(40.0, 0.0)]


def test_months_run_from_the_first_state_of_an_assignment() -> None:
    """What was declined later was assigned all the same: it stays among those meant to get a letter."""
    states = [
        PLAN | {"known_on": "2022-01-01"},
        PLAN | {"known_on": "2022-09-01", "declined_because": "gone"},
    ]
    assert since(of(amended("2022-06-01", 40.0), *states)) == [(40.0, 0.0)]


def test_what_was_declined_is_known_the_day_after() -> None:
    states = [
        PLAN | {"known_on": "2022-01-01"},
        PLAN | {"known_on": "2022-09-01", "declined_because": "gone"},
    ]
    with warehouse_of(of(amended("2022-06-01", 40.0), *states)) as opened:
        assert declined(opened, "P", date(2022, 9, 1)).to_pylist() == []
        assert declined(opened, "P", date(2022, 9, 2)).to_pylist() == ["T1"]
        assert declined(opened, "Q", date(2022, 9, 2)).to_pylist() == []


def test_without_the_table_nothing_was_assigned() -> None:
    with warehouse_of(administration()) as opened:
        assert declined(opened, "P", date(2024, 1, 1)).to_pylist() == []
        assert own_amendments(opened, date(2024, 1, 1)).num_rows == 0
