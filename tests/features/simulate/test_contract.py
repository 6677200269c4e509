"""What the simulation writes keeps the contract."""

from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.data.check import check
from features.data.contract import TABLES
from features.data.warehouse import open_warehouse

LAST_DAY = date(2024, 12, 31)
EVENT_DAYS = {
    "declarations": "accepted_on",
    "traders": "valid_from",
    "audits": "opened_on",
    "findings": "event_on",
    "tax_returns": "filed_on",
    "tax_audits": "opened_on",
    "controls": "controlled_on",
    "links": "valid_from",
}

NOT_THERE = {"planned_from", "planned_to", "cancelled_on"}
"""Columns that the simulated administration does not have: its tax audits plan no days."""

NOT_WRITTEN = ("assignments", "hs_correlations", "levies", "second_audits", "watchlist")
WRITTEN = [name for name in TABLES if name not in NOT_WRITTEN]
"""The tables that it has: no plan was accepted there, no visit made twice, nobody is on a list, nothing is
levied but taxes."""


@pytest.mark.parametrize("name", WRITTEN)
def test_each_table_has_the_contracts_columns_and_types(name: str, administration: Path) -> None:
    written = pq.read_schema(administration / "data" / f"{name}.parquet")

    assert written.equals(pa.schema([field for field in TABLES[name].schema if field.name not in NOT_THERE]))


def test_no_row_breaks_a_rule_of_the_contract_on_the_last_day(administration: Path) -> None:
    with open_warehouse(str(administration / "data")) as warehouse:
        report = check(warehouse, today=LAST_DAY).report

    assert report.violations == ()


def test_the_truth_is_not_in_the_data_folder(administration: Path) -> None:
    names = {path.name for path in (administration / "data").iterdir()}

    assert names == {f"{name}.parquet" for name in WRITTEN}
    assert {path.name for path in (administration / "truth").iterdir()} == {
        "reference_audits.parquet",
        "truth.parquet",
        "world.json",
    }


@pytest.mark.parametrize(("name", "event"), EVENT_DAYS.items())
def test_nothing_is_known_before_it_happens_nor_after_the_last_day(
    name: str, event: str, tables: duckdb.DuckDBPyConnection
) -> None:
    rows = tables.table(name)

    assert rows.filter(f"known_on < {event} OR known_on > DATE '{LAST_DAY}'").count("*").fetchone() == (0,)
    assert rows.count("*").fetchall() > [(0,)]


@pytest.mark.parametrize("name", WRITTEN)
def test_every_column_of_the_contract_is_used(name: str, administration: Path) -> None:
    table = pq.read_table(administration / "data" / f"{name}.parquet")
    recorded = {"corrects", "recorded_by", "recorded_at", "confirmed"}  # by the service, over HTTP
    without = {"links": {"valid_to"}, "findings": recorded}.get(name, set())

    assert {column for column in table.column_names if table[column].null_count == len(table)} == without


def test_chapters_1_to_9_keep_their_leading_zero(administration: Path) -> None:
    codes = pq.read_table(administration / "data/declarations.parquet", columns=["hs_code"])["hs_code"]
    lengths = {len(code) for code in pa.compute.unique(codes).to_pylist()}

    assert lengths == {8, 10}
    assert any(code.startswith("0") for code in pa.compute.unique(codes).to_pylist())


def test_amendments_add_a_version_and_are_known_later(tables: duckdb.DuckDBPyConnection) -> None:
    rows = tables.sql(
        """SELECT count(*), count(*) FILTER (later.known_on > first.known_on),
            count(*) FILTER (first.customs_value <> later.customs_value),
            count(DISTINCT later.amended_by)
        FROM declarations AS later
        JOIN declarations AS first USING (declaration_id, item_number)
        WHERE later.version = 1 AND first.version = 0 AND first.accepted_on = later.accepted_on"""
    ).fetchone()
    amended = tables.sql("SELECT count(*) FROM declarations WHERE version > 0").fetchone()

    assert rows is not None
    assert rows[0] == rows[1] == (amended or [None])[0]
    assert rows[2] > 0
    assert rows[3] == 2
