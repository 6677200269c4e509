"""The log that is written is this home's, as it was made, and under its own name: or no answer is given."""

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from features.errors import DataError, OutputError
from serving.log.identity import identity_path
from serving.log.verify import verify
from serving.log.writer import PredictionLog
from tests.clock import now
from tests.serving.answers import appended, database, entry, without_triggers, witness

SWALLOWING = "CREATE TRIGGER t BEFORE INSERT ON answers BEGIN SELECT RAISE(IGNORE); END"
FOREIGN = (
    SWALLOWING,
    "CREATE TRIGGER t AFTER INSERT ON answers BEGIN INSERT INTO traders VALUES ('T9', 1, 9); END",
    "DROP TRIGGER no_DELETE_of_answers",
    "DROP INDEX one_answer_a_request",
    "CREATE TABLE more (x)",
    "ALTER TABLE traders RENAME COLUMN place TO position",
)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[PredictionLog]:
    opened = PredictionLog(tmp_path / "log", clock=now)
    appended(opened, entry("r0"))
    yield opened
    opened.close()


def changed(path: Path, statement: str) -> None:
    """Run a statement on a database as another process does."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(statement)


def wal(folder: Path) -> Path:
    return database(folder).with_suffix(".sqlite-wal")


@pytest.mark.parametrize("path_of", [database, wal, witness])
def test_what_is_moved_away_under_a_running_service_takes_no_answer_until_it_is_back(
    log: PredictionLog, path_of: Callable[[Path], Path]
) -> None:
    path = path_of(log.folder)
    elsewhere = path.rename(log.folder.parent / "elsewhere")
    assert log.fault == f"{path.name} is gone from its place"
    with pytest.raises(OutputError, match="gone from its place"):
        appended(log, entry("r1"))
    elsewhere.rename(path)
    appended(log, entry("r1"))
    assert log.fault is None
    assert (verify(log.folder).rows, verify(log.folder).faults) == (2, ())


@pytest.mark.parametrize("path_of", [database, wal, witness])
def test_another_file_in_the_place_of_one_takes_no_answer(
    log: PredictionLog, path_of: Callable[[Path], Path]
) -> None:
    path = path_of(log.folder)
    shutil.copy(path, path.with_name("copy"))
    path.with_name("copy").replace(path)
    with pytest.raises(OutputError, match="another file stands in the place"):
        appended(log, entry("r1"))


@pytest.mark.parametrize("path_of", [wal, witness])
def test_a_file_that_was_cut_takes_no_answer(log: PredictionLog, path_of: Callable[[Path], Path]) -> None:
    path = path_of(log.folder)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)
    with pytest.raises(OutputError, match="was cut short"):
        appended(log, entry("r1"))


@pytest.mark.parametrize("statement", FOREIGN)
def test_a_foreign_schema_under_a_running_service_takes_no_answer(log: PredictionLog, statement: str) -> None:
    changed(database(log.folder), statement)
    with pytest.raises(OutputError, match="its database"):
        appended(log, entry("r1"))
    assert log.fault is not None


@pytest.mark.parametrize("statement", FOREIGN)
def test_a_foreign_schema_is_found_at_the_start_and_by_verifying(tmp_path: Path, statement: str) -> None:
    PredictionLog(tmp_path / "log", clock=now).close()
    changed(database(tmp_path / "log"), statement)
    assert any("database" in fault for fault in verify(tmp_path / "log").faults)
    with pytest.raises(DataError, match="its database"):
        PredictionLog(tmp_path / "log", clock=now)


def test_rows_taken_back_under_a_running_service_take_no_answer(log: PredictionLog) -> None:
    with without_triggers(database(log.folder)) as connection:
        connection.execute("DELETE FROM answers")
    with pytest.raises(OutputError, match="row 1 is not the one that was acknowledged"):
        appended(log, entry("r1"))


def test_a_row_that_something_swallows_is_not_acknowledged(log: PredictionLog) -> None:
    connection = log._current.connection
    connection.execute(SWALLOWING.replace("CREATE TRIGGER", "CREATE TEMP TRIGGER"))
    with pytest.raises(OutputError, match="2 rows changed in place of 3"):
        appended(log, entry("r1"))


def test_the_log_of_another_home_is_noticed(tmp_path: Path) -> None:
    for home in ("one", "other"):
        log = PredictionLog(tmp_path / home / "log", clock=now)
        appended(log, entry())
        log.close()
    shutil.rmtree(tmp_path / "one" / "log")
    shutil.copytree(tmp_path / "other" / "log", tmp_path / "one" / "log")
    assert "it is the log of another home" in verify(tmp_path / "one" / "log").faults
    with pytest.raises(DataError, match="is that of another home"):
        PredictionLog(tmp_path / "one" / "log", clock=now)


def test_a_log_that_is_gone_is_not_begun_anew_in_silence(log: PredictionLog) -> None:
    log.close()
    shutil.rmtree(log.folder)
    with pytest.raises(DataError, match="segment 1 of it is gone"):
        PredictionLog(log.folder, clock=now)


def test_a_log_whose_home_does_not_know_it_is_refused(log: PredictionLog) -> None:
    identity = identity_path(log.folder)
    identity.unlink()
    with pytest.raises(DataError, match="Nothing says that the prediction log"):
        PredictionLog(log.folder, clock=now)
    for damaged in ("{", "5", "{}", '{"identity": "x", "segment": "x"}', "[" * 100_000):
        identity.write_text(damaged)
        with pytest.raises(DataError, match="does not say which log"):
            PredictionLog(log.folder, clock=now)


def test_a_kill_while_the_log_is_begun_is_taken_up(tmp_path: Path) -> None:
    folder = tmp_path / "log"
    PredictionLog(folder, clock=now).close()
    identity = json.loads(identity_path(folder).read_text())
    identity_path(folder).unlink()
    witness(folder).unlink()
    log = PredictionLog(folder, clock=now)
    appended(log, entry())
    log.close()
    assert json.loads(identity_path(folder).read_text()) == identity
    assert (verify(folder).rows, verify(folder).faults) == (1, ())


def test_where_a_log_failed_it_is_tried_again_though_nobody_asks(log: PredictionLog) -> None:
    path = witness(log.folder)
    elsewhere = path.rename(log.folder.parent / "elsewhere")
    with pytest.raises(OutputError):
        appended(log, entry("r1"))
    asyncio.run(log.retry())
    elsewhere.rename(path)
    assert log.fault is not None
    asyncio.run(log.retry())
    assert log.fault is None
    assert verify(log.folder).rows == 2
