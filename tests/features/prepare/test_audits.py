"""What was known of an audit, from when until when."""

import ibis
import pyarrow as pa
import pytest

from features.prepare import audits
from tests.features.administration import administration, audit, day, finding
from tests.features.building import values
from tests.features.tables import Row, arrow

OPENED, CLOSED = "2023-02-10", "2023-05-01"


def states(audit_rows: list[Row], finding_rows: list[Row]) -> pa.Table:
    rows = audits.states(
        ibis.memtable(
            arrow(
                "audits", [{"hours_spent": 40.0, "known_on": row["opened_on"], **row} for row in audit_rows]
            )
        ),
        ibis.memtable(
            arrow(
                "findings", [{"known_on": row["event_on"], "corrects": None, **row} for row in finding_rows]
            )
        ),
    )
    return rows.order_by("audit_id", "known_on").to_pyarrow()


def test_an_audit_opened_or_closed_on_the_cutoff_is_invisible() -> None:
    tables = administration(audits=[audit("A1", "T1", OPENED, CLOSED)])
    assert values(tables, "T1", "closed_audits", OPENED, "2023-02-11", CLOSED, "2023-05-02") == [0, 0, 0, 1]


def test_an_audit_whose_opening_became_known_late_counts_from_then() -> None:
    tables = administration(audits=[audit("A1", "T1", OPENED, CLOSED, known_on="2023-06-15")])
    assert values(tables, "T1", "closed_audits", "2023-06-15", "2023-06-16") == [0, 1]


def test_an_open_audit_is_no_zero() -> None:
    """The only audit of others, closed in 2021, found something; the trader's own has found nothing yet."""
    other = audit("A2", "T2", "2021-02-01", "2021-06-01")
    findings = [finding("A2", 1, "2021-06-01", 100.0)]
    open_, closed = audit("A1", "T1", OPENED, None), audit("A1", "T1", OPENED, CLOSED)
    for own, expected in ((open_, 1.0), (closed, 10 / 11)):
        tables = administration(audits=[other, own], findings=findings)
        assert values(tables, "T1", "adjustment_rate", "2023-07-01") == [pytest.approx(expected)]


def test_an_abandoned_audit_never_closes() -> None:
    tables = administration(audits=[audit("A1", "T1", OPENED, CLOSED, status="abandoned")])
    assert values(tables, "T1", "closed_audits", "2024-01-01") == [0]
    assert values(tables, "T1", "months_since_audit", "2024-01-01") == [None]


def test_findings_reported_late_count_from_then() -> None:
    tables = administration(
        audits=[audit("A1", "T1", OPENED, CLOSED)],
        findings=[finding("A1", 1, CLOSED, 80.0, tax_type="penalty", known_on="2023-05-20")],
    )
    assert values(tables, "T1", "penalties", "2023-05-20", "2023-05-21") == [0, 80]


def test_a_finding_known_before_its_audit_waits_for_it() -> None:
    tables = administration(
        audits=[audit("A1", "T1", OPENED, None, known_on="2023-03-01")],
        findings=[finding("A1", 1, "2023-02-20", 80.0, tax_type="penalty")],
    )
    assert values(tables, "T1", "penalties", "2023-03-01", "2023-03-02") == [0, 80]


def test_money_runs_on_as_it_becomes_known() -> None:
    rows = states(
        [audit("A1", "T1", OPENED, CLOSED)],
        [
            finding("A1", 1, "2023-04-01", 100.0, culpability="fraud"),
            finding("A1", 2, "2023-04-01", -30.0, finding_type="origin", tax_type="vat"),
            finding("A1", 3, "2023-04-01", 50.0, tax_type="penalty"),
            finding("A1", 4, "2023-04-01", 9.0, tax_type="interest"),
            finding("A1", 5, "2023-06-01", -40.0, event="reduced", culpability="fraud"),
            finding("A1", 6, "2023-06-01", -50.0, event="cancelled", tax_type="penalty"),
            finding("A1", 7, "2023-07-01", 60.0, event="collected"),
            finding("A1", 8, "2023-08-01", -10.0, event="refunded"),
            finding("A1", 9, "2023-08-01", 5.0, event="written_off"),
        ],
    )

    def columns(*names: str) -> list[tuple[object, ...]]:
        return list(zip(*(rows[name].to_pylist() for name in names), strict=True))

    assert columns("known_on", "is_closed") == [
        (day(OPENED), False),
        (day("2023-04-01"), False),
        (day(CLOSED), True),
        (day("2023-06-01"), True),
        (day("2023-07-01"), True),
        (day("2023-08-01"), True),
    ]
    assert columns("assessed", "gross_assessed", "overturned", "penalties", "collected") == [
        (0, 0, 0, 0, 0),
        (70, 100, 0, 50, 0),
        (70, 100, 0, 50, 0),
        (30, 100, 40, 0, 0),
        (30, 100, 40, 0, 60),
        (30, 100, 40, 0, 50),
    ]
    last = rows.slice(5).to_pylist()[0]
    assert (last["assessed_valuation"], last["assessed_origin"], last["assessed_other"]) == (60, -30, 0)
    assert (last["assessed_as_fraud"], last["assessed_as_error"]) == (60, -30)


def test_as_of_each_day_an_audit_has_exactly_one_state() -> None:
    rows = states(
        [audit("A1", "T1", OPENED, CLOSED)],
        [finding("A1", 1, OPENED, 10.0), finding("A1", 2, "2023-03-01", 10.0), finding("A1", 3, CLOSED, 5.0)],
    ).to_pylist()
    for cutoff in ("2023-02-11", "2023-03-01", "2023-03-02", CLOSED, "2023-05-02", "2030-01-01"):
        held = [
            row
            for row in rows
            if row["known_on"] < day(cutoff)
            and (row["superseded_on"] is None or row["superseded_on"] >= day(cutoff))
        ]
        assert len(held) == 1, cutoff


def test_day_of_closing_and_hours_are_empty_until_the_audit_closes() -> None:
    before, after = states([audit("A1", "T1", OPENED, CLOSED)], [finding("A1", 1, CLOSED, 1.0)]).to_pylist()
    assert (before["closed_on"], before["hours_spent"]) == (None, None)
    assert (after["closed_on"], after["hours_spent"]) == (day(CLOSED), 40.0)


def test_an_overturned_assessment_counts_from_the_day_the_decision_is_known() -> None:
    tables = administration(
        audits=[audit("A1", "T1", OPENED, CLOSED)],
        findings=[
            finding("A1", 1, CLOSED, 200.0),
            finding("A1", 2, "2023-09-01", -50.0, event="reduced", known_on="2023-09-10"),
        ],
    )
    assert values(tables, "T1", "overturned_share", CLOSED, "2023-09-10", "2023-09-11") == [None, 0, 0.25]


def test_fraud_that_was_cancelled_is_no_fraud() -> None:
    tables = administration(
        audits=[audit("A1", "T1", OPENED, CLOSED)],
        findings=[
            finding("A1", 1, CLOSED, 200.0, culpability="fraud"),
            finding("A1", 2, "2023-09-01", -200.0, event="cancelled", culpability="fraud"),
        ],
    )
    assert values(tables, "T1", "fraud_audits", "2023-09-01", "2023-09-02") == [1, 0]


def test_a_corrected_event_counts_until_the_correction_is_known_and_no_longer() -> None:
    rows = states(
        [audit("A1", "T1", OPENED, CLOSED)],
        [
            finding("A1", 1, "2023-05-01", 900.0),
            finding("A1", 2, "2023-05-01", -100.0, event="reduced"),
            finding(
                "A1", 3, "2023-05-01", 90.0, finding_type="origin", corrects=1, known_on=day("2023-07-01")
            ),
            finding("A1", 4, "2023-05-01", 0.0, event="reduced", corrects=2, known_on=day("2023-08-01")),
        ],
    )
    money = rows.select(["known_on", "assessed", "assessed_origin", "gross_assessed", "overturned"])
    assert [tuple(row.values()) for row in money.to_pylist()][-3:] == [
        (day("2023-05-01"), 800.0, 0.0, 900.0, 100.0),
        (day("2023-07-01"), -10.0, 90.0, 90.0, 100.0),
        (day("2023-08-01"), 90.0, 90.0, 90.0, 0.0),
    ]
