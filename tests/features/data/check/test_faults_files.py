"""Faults of files: absent, damaged, twice there, links, archives, bombs, pipes, databases."""

import gzip
import os
import shutil
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from audit_yield.commands import app
from tests.features.data.check.command import check_process
from tests.features.data.check.conftest import Check
from tests.features.tables import Row, Write, arrow, good_tables, write_csv, write_parquet


@pytest.mark.parametrize("location", ["nowhere", "x" * 5000, "http://[", "nothing://x/y"])
def test_data_that_cannot_be_opened_is_one_clear_error(location: str, refused: Check) -> None:
    outcome = refused(location)
    assert outcome.report is None
    assert "expected:" in outcome.errors
    assert "→" in outcome.errors


def test_a_file_that_is_no_database_is_refused(refused: Check, tmp_path: Path) -> None:
    (tmp_path / "x.duckdb").write_text("hello")
    assert "x.duckdb is no DuckDB file" in refused(tmp_path / "x.duckdb").errors


def test_an_empty_folder_lacks_every_required_table(refused: Check, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    assert {location for location, _, _ in refused(tmp_path / "data").rules()} == {
        "declarations",
        "traders",
        "audits",
        "findings",
    }


@pytest.mark.parametrize("name", ["x[1]*?", 'country=it\'s "q" %s ü'])
@pytest.mark.parametrize("write", [write_parquet, write_csv])
def test_a_folder_of_any_name_is_read_as_it_is(
    write: Write, name: str, accepted: Check, tmp_path: Path
) -> None:
    """With a decoy that a pattern would match instead."""
    (tmp_path / "x1").mkdir()
    for table in good_tables():
        (tmp_path / "x1" / f"{table}.parquet").write_bytes(b"decoy")
    assert accepted(write(tmp_path / name, good_tables())).rules() == set()


def test_the_folder_one_stands_in_is_checked_into_a_folder_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(write_parquet(tmp_path / "data", good_tables()))
    assert CliRunner().invoke(app, ["check", ".", "--today", "2025-06-30"]).exit_code == 0
    assert (tmp_path / "data.check" / "accepted" / "report.json").is_file()


def test_a_parquet_file_cut_short_is_refused(refused: Check, tmp_path: Path) -> None:
    data = write_parquet(tmp_path / "data", good_tables())
    for table, keep in [("traders", 0.5), ("declarations", 0.0), ("audits", 0.99)]:
        whole = (data / f"{table}.parquet").read_bytes()
        (data / f"{table}.parquet").write_bytes(whole[: int(len(whole) * keep)])
    (data / "findings.parquet").write_bytes(os.urandom(500))
    outcome = refused(data)
    for table in good_tables():
        found = outcome.found("readable", table)
        assert f"{table}.parquet cannot be read" in found["found"]


@pytest.mark.parametrize("column", ["description", "item_number", "related_party", "accepted_on"])
def test_a_damaged_page_is_found_whatever_the_column(column: str, refused: Check, tmp_path: Path) -> None:
    """The footer is intact, and its statistics could answer for the pages."""
    data = write_parquet(tmp_path / "data", good_tables())
    file = data / "declarations.parquet"
    chunk = pq.ParquetFile(file).metadata.row_group(0)
    (number,) = [i for i in range(chunk.num_columns) if chunk.column(i).path_in_schema == column]
    start = chunk.column(number).dictionary_page_offset or chunk.column(number).data_page_offset
    content = bytearray(file.read_bytes())
    content[start : start + 8] = b"\xff" * 8
    file.write_bytes(content)
    assert "Reading broke off" in refused(data).found("readable", "declarations")["found"]


def parts(folder: Path, tables: list[list[Row]]) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for number, rows in enumerate(tables):
        pq.write_table(arrow("declarations", rows), folder / f"part-{number}.parquet")
    return folder


def test_parts_are_one_table_in_any_order_of_columns_and_rows_are_named_by_part(
    accepted: Check, tmp_path: Path
) -> None:
    tables = good_tables()
    first, *others = tables.pop("declarations")
    data = write_parquet(tmp_path / "data", tables)
    others[2]["net_mass_kg"] = -1.0
    backwards = [dict(reversed(row.items())) for row in others]
    parts(data / "declarations", [[first], backwards])
    outcome = accepted(data, "--limit", "0.5")
    assert outcome.rows("declarations") == (4, 1)
    (example,) = outcome.found("not_negative", "declarations.net_mass_kg")["examples"]
    assert (example["file"], example["row"]) == ("part-1.parquet", 3)


def test_parts_that_differ_in_columns_or_types_are_refused(refused: Check, tmp_path: Path) -> None:
    tables = good_tables()
    first, second, *_ = tables.pop("declarations")
    data = write_parquet(tmp_path / "data", tables)
    parts(data / "declarations", [[first], [{**second, "remark": "x"}]])
    found = refused(data).found("readable", "declarations")
    assert found["found"] == "part-1.parquet and part-0.parquet differ in the column remark."
    file = parts(data / "declarations", [[first], [second]]) / "part-1.parquet"
    rows = pq.read_table(file)
    pq.write_table(rows.set_column(2, "version", rows["version"].cast("int32")), file)
    assert "differ in the column version" in refused(data).found("readable", "declarations")["found"]


def test_csv_parts_are_read_and_unlike_ones_refused(accepted: Check, refused: Check, tmp_path: Path) -> None:
    tables = good_tables()
    rows = tables.pop("declarations")
    data = write_csv(tmp_path / "data", tables)
    write_csv(data / "declarations", {"a": rows[:2], "b": rows[2:]})
    assert accepted(data).rows("declarations") == (4, 0)
    write_csv(data / "declarations", {"b": [{**row, "remark": "x"} for row in rows[2:]]})
    found = refused(data).found("readable", "declarations")["found"]
    assert found == "b.csv and a.csv differ in the column remark."


def test_a_table_that_is_there_twice_or_in_parts_of_two_kinds_is_refused(
    refused: Check, tmp_path: Path
) -> None:
    data = write_parquet(tmp_path / "data", good_tables())
    (data / "traders").mkdir()
    (data / "audits.csv").write_text("audit_id\n")
    (data / "tariff").mkdir()
    (data / "tariff" / "a.csv").touch()
    (data / "tariff" / "b.parquet").touch()
    outcome = refused(data)
    assert "there 2 times: traders, traders.parquet" in outcome.found("readable", "traders")["found"]
    assert "there 2 times: audits.parquet, audits.csv" in outcome.found("readable", "audits")["found"]
    assert "holds CSV and Parquet files" in outcome.found("readable", "tariff")["found"]


def test_files_that_are_no_tables_are_noted(accepted: Check, tmp_path: Path) -> None:
    data = write_parquet(tmp_path / "data", good_tables())
    (data / "declaration.csv").write_text("x")
    (data / "links.CSV").write_text("x")
    (data / "readme.md").write_text("x")
    outcome = accepted(data)
    assert outcome.found("known_table", "declaration")["advice"] == "Did you mean 'declarations'?"
    assert "links.CSV is no table" in outcome.found("known_table", "links")["found"]
    assert len(outcome.rules()) == 2


def test_links_out_of_the_folder_pipes_and_folders_are_not_read(refused: Check, tmp_path: Path) -> None:
    data = write_csv(tmp_path / "data", good_tables())
    secret = (data / "traders.csv").rename(tmp_path / "secret.csv")
    (data / "traders.csv").symlink_to(secret)
    os.mkfifo(data / "tariff.parquet")
    (data / "links").mkdir()
    (data / "links" / "a.csv").mkdir()
    outcome = refused(data)
    assert (
        outcome.found("readable", "traders")["found"] == "traders.csv is a link that leads out of the folder."
    )
    assert outcome.found("readable", "tariff")["found"] == "tariff.parquet is no file."
    assert outcome.found("readable", "links")["found"] == "a.csv is no file."
    assert "Müller" not in outcome.shown


def test_an_archive_is_refused_and_never_unpacked(refused: Check, tmp_path: Path) -> None:
    data = write_parquet(tmp_path / "data", good_tables())
    with zipfile.ZipFile(data / "traders.zip", "w") as archive:
        archive.writestr("../escaped.csv", "x")
    assert "archives are never unpacked here" in refused(data).found("readable", "traders")["found"]
    assert not (tmp_path / "escaped.csv").exists()


def test_a_gzip_bomb_is_refused_soon(refused: Check, tmp_path: Path) -> None:
    """1 GB of blanks packs to 1 MB; no more than 200 MB are unpacked."""
    data = write_csv(tmp_path / "data", good_tables())
    with gzip.open(data / "tariff.csv.gz", "wb", compresslevel=9) as bomb:
        block = b" " * (1 << 24)
        for _ in range(64):
            bomb.write(block)
    begun = time.process_time()
    found = refused(data).found("readable", "tariff")
    assert "unpacks to more than 200 times its size" in found["found"]
    assert time.process_time() - begun < 10


def wide_cell(file: Path) -> None:
    pq.write_table(pa.table({"trader_id": ["a" * (110 << 20)]}), file, compression="zstd")


def many_rows(file: Path) -> None:
    pq.write_table(pa.table({"trader_id": pa.repeat(7, 10_000_001)}), file, compression="zstd")


def long_footer(file: Path) -> None:
    with file.open("wb") as content:
        content.truncate(20 << 20)
        content.seek(0, os.SEEK_END)
        content.write((17 << 20).to_bytes(4, "little") + b"PAR1")


@pytest.mark.parametrize(
    ("write", "fault"),
    [
        (wide_cell, "unpacks to more than 200 times its size"),
        (many_rows, "has more than 200 rows for each of its bytes"),
        (long_footer, "describes its columns in 17,825,792 bytes"),
    ],
)
def test_a_parquet_bomb_is_refused_before_it_is_unpacked(
    write: Callable[[Path], None], fault: str, refused: Check, tmp_path: Path
) -> None:
    data = write_parquet(tmp_path / "data", good_tables())
    write(data / "traders.parquet")
    assert fault in refused(data).found("readable", "traders")["found"]


def test_a_report_is_not_written_through_a_link(tmp_path: Path) -> None:
    data = write_parquet(tmp_path / "data", good_tables())
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "data.check").symlink_to(tmp_path / "elsewhere")
    done = CliRunner().invoke(app, ["check", str(data), "--today", "2025-06-30"])
    assert done.exit_code == 1
    assert "data.check is a link" in done.stderr
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_folder_or_file_without_the_right_to_read_is_one_clear_error(out: Path, tmp_path: Path) -> None:
    data = write_csv(tmp_path / "data", good_tables())
    (data / "traders.csv").chmod(0)
    if os.geteuid() == 0:  # root may read everything
        pytest.skip("needs a user whose rights can be taken away")
    outcome, _ = check_process(data, out=out)
    assert "Permission denied" in outcome.shown
    data.chmod(0)
    assert "Permission denied" in check_process(data, out=out)[0].errors
    data.chmod(0o700)


def database(path: Path) -> Path:
    parquet = write_parquet(path.with_suffix(".parquet"), good_tables())
    with duckdb.connect(str(path)) as connection:
        for name in good_tables():
            file = parquet / f"{name}.parquet"
            connection.execute(f"CREATE TABLE {name} AS SELECT * FROM '{file}'")  # noqa: S608 - ours
    return path


def test_a_database_file_is_checked_like_a_folder(accepted: Check, tmp_path: Path) -> None:
    assert accepted(database(tmp_path / "x.duckdb")).rules() == set()


def test_views_that_leave_the_database_and_odd_types_are_refused(refused: Check, tmp_path: Path) -> None:
    path = database(tmp_path / "x.duckdb")
    with duckdb.connect(str(path)) as connection:
        connection.execute("DROP TABLE traders")
        connection.execute("CREATE VIEW traders AS SELECT * FROM read_csv('/etc/passwd')")
        connection.execute("ALTER TABLE declarations ALTER trader_id TYPE BIT USING '101'::BIT")
        connection.execute("ALTER TABLE declarations ALTER accepted_on TYPE INTERVAL USING INTERVAL 1 DAY")
        connection.execute("ALTER TABLE audits ADD COLUMN source_row INTEGER")
    outcome = refused(path)
    assert "cannot be opened" in outcome.found("readable", "traders")["found"]
    assert outcome.found("type", "declarations.trader_id")["examples"][0]["trader_id"] == "101"
    assert outcome.found("type", "declarations.accepted_on")["examples"][0]["accepted_on"] == "1 day"
    assert "has a column source_row" in outcome.found("readable", "audits")["found"]
    assert "root:" not in outcome.shown
