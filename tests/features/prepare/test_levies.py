"""Levies: known with the version on which they stand, and counted as duty is."""

from datetime import date
from pathlib import Path

import pytest

from features.data.check import check
from features.data.warehouse import open_warehouse
from features.outcomes import outcomes
from features.proofs.tables import warehouse_of
from tests.features.administration import administration, audit, day, finding, line
from tests.features.building import built, values
from tests.features.tables import TODAY, Row, Tables, good_tables, write_parquet

FIRST = line("D1", "T1", "2024-03-01", customs_value=1000.0, duty_assessed=50.0, vat_assessed=100.0)
AMENDED = FIRST | {"version": 1, "known_on": date(2024, 4, 1)}
CUTOFF = date(2024, 6, 1)


def levy(version: int, amount: float, kind: str = "anti_dumping", **other: object) -> Row:
    key = {"declaration_id": "D1", "item_number": 1, "version": version}
    return {**key, "kind": kind, "amount": amount, "rate": None, **other}


def given(*levies: Row) -> Tables:
    return administration(declarations=[FIRST, AMENDED], levies=levies)


def test_a_levy_counts_while_its_version_is_the_one_known() -> None:
    tables = given(levy(0, 300.0), levy(0, 20.0, "surtax"), levy(1, 40.0))
    days = ("2024-03-02", "2024-04-01", "2024-04-02")
    assert values(tables, "T1", "levies_12m", *days) == [320.0, 320.0, 40.0]
    assert values(tables, "T1", "duty_12m", *days) == [50.0, 50.0, 50.0]
    assert values(tables, "T1", "effective_rate_12m", *days) == [0.47, 0.47, 0.19]


def test_without_the_table_its_features_alone_are_empty() -> None:
    names = "levies_12m duty_12m effective_rate_12m"
    [row] = built(administration(declarations=[FIRST]), names, [("T1", CUTOFF)]).values()
    assert [row[name] for name in names.split()] == [None, 50.0, 0.15]


def test_what_an_amendment_adds_to_levies_is_added_to_the_taxes() -> None:
    tables = given(levy(0, 300.0), levy(1, 340.0))
    assert values(tables, "T1", "amended_taxes_24m", "2024-06-01") == [40.0]


def test_a_finding_about_a_levy_is_money_that_the_audit_brought() -> None:
    events = [finding("A1", 1, "2023-03-01", 70.0, tax_type="levy"), finding("A1", 2, "2023-03-01", 5.0)]
    tables = administration(audits=[audit("A1", "T1", "2023-01-01", "2023-04-01")], findings=events)
    with warehouse_of(tables) as opened:
        [row] = outcomes(opened, cutoff=day("2024-01-01")).to_pyarrow().to_pylist()
    assert row["yield_amount"] == 75.0


@pytest.mark.parametrize(("version", "is_known"), [(0, True), (1, False)])
def test_a_levy_on_no_version_of_a_line_is_noted(version: int, is_known: bool, tmp_path: Path) -> None:
    data = write_parquet(tmp_path, good_tables(levies=[levy(version, 10.0, rate=0.1)]))
    with open_warehouse(str(data)) as opened:
        report = check(opened, today=TODAY).report
    assert report.is_without("levies", "line_known") is is_known
    assert report.accepted


@pytest.mark.parametrize(("amount", "is_beyond"), [(300.0, False), (1300.0, False), (20000.0, True)])
def test_levies_are_part_of_what_was_declared_in_the_scope_of_an_audit(
    amount: float, is_beyond: bool, tmp_path: Path
) -> None:
    tables = good_tables(levies=[levy(0, 1000.0)], findings=[finding("A1", 1, "2025-03-20", amount)])
    with open_warehouse(str(write_parquet(tmp_path, tables))) as opened:
        report = check(opened, today=TODAY).report
    assert report.is_without("findings", "beyond_declared") is not is_beyond
