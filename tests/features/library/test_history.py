"""Who the trader is, and what its past shows, at the edges."""

import pytest

from tests.features.administration import administration, audit, finding, line, trader
from tests.features.building import values


@pytest.mark.parametrize(
    ("form", "expected"), [("Partnership", 1), ("LIMITED", 0), ("GmbH & Co. KG", None), (None, None)]
)
def test_a_legal_form_under_another_name_says_nothing(form: str | None, expected: float | None) -> None:
    tables = administration(traders=[trader("T1", legal_form=form), trader("T2", legal_form="sole")])
    assert values(tables, "T1", "not_a_company", "2023-01-01") == [expected]


def test_imports_have_no_ratio_to_no_capital() -> None:
    for capital, expected in ((500.0, 2.0), (0.0, None), (None, None)):
        tables = administration(
            traders=[trader("T1", paid_in_capital=capital), trader("T2", paid_in_capital=1.0)],
            declarations=[line("D1", "T1", "2022-06-01")],
        )
        assert values(tables, "T1", "imports_to_capital", "2023-01-01") == [expected]


def test_a_refund_to_the_trader_is_no_adjustment_and_lowers_the_yield() -> None:
    tables = administration(
        traders=[trader("T1"), trader("T2")],
        declarations=[line("D1", "T1", "2022-06-01"), line("D2", "T2", "2022-06-01")],
        audits=[audit(f"A{n}", f"T{n}", "2023-02-01", "2023-05-01") for n in (1, 2)],
        findings=[finding("A1", 1, "2023-05-01", -100.0)],
    )
    assert values(tables, "T1", "adjustment_rate", "2023-08-01") == [0]
    assert values(tables, "T1", "yield_on_value", "2023-08-01") == [pytest.approx(-100 / 11_000)]
    assert values(tables, "T1", "overturned_share", "2023-08-01") == [None]


def test_a_trader_not_described_yet_has_no_age() -> None:
    tables = administration(traders=[trader("T1", known_on="2023-01-01")])
    assert values(tables, "T1", "trader_age", "2023-01-01", "2023-01-02") == [
        None,
        pytest.approx(2923 / 365.25),
    ]


def test_the_time_since_the_last_audit_runs_from_the_last_closed() -> None:
    tables = administration(
        audits=[
            audit("A1", "T1", "2020-01-01", "2020-06-01"),
            audit("A2", "T1", "2021-01-01", "2021-06-01"),
            audit("A3", "T1", "2022-01-01", None),
        ]
    )
    found = values(tables, "T1", "months_since_audit", "2021-06-01", "2021-06-02", "2022-06-01")
    assert found == [pytest.approx(days / (365.25 / 12)) for days in (365, 1, 365)]
