"""A DuckDB file as the warehouse: read only, and not trusted."""

import hashlib
import struct
import subprocess
import sys
from functools import reduce
from pathlib import Path

import duckdb
import pytest

from features.data.check import check
from features.data.warehouse import engines, open_warehouse
from features.errors import DataError
from tests.features.data.warehouse.homes import duckdb_file
from tests.features.tables import TODAY, good_tables

HOLD = """
import duckdb, sys
held = duckdb.connect(sys.argv[1])
held.execute("CREATE OR REPLACE TABLE mark AS SELECT 1")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with the small administration in it."""
    return Path(duckdb_file(good_tables(), tmp_path))


def change(path: Path, *statements: str) -> None:
    with duckdb.connect(str(path)) as connection:
        for statement in statements:
            connection.execute(statement)


def faults(path: Path) -> dict[str, str]:
    with open_warehouse(str(path)) as warehouse:
        report = check(warehouse, today=TODAY).report
    return {f"{v.location} {v.rule}": v.found for v in report.violations}


def test_a_check_leaves_the_file_as_it_is_byte_for_byte(path: Path) -> None:
    before = hashlib.sha256(path.read_bytes()).digest()
    assert faults(path) == {}
    assert hashlib.sha256(path.read_bytes()).digest() == before
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_nothing_can_be_written_through_an_open_warehouse(path: Path) -> None:
    with (
        open_warehouse(str(path)) as warehouse,
        pytest.raises(duckdb.InvalidInputException, match="read-only"),
    ):
        warehouse.engine.con.execute("DELETE FROM traders")


@pytest.mark.parametrize(
    "rows",
    [
        "SELECT k.* FROM kept k, range(100_000_000_000)",
        "WITH RECURSIVE e AS (SELECT 1 AS n UNION ALL SELECT n FROM e) SELECT k.* FROM kept k, e",
    ],
)
def test_a_view_that_does_not_end_is_refused(path: Path, rows: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines.duckdb, "VIEW_SECONDS", 0.2)
    change(path, "ALTER TABLE traders RENAME TO kept", f"CREATE VIEW traders AS {rows}")
    assert "cannot be counted in 0.2 seconds" in faults(path)["traders readable"]


@pytest.mark.parametrize(
    "way_out",
    [
        "read_text('{secret}')",
        "read_csv('{secret}')",
        "glob('{folder}/*')",
        "'{secret}'",
    ],
    ids=["text", "csv", "glob", "name"],
)
def test_a_view_cannot_read_other_files(path: Path, tmp_path: Path, way_out: str) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("trader_id,valid_from\nPASSWORT,2020-01-01\n")
    source = way_out.format(secret=secret, folder=tmp_path)
    change(path, "ALTER TABLE traders RENAME TO kept", f"CREATE VIEW traders AS FROM {source}")
    violations = faults(path)
    assert "disabled" in violations["traders readable"]
    assert "PASSWORT" not in str(violations)


def test_external_access_cannot_be_given_back(path: Path) -> None:
    with open_warehouse(str(path)) as warehouse, pytest.raises(duckdb.InvalidInputException):
        warehouse.engine.con.execute("SET enable_external_access = true")


def test_a_view_of_tables_of_the_same_file_is_a_table(path: Path) -> None:
    change(path, "ALTER TABLE traders RENAME TO kept", "CREATE VIEW traders AS FROM kept")
    assert faults(path) == {}


def test_a_file_that_another_process_writes_is_refused_with_its_name(path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(DataError, match=r"customs\.duckdb .*lock"), open_warehouse(str(path)):
            pass
    finally:
        holder.communicate()


def test_two_checks_can_read_the_file_at_once(path: Path) -> None:
    with open_warehouse(str(path)):
        read = f"import duckdb; print(duckdb.connect({str(path)!r}, read_only=True).sql('FROM traders'))"
        assert subprocess.run([sys.executable, "-c", read], check=False).returncode == 0


HEADER = 4096
VERSION = slice(12, 20)  # the number of the storage version, after the checksum and the mark `DUCK`


def header_checksum(header: bytes | bytearray) -> int:
    """DuckDB's own: without it a changed version would be taken for damage."""
    words = struct.iter_unpack("<Q", header[8:])
    return reduce(lambda sum, word: sum ^ (word[0] * 0xBF58476D1CE4E5B9 % 2**64), words, 5381)


def test_a_file_of_a_newer_duckdb_is_refused_and_the_version_named(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[VERSION] = struct.pack("<Q", 9999)
    content[:8] = struct.pack("<Q", header_checksum(content[:HEADER]))
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"customs\.duckdb .* version number 9999"), open_warehouse(str(path)):
        pass


def test_a_damaged_file_is_refused(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(DataError, match=r"customs\.duckdb"), open_warehouse(str(path)):
        pass
