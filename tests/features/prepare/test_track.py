"""A trader's own audits, drawn towards those of others of its sector and size."""

import pytest

from tests.features.administration import administration, audit, finding, line, trader
from tests.features.building import values
from tests.features.tables import Row, Tables

NOW = "2022-08-01"


def of_2021(audit_id: str, trader_id: str, closed_on: str | None = "2022-06-01") -> Row:
    return audit(
        audit_id, trader_id, "2022-02-01", closed_on, period_from="2021-01-01", period_to="2021-12-31"
    )


def four_traders(**tables: list[Row]) -> Tables:
    """T1 and T2 are small, T3 large; each was audited; T4 is small and never was."""
    given = {
        "traders": [
            trader("T1"),
            trader("T2"),
            trader("T2", "2022-03-01", size_band="large"),
            trader("T3", size_band="large"),
            trader("T4"),
        ],
        "declarations": [
            line("D1", "T1", "2021-05-01", customs_value=1000.0),
            line("D2", "T2", "2021-01-01", customs_value=1000.0),
            line("D3", "T2", "2021-12-31", customs_value=2000.0),
            line("D4", "T2", "2022-01-01", customs_value=7777.0),
            line("D5", "T2", "2021-12-30", customs_value=7777.0, known_on="2022-06-02"),
            line("D6", "T3", "2021-05-01", customs_value=10_000.0),
            line("D6", "T3", "2021-05-01", customs_value=9999.0, version=1, known_on="2022-01-01"),
        ],
        "audits": [of_2021("A1", "T1"), of_2021("A2", "T2"), of_2021("A3", "T3")],
        "findings": [
            finding("A1", 1, "2022-06-01", 100.0),
            finding("A3", 1, "2022-06-01", 500.0, finding_type="origin"),
        ],
    }
    return administration(**given | tables)


def test_the_rate_is_drawn_to_that_of_the_sector_and_size_without_own_audits() -> None:
    """Others: T2 (small when audited) without, T3 (large) with a finding; a small one's share is 5/11."""
    [value] = values(four_traders(), "T1", "adjustment_rate", NOW)
    assert value == pytest.approx((1 + 10 * (0 + 10 * 0.5) / 11) / (1 + 10))


def test_where_no_other_of_the_sector_and_size_was_audited_all_others_count() -> None:
    """T3 is the only large one at opening: others' share is 1/2."""
    assert values(four_traders(), "T3", "adjustment_rate", NOW) == [pytest.approx((1 + 10 * 0.5) / 11)]


def test_a_trader_never_audited_has_the_rate_of_others() -> None:
    """Small ones: T1 with, T2 without; all: 2 of 3."""
    [value] = values(four_traders(), "T4", "adjustment_rate", NOW)
    assert value == pytest.approx((1 + 10 * 2 / 3) / 12)


OTHERS_ASSESSED = (0 + 10 * 250) / 11
OTHERS_VALUE = (3000 + 10 * 6500) / 11


def test_the_yield_on_value_by_hand() -> None:
    [value] = values(four_traders(), "T1", "yield_on_value", NOW)
    assert value == pytest.approx((100 + 10 * OTHERS_ASSESSED) / (1000 + 10 * OTHERS_VALUE))


def test_the_yield_by_type_by_hand() -> None:
    [valuation] = values(four_traders(), "T1", "valuation_yield", NOW)
    assert valuation == pytest.approx(100 / (1000 + 10 * OTHERS_VALUE))
    [origin] = values(four_traders(), "T1", "origin_yield", NOW)
    assert origin == pytest.approx(10 * OTHERS_ASSESSED / (1000 + 10 * OTHERS_VALUE))


def test_own_findings_count_at_once_those_of_others_when_the_quarter_began() -> None:
    own = finding("A1", 1, "2022-07-10", 100.0)
    of_another = finding("A3", 1, "2022-07-10", 500.0)
    first, later = values(
        four_traders(findings=[own, of_another]), "T1", "adjustment_rate", "2022-07-11", "2022-10-01"
    )
    assert first == pytest.approx((1 + 10 * 0) / 11)
    assert later == pytest.approx((1 + 10 * (0 + 10 * 0.5) / 11) / 11)


def test_without_any_closed_audit_of_another_the_rate_is_empty() -> None:
    tables = four_traders(audits=[of_2021("A1", "T1"), of_2021("A2", "T2", None)])
    assert values(tables, "T1", "adjustment_rate", NOW) == [None]


def test_an_administration_without_sectors_compares_with_all() -> None:
    bare = [
        {k: v for k, v in trader(name).items() if k not in ("sector", "size_band")} for name in ("T1", "T2")
    ]
    [value] = values(four_traders(traders=bare), "T1", "adjustment_rate", NOW)
    assert value == pytest.approx((1 + 10 * (1 + 10 * 0.5) / 12) / 11)
