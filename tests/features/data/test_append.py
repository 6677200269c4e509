"""Rows appended to data: what stands there stays, all tables or none, other forms are refused."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq
import pytest

from features.data.append import append_rows
from features.errors import DataError, OutputError

STORED = pa.table({"plan_id": ["P-0"], "trader_id": ["T1"], "known_on": ["2024-01-01"], "extra": [7]})
ROWS = pa.table({"plan_id": ["P-1", "P-1"], "trader_id": ["T1", "T2"], "role": ["control", None]})


def test_a_file_takes_the_rows_with_the_columns_of_both(tmp_path: Path) -> None:
    pq.write_table(STORED, tmp_path / "assignments.parquet")
    append_rows(str(tmp_path), {"assignments": ROWS}, part="P-1")
    table = pq.read_table(tmp_path / "assignments.parquet")
    assert table.select(STORED.column_names).slice(0, 1).equals(STORED)
    assert table["plan_id"].to_pylist() == ["P-0", "P-1", "P-1"]
    assert table["role"].to_pylist() == [None, "control", None]
    assert [path.name for path in tmp_path.iterdir()] == ["assignments.parquet"]


def test_types_are_those_of_the_file(tmp_path: Path) -> None:
    pq.write_table(
        pa.table({"expected_yield": pa.array([1.0], pa.float32())}), tmp_path / "assignments.parquet"
    )
    append_rows(str(tmp_path), {"assignments": pa.table({"expected_yield": [2.5]})}, part="P-1")
    table = pq.read_table(tmp_path / "assignments.parquet")
    assert (table.schema.types, table["expected_yield"].to_pylist()) == ([pa.float32()], [1.0, 2.5])


def test_a_table_in_parts_gets_another_part_and_an_absent_one_is_made(tmp_path: Path) -> None:
    (tmp_path / "audits").mkdir()
    pq.write_table(STORED, tmp_path / "audits" / "2023.parquet")
    append_rows(str(tmp_path), {"assignments": ROWS, "audits": ROWS}, part="P-1")
    assert sorted(path.name for path in (tmp_path / "audits").iterdir()) == ["2023.parquet", "P-1.parquet"]
    assert pq.read_table(tmp_path / "assignments.parquet").equals(ROWS)


def test_a_database_takes_all_rows_of_all_tables_or_none(tmp_path: Path) -> None:
    path = tmp_path / "customs.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.from_arrow(STORED).create("audits")
    append_rows(str(path), {"assignments": ROWS, "audits": ROWS.select(["plan_id", "trader_id"])}, part="P-1")
    with pytest.raises(OutputError, match="takes no rows"):
        append_rows(str(path), {"assignments": ROWS, "audits": ROWS}, part="P-1")  # audits have no role
    with duckdb.connect(str(path), read_only=True) as connection:
        counts = [
            connection.table(name).aggregate("count(*)").fetchall() for name in ("assignments", "audits")
        ]
    assert counts == [[(2,)], [(3,)]]


def test_text_mappings_and_servers_are_not_written_to(tmp_path: Path) -> None:
    csv.write_csv(STORED, tmp_path / "audits.csv")
    with pytest.raises(DataError, match=r"audits\.csv is not written to"):
        append_rows(str(tmp_path), {"assignments": ROWS, "audits": ROWS}, part="P-1")
    assert [path.name for path in tmp_path.iterdir()] == ["audits.csv"]
    (tmp_path / "audits.csv").unlink()
    (tmp_path / "mapping.toml").write_text("decimal = ','\n")
    for where in (str(tmp_path), "postgres://me:secret@host/customs"):
        with pytest.raises(DataError, match="is not written to") as error:
            append_rows(where, {"audits": ROWS}, part="P-1")
        assert "secret" not in str(error.value)
