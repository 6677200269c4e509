"""Second audits: in worlds that have them, by other teams, of visits by lot, and nothing else changes."""

from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.data.contract import TABLES
from features.simulate import simulate
from features.simulate.audits.second import MADE_TWICE
from features.simulate.worlds.named import SOURCED


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sourced") / "out"
    busy = replace(SOURCED, audits=replace(SOURCED.audits, a_year=0.4, random_share=0.9))
    simulate(out, traders=1_200, years=2, seed=4, world=busy)
    return out / "data"


@pytest.fixture(scope="module")
def tables(data: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    for name in ("audits", "findings", "second_audits"):
        connection.register(name, pq.read_table(data / f"{name}.parquet"))
    return connection


def test_second_audits_keep_the_contract(data: Path) -> None:
    assert pq.read_schema(data / "second_audits.parquet").equals(pa.schema(TABLES["second_audits"].schema))


def test_a_share_of_the_visits_by_lot_is_made_twice_and_reported_later(
    tables: duckdb.DuckDBPyConnection,
) -> None:
    row = tables.sql(
        """SELECT count(DISTINCT audit_id), bool_and(selection_channel = 'random'),
            bool_and(second.known_on > closed_on), bool_and((fault_number = 0) = (finding_type IS NULL))
        FROM second_audits AS second JOIN audits USING (audit_id)"""
    ).fetchone()
    closed = tables.sql("FROM audits WHERE selection_channel = 'random' AND status = 'closed'")
    assert row is not None
    assert row[0] == pytest.approx(MADE_TWICE * len(closed), rel=0.5)
    assert row[1:] == (True, True, True)


def test_both_audits_name_the_goods_of_each_fault(tables: duckdb.DuckDBPyConnection) -> None:
    first = tables.sql("FROM findings SEMI JOIN second_audits USING (audit_id)")
    same = "finding_type, declaration_id, item_number"
    assert first.filter("item_number IS NULL").fetchall() == []
    assert len(first.select(same).distinct().intersect(tables.table("second_audits").select(same))) > 0
