"""Events of the ledger that other rows contradict: the audit, its trader's lines, other events."""

from collections import defaultdict
from datetime import date
from pathlib import Path

import pytest

from features.data.check import check
from features.data.contract.violation import Severity
from features.data.warehouse import open_warehouse
from tests.features.tables import TODAY, Row, audit, finding, good_tables, line, write_csv, write_parquet

NOTE, ROW = Severity.NOTE, Severity.ROW
Broken = dict[str, list[tuple[str, int]]]
"""The events that break each rule."""


def broken(folder: Path, *events: Row, audits: tuple[Row, ...] = ()) -> Broken:
    """Check the small administration with these events and audits."""
    names = {name: None for event in events for name in event}
    tables = good_tables(findings=[{**names, **event} for event in events])
    tables["audits"] += audits
    tables["declarations"].append(line(date(2025, 1, 2), declaration_id="D8"))
    rules: Broken = defaultdict(list)
    with open_warehouse(str(write_parquet(folder, tables))) as warehouse:
        for each in check(warehouse, today=TODAY, limit=1.0).report.violations:
            rules[each.rule] += [(row["audit_id"], row["event_number"]) for row in each.examples]  # type: ignore[misc]
    return dict(rules)


def many(audit_id: str, *others: Row) -> list[Row]:
    """Number events of an audit, of 5 each unless they say otherwise."""
    return [finding(audit_id, number, **{"amount": 5.0, **each}) for number, each in enumerate(others, 1)]


GOOD = (
    *many(
        "A1",
        {"amount": 50.0, "event_on": date(2025, 1, 15)},
        {"declaration_id": "D1"},
        {"declaration_id": "D1", "item_number": 2},
        {"amount": -50.0},
        {"amount": 9e11, "confirmed": True},
        {"amount": -45.0, "event": "reduced"},
        {"amount": -10.0, "event": "cancelled"},
        {"amount": 7e11},
        {"corrects": 8},
        {"corrects": 9, "declaration_id": "D1"},
    ),
    *many("A2", {"amount": 50.0}),
)


def test_events_that_agree_with_all_other_rows_break_nothing(tmp_path: Path) -> None:
    assert broken(tmp_path, *GOOD) == {}


@pytest.fixture(scope="module")
def contradicted(tmp_path_factory: pytest.TempPathFactory) -> Broken:
    """Ledgers of which each event breaks one rule, but for those in order."""
    events = [
        *many(
            "A1",
            {"declaration_id": "D1", "amount": 40.0},
            {"event_on": date(2025, 1, 14)},
            {"declaration_id": "D9"},
            {"declaration_id": "D1", "item_number": 3},
            {"declaration_id": "D2"},
            {"declaration_id": "D8"},
            {"amount": 9e11},
            {"amount": -1e9},
            {"corrects": 10},
        ),
        finding("A1", 2**53, amount=5.0),
        *many("A2", {"amount": 60.0}, {"amount": -20.0, "event": "reduced"}),
        *many("A3", {}),
        *many("A4", {}),
        *many(
            "A5",
            {"amount": 50.0},
            {"amount": -30.0, "event": "reduced"},
            {"amount": -20.01, "event": "cancelled"},
            {"amount": -5.0, "event": "reduced", "tax_type": "vat"},
            {"corrects": 1, "amount": 40.0},
            {"corrects": 1, "amount": 60.0},
        ),
    ]
    audits = (
        audit("A3", "007", status="planned", closed_on=None),
        audit("A4", "007", status="abandoned"),
        audit("A5", "007"),
    )
    return broken(tmp_path_factory.mktemp("contradicted"), *events, audits=audits)


@pytest.mark.parametrize(
    ("rule", "events"),
    {
        "audit_opened": [("A1", 2)],
        "audit_goes_on": [("A3", 1), ("A4", 1)],
        "line_known": [("A1", 3), ("A1", 4)],
        "line_of_trader": [("A1", 5)],
        "line_in_scope": [("A1", 6)],
        "beyond_declared": [("A1", 7), ("A1", 8)],
        "corrects_earlier": [("A1", 9)],
        "corrects_event": [("A1", 9)],
        "corrected_once": [("A5", 6)],
        "lowered_at_most": [("A5", 4)],
        "numbers_follow": [("A1", 2**53)],
    }.items(),
)
def test_an_event_that_other_rows_contradict_is_told(
    rule: str, events: list[tuple[str, int]], contradicted: Broken
) -> None:
    assert contradicted[rule] == events


def test_reductions_are_held_against_what_was_assessed_as_corrected(tmp_path: Path) -> None:
    events = many(
        "A1",
        {"amount": 50.0},
        {"amount": -30.0, "event": "reduced"},
        {"amount": -15.0, "event": "cancelled"},
        {"amount": 40.0, "corrects": 1},
    )
    assert broken(tmp_path, *events) == {"lowered_at_most": [("A1", 3)]}


def test_declarations_named_in_another_code_throughout_cost_the_column_and_no_money(tmp_path: Path) -> None:
    tables = good_tables(findings=many("A1", *[{"declaration_id": "D2"}] * 3))
    with open_warehouse(str(write_csv(tmp_path, tables))) as warehouse:
        [violation] = check(warehouse, today=TODAY).report.violations
    assert (violation.severity, violation.location) == (NOTE, "findings.declaration_id")


def test_money_that_contradicts_its_audit_is_set_aside_and_what_is_only_odd_stays(tmp_path: Path) -> None:
    events = [*many("A1", {}, {"event_on": date(2025, 1, 14)}, {"amount": 9e11})]
    with open_warehouse(str(write_parquet(tmp_path, good_tables(findings=events)))) as warehouse:
        result = check(warehouse, today=TODAY, limit=1.0)
        good = result.good_rows("findings").event_number.to_pyarrow().to_pylist()
    assert sorted(good) == [1, 3]
    assert {each.rule: each.severity for each in result.report.violations} == {
        "audit_opened": ROW,
        "beyond_declared": NOTE,
    }
