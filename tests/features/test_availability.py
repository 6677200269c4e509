"""Who is free on a day: description, office, audits of ours and of the tax administration, as known then."""

from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from features.availability import availability, begun, hours_spent
from features.proofs.tables import warehouse_of
from tests.features.administration import administration, audit, day, line, trader
from tests.features.tables import Row


def of_t1(cutoff: str = "2024-01-01", **tables: list[Row]) -> dict[str, Any]:
    with warehouse_of(administration(**tables)) as opened:
        [row] = availability(opened, pa.chunked_array([["T1"]]), day(cutoff)).to_pylist()
    return dict(row)


def test_the_description_is_the_last_one_known() -> None:
    descriptions = [
        trader("T1", size_band="micro"),
        trader("T1", "2023-01-01", size_band="large", aeo_status="aeo_c", aeo_revalidation_due="2024-05-01"),
        trader("T1", "2024-01-01", size_band="small"),
    ]
    row = of_t1(traders=descriptions)
    assert (row["size_band"], row["aeo_status"], row["aeo_revalidation_due"]) == (
        "large",
        "aeo_c",
        date(2024, 5, 1),
    )
    assert of_t1("2022-01-01", traders=descriptions)["size_band"] == "micro"


def test_the_office_is_where_most_lines_of_a_year_are() -> None:
    lines = [
        *(line(f"D{k}", "T1", "2022-06-01", office_code="03") for k in range(9)),
        *(line(f"E{k}", "T1", "2023-06-01", office_code="02") for k in range(2)),
        line("F", "T1", "2023-06-01", office_code="01"),
    ]
    assert of_t1(declarations=lines)["office_code"] == "02"
    assert of_t1("2023-06-01", declarations=lines)["office_code"] == "03"


def test_the_office_of_cancelled_declarations_does_not_count() -> None:
    lines = [
        line("F", "T1", "2023-06-01", office_code="01"),
        *(line(f"E{k}", "T1", "2023-06-01", office_code="02", cancelled_on="2023-06-30") for k in range(2)),
    ]
    assert of_t1("2023-06-30", declarations=lines)["office_code"] == "02"
    assert of_t1("2023-07-01", declarations=lines)["office_code"] == "01"


@pytest.mark.parametrize(
    ("opened", "closed", "other", "last", "is_audited"),
    [
        ("2023-05-01", None, {}, "2023-05-01", True),
        ("2023-05-01", "2023-12-31", {}, "2023-05-01", False),
        ("2023-05-01", "2024-01-01", {}, "2023-05-01", True),
        ("2023-05-01", None, {"status": "abandoned"}, None, False),
        ("2024-02-01", None, {"status": "planned", "known_on": "2023-12-01"}, None, True),
        ("2024-02-01", None, {"status": "planned"}, None, False),
    ],
)
def test_an_audit_stands_in_the_way_until_it_is_closed(
    opened: str, closed: str | None, other: dict[str, Any], last: str | None, is_audited: bool
) -> None:
    row = of_t1(audits=[audit("A1", "T1", opened, closed, **other)])
    assert (row["last_opened_on"], row["is_audited"]) == (day(last) if last else None, is_audited)


def test_a_tax_audit_is_open_by_its_last_state_known() -> None:
    first = {"trader_id": "T1", "tax_audit_id": "X", "opened_on": "2023-03-01", "known_on": "2023-03-01"}
    states = [first, first | {"known_on": "2023-11-01", "closed_on": "2023-10-20"}]
    assert of_t1("2023-11-01", tax_audits=states)["is_tax_audited"]
    assert not of_t1("2023-11-02", tax_audits=states)["is_tax_audited"]
    assert not of_t1()["is_tax_audited"]


def test_hours_are_of_audits_closed_by_then() -> None:
    audits = [
        audit("A1", "T1", "2023-01-01", "2023-06-01", hours_spent=40.0),
        audit("A2", "T1", "2023-01-01", "2024-01-01", hours_spent=50.0),
    ]
    with warehouse_of(administration(audits=audits)) as opened:
        assert hours_spent(opened, day("2024-01-01")).to_pylist() == [
            {"trader_id": "T1", "treatment": "field", "hours_spent": 40.0}
        ]


def test_the_days_of_the_tax_administration_are_those_last_planned_for_audits_under_way() -> None:
    first = {"trader_id": "T1", "tax_audit_id": "X", "opened_on": "2023-03-01", "known_on": "2023-03-01"}
    planned = first | {"known_on": "2023-06-01", "planned_from": "2024-02-01", "planned_to": "2024-03-01"}
    later = planned | {"known_on": "2023-09-01", "planned_from": "2024-02-15"}
    closed = first | {"tax_audit_id": "Y", "planned_from": "2023-04-01", "closed_on": "2023-05-01"}
    other = first | {"tax_audit_id": "Z", "planned_to": "2024-05-01"}
    states = [first, planned, later, closed, other]
    names = ("tax_audit_from", "tax_audit_to")
    known = [
        tuple(of_t1(cutoff, tax_audits=states)[name] for name in names)
        for cutoff in ("2023-06-01", "2023-09-01", "2024-01-01")
    ]
    assert known == [
        (None, date(2024, 5, 1)),
        (date(2024, 2, 1), date(2024, 5, 1)),
        (date(2024, 2, 15), date(2024, 5, 1)),
    ]


def test_what_of_a_plan_has_begun_is_what_was_opened_for_it_by_then() -> None:
    audits = [
        audit("A1", "T1", "2023-05-01", None, selection_run_id="P-1"),
        audit("A2", "T2", "2023-05-01", "2023-08-01", selection_run_id="P-1"),
        audit("A3", "T3", "2023-05-01", None, selection_run_id="P-1", status="abandoned"),
        audit("A4", "T4", "2023-05-01", None, selection_run_id="P-1", status="planned"),
        audit("A5", "T5", "2023-05-01", None, selection_run_id="P-2"),
    ]
    traders = [trader(f"T{k}") for k in range(1, 6)]
    with warehouse_of(administration(audits=audits, traders=traders)) as opened:
        rows = {
            cutoff: begun(opened, "P-1", day(cutoff)).to_pylist() for cutoff in ("2023-06-01", "2024-01-01")
        }
    done = {cutoff: {row["trader_id"]: row["is_done"] for row in each} for cutoff, each in rows.items()}
    assert done == {
        "2023-06-01": {"T1": False, "T2": False, "T3": True},
        "2024-01-01": {"T1": False, "T2": True, "T3": True},
    }
