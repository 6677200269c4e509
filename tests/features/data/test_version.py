"""Versions of data: another where rows may differ, the same for a copy, hashed no oftener than need be."""

import json
import os
import shutil
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pytest

from features.data.version import SETTLED_AFTER, VERSIONS, version_of
from features.storage.json_cache import read_cached, write_cached

TODAY = date(2025, 6, 30)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    (folder / "declarations").mkdir(parents=True)
    for name in ("traders.csv", "declarations/1.csv", "declarations/2.csv"):
        (folder / name).write_text(f"of {name}")
    return folder


def version(data: Path, home: Path | None = None) -> str:
    return version_of(str(data), today=TODAY, home=home or data.parent / "home").digest


def manifest(home: Path) -> Path:
    [path] = (home / VERSIONS).glob("*.json")
    return path


def with_times_of(file: Path, write: str) -> None:
    times = file.stat()
    file.write_text(write)
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


def test_other_content_of_one_size_and_time_is_another_version(data: Path) -> None:
    before, file = version(data), data / "traders.csv"
    with_times_of(file, "OF TRADERS.CSV")
    assert version(data) != before


def test_a_file_is_not_trusted_until_it_is_older_than_a_clock_can_tell(data: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    version(data)
    assert not list((home / VERSIONS).glob("*.json"))
    time.sleep(SETTLED_AFTER / 1e9 + 0.1)
    version(data)
    assert set(read_cached(manifest(home))) == {
        *("traders.csv", "declarations", "declarations/1.csv", "declarations/2.csv")
    }


def test_a_file_as_it_was_is_not_hashed_again_and_one_that_changed_is(data: Path, tmp_path: Path) -> None:
    time.sleep(SETTLED_AFTER / 1e9 + 0.1)
    before, file = version(data), manifest(tmp_path / "home")
    known = read_cached(file)
    known["traders.csv"][-1] = "as if it had been hashed"
    write_cached(file, known)
    assert version_of(str(data), today=TODAY, home=tmp_path / "home").parts["traders.csv"] == (
        "as if it had been hashed"
    )
    with_times_of(data / "traders.csv", "of traders.csv")
    assert version(data) == before


def test_a_copy_and_a_touched_folder_have_the_same_version(data: Path, tmp_path: Path) -> None:
    before = version(data)
    (data / "traders.csv").touch()
    os.utime(data / "declarations" / "1.csv", (0, 0))
    assert version(data) == before
    assert version(Path(shutil.copytree(data, tmp_path / "copy")), tmp_path / "other home") == before


@pytest.mark.parametrize(
    "change",
    [
        lambda data: (data / "traders.csv").rename(data / "audits.csv"),
        lambda data: (data / "declarations" / "3.csv").write_text(""),
        lambda data: (data / "declarations" / ".4.csv").write_text(""),  # it is read as any other part
        lambda data: (data / "declarations" / "2.csv").unlink(),
        lambda data: (data / "dialect.toml").write_text('decimal = ","'),
        lambda data: (data / "audits").mkdir(),
        lambda data: os.mkfifo(data / "audits.csv"),
        lambda data: (data / "audits.csv").symlink_to(data / "traders.csv"),
    ],
)
def test_whatever_the_reader_would_see_makes_another_version(
    data: Path, change: Callable[[Path], object]
) -> None:
    before = version(data)
    change(data)
    assert version(data) != before


def test_a_link_that_leads_elsewhere_makes_another_version_though_the_content_is_the_same(
    data: Path, tmp_path: Path
) -> None:
    (tmp_path / "traders.csv").write_text("of traders.csv")
    before = version(data)
    (data / "traders.csv").unlink()
    (data / "traders.csv").symlink_to(tmp_path / "traders.csv")
    assert version(data) != before


def test_locks_and_what_is_being_written_are_no_part_of_the_data(data: Path) -> None:
    before = version(data)
    (data / ".findings.lock").touch()
    (data / ".findings.csv.audit-yield-new").write_text("half")
    assert version(data) == before


def test_a_home_inside_the_data_and_what_lies_in_other_folders_are_no_part_of_it(data: Path) -> None:
    home = data / "mlruns"
    before = version(data, home)
    (home / "log").mkdir()
    (home / "log" / "rows").write_text("answered")
    (data / "declarations" / "old").mkdir()
    within = version(data, home)
    (data / "declarations" / "old" / "1.csv").write_text("of another year")
    assert version(data, home) == within != before


def test_the_parts_of_a_linked_folder_are_parts_of_the_data(data: Path) -> None:
    (data / "declarations").rename(data / "months")
    (data / "declarations").symlink_to(data / "months")
    before = version(data)
    (data / "months" / "1.csv").write_text("other rows")
    assert version(data) != before


@pytest.mark.parametrize("folder", ["declarations", "audits.parquet", "audits.csv"])
def test_parts_count_however_their_folder_is_called(data: Path, folder: str) -> None:
    part = data / folder / "1.csv"
    part.parent.mkdir(exist_ok=True)
    part.write_text("one")
    before = version(data)
    part.write_text("two")
    assert version(data) != before


def test_a_home_inside_the_data_is_no_part_of_it(data: Path) -> None:
    home = data / "mlruns"
    before = version(data, home)
    (home / "log").mkdir()
    (home / "log" / "predictions.sqlite").write_text("an answer")
    time.sleep(SETTLED_AFTER / 1e9 + 0.1)
    assert version(data, home) == before
    assert manifest(home).exists()
    assert version(data, home) == before


@pytest.mark.parametrize("damage", ["", "{}", "[1, 2]", '{"sha256": "0", "content": {}}', "\0"])
def test_a_damaged_manifest_is_made_anew(data: Path, tmp_path: Path, damage: str) -> None:
    time.sleep(SETTLED_AFTER / 1e9 + 0.1)
    before, file = version(data), manifest(tmp_path / "home")
    whole = file.read_bytes()
    file.write_text(damage)
    assert version(data) == before
    assert json.loads(file.read_bytes()) == json.loads(whole)


def test_a_home_that_cannot_be_written_costs_the_cache_alone(data: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert version(data, tmp_path / "file" / "home") == version(data)


def test_a_duckdb_file_has_a_version_with_what_was_not_yet_written_into_it(tmp_path: Path) -> None:
    file = tmp_path / "customs.duckdb"
    with duckdb.connect(file) as writer:
        writer.execute("CREATE TABLE traders (trader_id VARCHAR)")
    before = version(file)
    assert version(Path(shutil.copy(file, tmp_path / "other.duckdb"))) == before
    (tmp_path / "customs.duckdb.wal").write_bytes(b"rows")
    assert version(file) != before


def test_what_says_nothing_of_changes_has_the_version_of_the_day(tmp_path: Path) -> None:
    one, same, next_day, other = (
        version_of(url, today=day, home=tmp_path).digest
        for url, day in [
            (f"sqlite://{tmp_path}/a", TODAY),
            (f"sqlite://{tmp_path}/a", TODAY),
            (f"sqlite://{tmp_path}/a", date(2025, 7, 1)),
            (f"sqlite://{tmp_path}/b", TODAY),
        ]
    )
    assert one == same
    assert len({one, next_day, other}) == 3
