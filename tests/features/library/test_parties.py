"""Brokers and sellers over a trader's own windows."""

import pytest

from tests.features.administration import administration, audit, finding, line, trader
from tests.features.building import values
from tests.features.tables import Tables

NOW = "2024-07-01"


def through(*uses: tuple[str, str, float]) -> Tables:
    """Return T1 with lines through brokers: day, broker and customs value."""
    return administration(
        declarations=[
            line(f"D{n}", "T1", on, declarant_id=broker, seller_id=broker, customs_value=value)
            for n, (on, broker, value) in enumerate(uses)
        ]
    )


def test_a_broker_is_taken_on_who_was_not_used_in_the_year_before() -> None:
    tables = through(
        ("2022-08-01", "B1", 1.0),
        ("2023-06-30", "B2", 1.0),
        ("2023-07-01", "B3", 1.0),
        ("2024-02-01", "B2", 1.0),
        ("2024-06-30", "B4", 1.0),
        ("2024-07-01", "B5", 1.0),
    )
    assert values(tables, "T1", "brokers_taken_on_24m", NOW) == [2]
    assert values(tables, "T1", "brokers_used_24m", NOW) == [4]


def test_who_traded_with_nobody_before_took_nobody_on() -> None:
    tables = through(("2024-02-01", "B1", 1.0))
    assert values(tables, "T1", "brokers_taken_on_24m", NOW) == [None]


def test_lines_without_a_broker_are_left_out_of_the_main_brokers_share() -> None:
    tables = through(("2024-02-01", "B1", 30.0), ("2024-02-02", "B2", 10.0))
    tables["declarations"].append(line("D9", "T1", "2024-02-03", declarant_id=None, customs_value=60.0))
    assert values(tables, "T1", "main_broker_share_12m", NOW) == [0.75]


def test_the_share_of_new_sellers_is_of_the_last_three_months() -> None:
    tables = through(
        ("2023-02-01", "S1", 900.0),
        ("2024-04-01", "S1", 30.0),
        ("2024-03-31", "S2", 500.0),
        ("2024-05-01", "S2", 50.0),
        ("2024-05-02", "S3", 20.0),
    )
    assert values(tables, "T1", "new_seller_share_24m", NOW) == [0.2]


def test_the_rate_of_brokers_is_weighted_by_value_and_leaves_own_audits_out() -> None:
    """B1 served T2 (a finding), B2 nobody else: (1 + 10 x 1/2) / 11 and 1/2, weighted 3 to 1."""
    tables = administration(
        traders=[trader(name) for name in ("T1", "T2", "T3")],
        declarations=[
            line("D1", "T1", "2022-05-01", declarant_id="B2", customs_value=100.0),
            line("D2", "T1", "2024-02-01", declarant_id="B1", customs_value=300.0),
            line("D3", "T1", "2024-02-01", declarant_id="B2", customs_value=100.0),
            line("D4", "T2", "2022-05-01", declarant_id="B1"),
            line("D5", "T3", "2022-05-01", declarant_id="B3"),
        ],
        audits=[audit(f"A{n}", f"T{n}", "2023-02-01", "2023-05-01") for n in (1, 2, 3)],
        findings=[finding("A1", 1, "2023-05-01", 10.0), finding("A2", 1, "2023-05-01", 10.0)],
    )
    [found] = values(tables, "T1", "broker_finding_rate_12m", NOW)
    assert found == pytest.approx((300 * (1 + 10 * 0.5) / 11 + 100 * 0.5) / 400)
