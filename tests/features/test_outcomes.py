"""What audits brought in, as known on a day: every sum worked by hand."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from features.data.warehouse import open_warehouse
from features.errors import SettingError
from features.outcomes import BY_TYPE, Measure, outcomes
from tests.features.administration import administration, audit, day, finding
from tests.features.tables import Row, write_parquet

Known = Callable[..., list[Row]]


@pytest.fixture
def known(tmp_path: Path) -> Known:
    """Return the outcomes of given audits and findings as known by a day."""

    def rows(
        cutoff: str,
        *,
        audits: Sequence[Row],
        findings: Sequence[Row],
        measure: Measure = "assessed",
        with_penalties: bool = False,
    ) -> list[Row]:
        tables = administration(audits=audits, findings=findings)
        with open_warehouse(str(write_parquet(tmp_path, tables))) as warehouse:
            found = outcomes(warehouse, cutoff=day(cutoff), measure=measure, with_penalties=with_penalties)
            return list(found.to_pyarrow().to_pylist())

    return rows


def amounts(rows: list[Row]) -> dict[object, object]:
    return {row["audit_id"]: row["yield_amount"] for row in rows}


CLOSED = audit("A1", "T1", "2023-01-10", "2023-03-01")
FOUND = finding("A1", 1, "2023-03-01", 100.0)


def test_an_audit_counts_from_the_day_after_it_closed(known: Known) -> None:
    assert known("2023-03-01", audits=[CLOSED], findings=[FOUND]) == []
    assert amounts(known("2023-03-02", audits=[CLOSED], findings=[FOUND])) == {"A1": 100.0}


def test_an_audit_recorded_late_counts_from_the_day_after_it_was_recorded(known: Known) -> None:
    late = CLOSED | {"known_on": day("2023-05-01")}
    assert known("2023-05-01", audits=[late], findings=[FOUND]) == []
    assert amounts(known("2023-05-02", audits=[late], findings=[FOUND])) == {"A1": 100.0}


@pytest.mark.parametrize("status", ["open", "planned", "abandoned"])
def test_an_audit_that_did_not_close_is_absent_not_zero(known: Known, status: str) -> None:
    other = audit("A2", "T1", "2023-01-10", None, status=status)
    assert amounts(known("2024-01-01", audits=[CLOSED, other], findings=[FOUND])) == {"A1": 100.0}


def test_an_abandoned_audit_stays_absent_whatever_its_ledger_holds(known: Known) -> None:
    abandoned = CLOSED | {"status": "abandoned"}
    assert known("2024-01-01", audits=[abandoned], findings=[FOUND]) == []


def test_an_audit_that_closed_without_a_finding_yields_zero(known: Known) -> None:
    [row] = known(
        "2024-01-01", audits=[CLOSED], findings=[finding("A1", 1, "2023-03-01", 9.0, event="upheld")]
    )
    assert row["yield_amount"] == 0.0
    assert [row[name] for name in BY_TYPE] == [0.0] * 6


def test_findings_known_at_the_day_itself_are_invisible(known: Known) -> None:
    later = finding("A1", 2, "2023-04-01", 30.0, known_on="2023-04-15")
    ledger = [FOUND, later]
    assert amounts(known("2023-04-15", audits=[CLOSED], findings=ledger)) == {"A1": 100.0}
    assert amounts(known("2023-04-16", audits=[CLOSED], findings=ledger)) == {"A1": 130.0}


def test_a_reduction_counts_from_when_it_is_known(known: Known) -> None:
    ledger = [
        FOUND,
        finding("A1", 2, "2023-09-01", -60.0, event="reduced"),
        finding("A1", 3, "2023-12-01", -40.0, event="cancelled"),
    ]
    by_day = [
        amounts(known(d, audits=[CLOSED], findings=ledger))["A1"]
        for d in ("2023-09-01", "2023-09-02", "2024-01-01")
    ]
    assert by_day == [100.0, 40.0, 0.0]


def test_a_correction_counts_in_the_place_of_its_event_from_the_day_after_it_is_known(known: Known) -> None:
    ledger = [
        finding("A1", 1, "2023-03-01", 1000.0),
        finding("A1", 2, "2023-03-01", 100.0, corrects=1, known_on="2023-06-01", finding_type="origin"),
        finding("A1", 3, "2023-03-01", 0.0, corrects=2, known_on="2023-09-01"),
    ]
    days = ("2023-06-01", "2023-06-02", "2023-09-01", "2023-09-02")
    by_day = [known(d, audits=[CLOSED], findings=ledger)[0] for d in days]
    assert [row["yield_amount"] for row in by_day] == [1000.0, 100.0, 100.0, 0.0]
    assert [row["origin_amount"] for row in by_day] == [0.0, 100.0, 100.0, 0.0]


def test_a_correction_speaks_of_its_own_audit_alone(known: Known) -> None:
    other = audit("A2", "T1", "2023-01-10", "2023-03-01")
    ledger = [FOUND, finding("A2", 1, "2023-03-01", 7.0), finding("A2", 2, "2023-03-01", 5.0, corrects=1)]
    assert amounts(known("2024-01-01", audits=[CLOSED, other], findings=ledger)) == {"A1": 100.0, "A2": 5.0}


def test_a_refund_to_the_trader_is_negative(known: Known) -> None:
    assert amounts(
        known("2024-01-01", audits=[CLOSED], findings=[finding("A1", 1, "2023-03-01", -75.5)])
    ) == {"A1": -75.5}


def test_parts_by_finding_type_add_up_to_the_yield(known: Known) -> None:
    ledger = [
        finding("A1", 1, "2023-03-01", 0.1, finding_type="valuation"),
        finding("A1", 2, "2023-03-01", 0.2, finding_type="origin", tax_type="vat"),
        finding("A1", 3, "2023-03-01", -0.7, finding_type="other", tax_type="excise"),
        finding("A1", 4, "2023-03-01", 0.2, finding_type="valuation"),
    ]
    [row] = known("2024-01-01", audits=[CLOSED], findings=ledger)
    assert {name: row[name] for name in BY_TYPE} == {
        "valuation_amount": 0.3,
        "classification_amount": 0.0,
        "origin_amount": 0.2,
        "quantity_amount": 0.0,
        "procedure_amount": 0.0,
        "other_amount": -0.7,
    }
    assert row["yield_amount"] == -0.2


LEDGER = [
    finding("A1", 1, "2023-03-01", 100.0),
    finding("A1", 2, "2023-03-01", 20.0, tax_type="penalty"),
    finding("A1", 3, "2023-03-01", 3.0, tax_type="interest"),
    finding("A1", 4, "2023-06-01", 80.0, event="collected"),
    finding("A1", 5, "2023-06-01", 16.0, event="collected", tax_type="penalty"),
    finding("A1", 6, "2023-07-01", -5.0, event="refunded"),
    finding("A1", 7, "2023-08-01", 20.0, event="written_off"),
]


@pytest.mark.parametrize(
    ("measure", "with_penalties", "expected"),
    [
        ("assessed", False, 100.0),
        ("assessed", True, 120.0),
        ("collected", False, 75.0),
        ("collected", True, 91.0),
    ],
)
def test_what_was_claimed_and_what_was_paid(
    known: Known, measure: str, with_penalties: bool, expected: float
) -> None:
    [row] = known(
        "2024-01-01", audits=[CLOSED], findings=LEDGER, measure=measure, with_penalties=with_penalties
    )
    assert row["yield_amount"] == row["valuation_amount"] == expected


def test_a_measure_that_there_is_not_is_refused(known: Known) -> None:
    with pytest.raises(SettingError, match="no measure 'paid'"):
        known("2024-01-01", audits=[CLOSED], findings=[FOUND], measure="paid")


def test_audits_stand_in_order_of_opening_with_their_circumstances(known: Known) -> None:
    audits = [
        audit("A3", "T1", "2023-02-01", "2023-03-01", hours_spent=40.0, inclusion_probability=0.1),
        audit("A2", "T1", "2023-01-01", "2023-12-01", team_id="X", selection_channel="random"),
        audit("A1", "T1", "2023-02-01", "2023-02-20", treatment="letter"),
    ]
    findings = [finding("A2", 1, "2023-12-01", 5.0)]
    rows = known("2024-01-01", audits=audits, findings=findings)
    assert [row["audit_id"] for row in rows] == ["A2", "A1", "A3"]
    assert [row["yield_amount"] for row in rows] == [5.0, 0.0, 0.0]
    assert [row["hours_spent"] for row in rows] == [None, None, 40.0]
    assert [row["team_id"] for row in rows] == ["X", None, None]
    assert [row["inclusion_probability"] for row in rows] == [None, None, 0.1]
    assert [row["treatment"] for row in rows] == ["field", "letter", "field"]


def test_outcomes_known_earlier_are_among_those_known_later(known: Known) -> None:
    audits = [audit(f"A{n}", "T1", f"2023-0{n}-01", f"2023-0{n + 1}-15") for n in range(1, 6)]
    findings = [finding("A1", 1, "2023-03-01", 1.0)]
    earlier, later = (
        {row["audit_id"] for row in known(d, audits=audits, findings=findings)}
        for d in ("2023-04-16", "2023-07-01")
    )
    assert earlier == {"A1", "A2", "A3"}
    assert later == {"A1", "A2", "A3", "A4", "A5"}


def test_columns_an_administration_does_not_keep_are_typed_and_empty(tmp_path: Path) -> None:
    tables = administration(audits=[CLOSED], findings=[FOUND])
    with open_warehouse(str(write_parquet(tmp_path, tables))) as warehouse:
        table = outcomes(warehouse, cutoff=day("2024-01-01")).to_pyarrow()
    assert table.schema.field("hours_spent").type == pa.float64()
    assert table["hours_spent"].null_count == table["team_id"].null_count == 1
