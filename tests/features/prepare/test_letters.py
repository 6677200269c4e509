"""Letters, and what the trader put right after them."""

import pytest

from tests.features.administration import administration, audit, finding, line
from tests.features.building import values
from tests.features.tables import Row, Tables

SENT, CLOSED = "2023-02-01", "2023-03-01"


def letter(audit_id: str, opened_on: str = SENT, closed_on: str | None = CLOSED, **other: object) -> Row:
    return audit(audit_id, "T1", opened_on, closed_on, treatment="letter", **other)


def amended(
    known_on: str, duty: float = 60.0, by: str = "trader", accepted_on: str = "2022-06-01"
) -> list[Row]:
    return [
        line("D1", "T1", accepted_on, amended_by=None),
        line("D1", "T1", accepted_on, version=1, known_on=known_on, duty_assessed=duty, amended_by=by),
    ]


def answered(tables: Tables, *cutoffs: str) -> list[float | None]:
    return values(tables, "T1", "letters_answered_share", *cutoffs)


def test_a_letter_that_closed_without_money_or_amendment_was_not_answered() -> None:
    tables = administration(audits=[letter("L1")], declarations=amended("2022-07-01"))
    assert answered(tables, SENT, "2023-02-02", CLOSED, "2023-03-02") == [None, None, None, 0]


def test_an_amendment_by_the_trader_answers_from_the_day_after_it_is_known() -> None:
    tables = administration(audits=[letter("L1")], declarations=amended("2023-02-20"))
    assert answered(tables, "2023-02-20", "2023-02-21", "2024-01-01") == [None, 1, 1]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"known_on": "2023-06-01"}, 1),
        ({"known_on": "2023-06-02"}, 0),
        ({"known_on": SENT}, 0),
        ({"known_on": "2023-02-20", "by": "customs"}, 0),
        ({"known_on": "2023-02-20", "accepted_on": "2023-01-01"}, 0),
    ],
    ids=["120 days after", "121 days after", "on the day of the letter", "by customs", "out of scope"],
)
def test_only_the_traders_own_amendments_in_scope_and_in_120_days_answer(
    changes: Row, expected: float
) -> None:
    tables = administration(audits=[letter("L1")], declarations=amended(**changes))
    assert answered(tables, "2024-01-01") == [expected]


def test_an_amendment_does_not_tell_of_a_letter_that_is_not_known_yet() -> None:
    tables = administration(audits=[letter("L1", known_on="2023-04-01")], declarations=amended("2023-02-20"))
    assert answered(tables, "2023-04-01", "2023-04-02") == [None, 1]


def test_audits_that_are_no_letters_do_not_count() -> None:
    tables = administration(audits=[audit("A1", "T1", SENT, CLOSED)], declarations=amended("2023-02-20"))
    assert answered(tables, "2024-01-01") == [None]


def test_money_put_right_is_set_against_money_asked() -> None:
    """L1 asked 100 + 20; amendments put 60 right. L2 asked 80, after which nothing was put right."""
    tables = administration(
        audits=[letter("L1"), letter("L2", "2023-07-01", "2023-08-01")],
        declarations=amended("2023-02-20"),
        findings=[
            finding("L1", 1, CLOSED, 100.0),
            finding("L1", 2, CLOSED, 20.0, tax_type="vat"),
            finding("L2", 1, "2023-08-01", 80.0),
        ],
    )
    assert values(tables, "T1", "self_corrected_share", "2023-03-02", "2024-01-01") == [0.5, 0.3]
    assert answered(tables, "2024-01-01") == [1]


def test_an_amendment_that_lowers_taxes_puts_nothing_right() -> None:
    tables = administration(
        audits=[letter("L1")],
        declarations=amended("2023-02-20", duty=0.0),
        findings=[finding("L1", 1, CLOSED, 100.0)],
    )
    tables["declarations"][0]["duty_assessed"] = 50.0
    assert values(tables, "T1", "self_corrected_share", "2024-01-01") == [0]
