"""Every active trader's features as of a day, in Python and by the real command."""

import csv
import os
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.data.dataset import Dataset
from features.errors import SettingError
from features.library import LIBRARY
from features.snapshots import cache
from features.snapshots.cache import FOLDER, cached_snapshot
from features.snapshots.line_parts import prepare
from features.snapshots.snapshot import Snapshot, snapshot, to_text
from features.snapshots.store import TABLE
from features.storage.lock import file_lock
from features.storage.spreadsheet import write_table
from tests.features.administration import administration, day, line, trader
from tests.features.data.warehouse.homes import postgres_database
from tests.features.tables import Row, write_parquet
from tests.installed import run
from tests.postgres import Server

CUTOFF, TODAY = day("2024-07-01"), day("2024-12-31")
TABLES = administration(
    traders=[trader("T2"), trader("=1+1"), trader("T3")],
    declarations=[
        line("D1", "T2", "2024-05-01"),
        line("D2", "=1+1", "2024-05-01", customs_value=50.0),
        line("D3", "T3", "2020-05-01"),
    ],
    audits=[],
    findings=[],
)


@pytest.fixture
def data(tmp_path: Path) -> str:
    tables = {name: rows for name, rows in TABLES.items() if rows}
    empty = {name: administration()[name] for name in ("audits", "findings")}
    audits = [row | {"trader_id": "T2"} for row in empty["audits"]]
    return str(write_parquet(tmp_path / "data", tables | empty | {"audits": audits}))


def dataset(data: str) -> Dataset:
    return Dataset(data=data, cutoff=CUTOFF, today=TODAY, home=Path(data).parent / "mlruns")


def test_active_traders_stand_in_order_with_what_is_missing(data: str) -> None:
    few = LIBRARY.select(["customs_value_12m", "days_late_12m"])
    built = snapshot(dataset(data), few)
    assert built.table["trader_id"].to_pylist() == ["=1+1", "T2"]
    assert built.table["customs_value_12m"].to_pylist() == [50.0, 1000.0]
    assert set(built.missing) == {"days_late_12m"}
    text = list(to_text(built))
    assert text[0] == "2 traders"
    assert any(each.startswith("without payments.due_on") for each in text)


def test_a_snapshot_is_cached_once_however_the_folder_is_called(
    data: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few, home = LIBRARY.select(["customs_value_12m"]), tmp_path / "mlruns"
    monkeypatch.chdir(tmp_path)
    for called in (data, "data"):
        with file_lock(Path(data) / ".findings.lock"):  # a lock is no data
            cached_snapshot(replace(dataset(called), home=home), few)
    assert len([each for each in (home / FOLDER).iterdir() if not each.name.startswith(".")]) == 1


def test_files_with_few_lines_are_built_from_the_tables_and_others_from_parts(
    data: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    features = LIBRARY.select(["price_gap_12m"])
    parts = Path(data).parent / "mlruns" / "lines"
    few = cached_snapshot(dataset(data), features)
    assert not parts.exists()
    monkeypatch.setattr(cache, "LINES_WORTH_PARTS", 3)
    shutil.rmtree(dataset(data).home / FOLDER)
    assert cached_snapshot(dataset(data), features).table.equals(few.table)
    assert parts.exists()


def test_prepare_makes_the_lines_of_each_quarter_once_and_a_database_has_none(data: str) -> None:
    said = run("prepare", data, "--as-of", "2020-07-01", folder=Path(data).parent).stdout
    assert said == "Quarters prepared: 1, of these now: 1.\n"
    again = prepare(replace(dataset(data), cutoff=day("2020-07-01")), progress=lambda done, total: None)
    assert again == {day("2020-04-01"): False}
    with pytest.raises(SettingError, match="no folder"):
        prepare(replace(dataset(data), data="duckdb://elsewhere"), progress=lambda done, total: None)


def test_a_row_of_a_day_to_come_counts_once_that_day_has_passed(data: str) -> None:
    """Of 200 debts due in June, all paid that day, one is said to be paid three days from today."""
    due, later = day("2024-06-01"), TODAY - timedelta(days=200 - 3)
    debts = [
        {"debt_id": f"B{n}", "trader_id": "T2", "due_on": due, "paid_on": due, "amount": 1.0, "known_on": due}
        for n in range(200)
    ]
    debts[0]["paid_on"] = later
    write_parquet(Path(data), {"payments": debts})
    few, before = LIBRARY.select(["days_late_12m"]), replace(dataset(data), today=later - timedelta(days=3))
    assert days_late(cached_snapshot(before, few)) == 0.0
    after = replace(before, today=later + timedelta(days=1))
    assert days_late(cached_snapshot(after, few)) == days_late(snapshot(after, few)) > 0.0
    assert days_late(cached_snapshot(before, few)) == 0.0


def days_late(built: Snapshot) -> float:
    value: float = built.table["days_late_12m"][built.row_index("T2")].as_py()
    return value


FEW = LIBRARY.select(["customs_value_12m"])


def stored(dataset: Dataset) -> dict[str, int]:
    """The cached snapshots and which files hold them."""
    folders = [each for each in (dataset.home / FOLDER).iterdir() if each.is_dir()]
    return {folder.name: (folder / TABLE).stat().st_ino for folder in folders}


def with_lines(data: str, *lines: Row) -> None:
    write_parquet(Path(data), {"declarations": [*TABLES["declarations"], *lines]})


def test_appended_rows_leave_a_past_snapshot_valid(data: str) -> None:
    with_lines(data, line("D8", "T2", "2024-07-01"))
    first = cached_snapshot(dataset(data), FEW)
    before = stored(dataset(data))
    with_lines(data, line("D8", "T2", "2024-07-01"), line("D9", "T3", "2024-08-01"))
    assert cached_snapshot(dataset(data), FEW).table == first.table
    assert stored(dataset(data)) == before


def test_a_row_appended_with_an_old_day_is_another_snapshot(data: str) -> None:
    cached_snapshot(dataset(data), FEW)
    with_lines(data, line("D9", "T2", "2024-06-30", customs_value=7.0))
    assert cached_snapshot(dataset(data), FEW).table["customs_value_12m"].to_pylist() == [50.0, 1007.0]
    with_lines(data)
    assert cached_snapshot(dataset(data), FEW).table["customs_value_12m"].to_pylist() == [50.0, 1000.0]
    assert len(stored(dataset(data))) == 2


def test_data_changed_with_its_times_restored_is_another_snapshot(data: str) -> None:
    cached_snapshot(dataset(data), FEW)
    file = Path(data) / "declarations.parquet"
    times = file.stat()
    rows = [row | {"customs_value": row["customs_value"] + 1.0} for row in TABLES["declarations"]]
    write_parquet(Path(data), {"declarations": rows})
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert cached_snapshot(dataset(data), FEW).table["customs_value_12m"].to_pylist() == [51.0, 1001.0]


def test_rows_that_a_server_has_not_yet_counted_are_seen(postgres: Server, data: str, tmp_path: Path) -> None:
    tables = {path.stem: pq.read_table(path).to_pylist() for path in Path(data).glob("*.parquet")}
    url = postgres_database(tables, postgres)
    stored_there = replace(dataset(data), data=url, home=tmp_path / "home")
    with psycopg.connect(url, autocommit=True) as busy:
        busy.execute("SELECT pg_stat_force_next_flush()")
        assert cached_snapshot(stored_there, FEW).table["customs_value_12m"].to_pylist() == [50.0, 1000.0]
        busy.execute("SELECT count(*) FROM traders")  # its counters go, the next ones in a second or later
        busy.execute("UPDATE declarations SET customs_value = 7")
        assert cached_snapshot(stored_there, FEW).table["customs_value_12m"].to_pylist() == [7.0, 7.0]


def test_a_snapshot_that_is_not_as_it_was_written_is_built_anew_and_that_is_said(
    data: str, caplog: pytest.LogCaptureFixture
) -> None:
    whole = cached_snapshot(dataset(data), FEW)
    [name] = stored(dataset(data))
    file = dataset(data).home / FOLDER / name / TABLE
    edited = pq.read_table(file).set_column(2, "customs_value_12m", pa.array([1000.0, 50.0]))
    pq.write_table(edited, file)
    assert cached_snapshot(dataset(data), FEW).table == whole.table
    [warning] = caplog.messages
    assert name in warning
    assert "built anew" in warning
    assert cached_snapshot(dataset(data), FEW).table == whole.table
    assert len(caplog.messages) == 1


def test_the_command_writes_the_table(data: str, tmp_path: Path) -> None:
    done = run("features", "data", "--as-of", "2024-07-01", "--out", "features.parquet", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    table = pq.read_table(tmp_path / "features.parquet")
    assert table.column_names == ["trader_id", "cutoff", *LIBRARY.names]
    assert {table.schema.field(name).type for name in LIBRARY.names} == {pa.float64()}
    assert "2 traders" in done.stdout


def test_the_command_refuses_a_day_that_is_none(data: str, tmp_path: Path) -> None:
    refused = run("features", "data", "--as-of", "2024-02-30", folder=tmp_path)
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr


def test_a_spreadsheet_takes_no_cell_for_a_formula(tmp_path: Path) -> None:
    table = pa.table({"trader_id": ["=1+1", "-5", "+49 tel"], "x": [-1.5, None, 2.0]})
    write_table(table, tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [
            ["trader_id", "x"],
            ["'=1+1", "-1.5"],
            ["-5", ""],
            ["'+49 tel", "2.0"],
        ]


def test_a_file_of_another_kind_is_refused_and_nothing_written(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"none of \.parquet, \.csv, \.xlsx"):
        write_table(pa.table({"a": [1]}), tmp_path / "t.xls")
    assert list(tmp_path.iterdir()) == []
