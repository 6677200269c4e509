"""A log of many months is many files: each is proved alone, old ones can go, and none is lost between."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from audit_yield.commands import app
from features.errors import DataError, SettingError
from serving.log import anchor, reader, store
from serving.log.anchor import START, Anchor
from serving.log.code_digest import code_digest
from serving.log.codec import pack
from serving.log.erase import erase
from serving.log.identity import HomeLog, identity_path, read_identity, write_identity
from serving.log.prune import prune
from serving.log.schema import EARLIER_SCHEMA
from serving.log.segment import FILE, segment_files
from serving.log.store import LogRow
from serving.log.verify import verify
from serving.log.writer import PredictionLog, RequestIdTakenError
from tests.serving.answers import appended, entry, without_triggers

MONTHS = ("2025-01", "2025-02", "2025-04")


class Clock:
    """A clock that is set by hand."""

    def __init__(self, month: str) -> None:
        self.set(month)

    def set(self, month: str) -> None:
        self._moment = datetime.fromisoformat(f"{month}-15T12:00:00").replace(tzinfo=UTC)

    def __call__(self) -> datetime:
        return self._moment


@pytest.fixture
def clock() -> Clock:
    return Clock(MONTHS[0])


@pytest.fixture
def log(tmp_path: Path, clock: Clock) -> Iterator[PredictionLog]:
    """A log of three months with two answers in each."""
    opened = PredictionLog(tmp_path / "log", clock=clock)
    for month in MONTHS:
        clock.set(month)
        for number in range(2):
            appended(opened, entry(f"{month}-{number}", seed=number))
    yield opened
    opened.close()


def names(folder: Path) -> list[str]:
    return [file.name for file in segment_files(folder)]


def damage(path: Path) -> None:
    """Overwrite the pages after the first: schema and header are as they were."""
    content = path.read_bytes()
    path.write_bytes(content[:4096] + bytes(len(content) - 4096))


def test_a_month_is_a_segment_and_the_chain_goes_through_all_of_them(log: PredictionLog) -> None:
    assert names(log.folder) == ["0001-2025-01", "0002-2025-02", "0003-2025-04"]
    assert (verify(log.folder).rows, verify(log.folder).faults) == (6, ())
    assert verify(log.folder, number=2).faults == ()
    with pytest.raises(SettingError, match="no segment 7"):
        verify(log.folder, number=7)


def test_ids_and_traders_are_found_in_every_segment(log: PredictionLog) -> None:
    logged = log.of_trader("T1")
    assert [each.sequence for each in logged] == [6, 5, 4, 3, 2, 1]
    assert [each.sequence for each in log.of_trader("T1", limit=3)] == [6, 5, 4]
    assert {log.read(each.prediction_id).entry.trader_ids for each in logged} == {("T1",)}


def test_a_trader_is_looked_for_in_recent_months_alone(
    log: PredictionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "RECENT", 2)
    assert [each.sequence for each in log.of_trader("T1")] == [6, 5, 4, 3]


def test_a_request_sent_again_after_the_month_has_turned_gets_the_ids_it_got(
    log: PredictionLog, clock: Clock
) -> None:
    last = entry("2025-04-1", seed=1)
    ids = appended(log, last)
    clock.set("2025-05")
    assert appended(log, last) == ids
    with pytest.raises(RequestIdTakenError):
        appended(log, replace(last, base=7.0))
    log.require_free(last.access, last.decision)


def test_a_clock_set_back_writes_on_in_the_newest_segment(log: PredictionLog, clock: Clock) -> None:
    clock.set("2020-01")
    appended(log, entry("earlier"))
    assert len(names(log.folder)) == 3
    assert (verify(log.folder).rows, verify(log.folder).faults) == (7, ())


def test_two_processes_turn_the_month_together(log: PredictionLog, clock: Clock) -> None:
    other = PredictionLog(log.folder, clock=clock)
    clock.set("2025-05")
    for number in range(6):
        appended(other if number % 2 else log, entry(f"r{number}"))
    other.close()
    assert len(names(log.folder)) == 4
    assert (verify(log.folder).rows, verify(log.folder).faults) == (12, ())


def test_the_start_and_the_proof_of_a_segment_read_no_other(log: PredictionLog, clock: Clock) -> None:
    log.close()
    damage(segment_files(log.folder)[0].path)
    again = PredictionLog(log.folder, clock=clock)
    appended(again, entry("more"))
    again.close()
    assert verify(log.folder, number=3).faults == ()
    assert verify(log.folder, number=1).faults
    assert verify(log.folder).faults


def test_a_closed_segment_takes_no_row(log: PredictionLog) -> None:
    with (
        closing(sqlite3.connect(segment_files(log.folder)[0].path)) as connection,
        pytest.raises(sqlite3.IntegrityError, match="closed"),
    ):
        connection.execute(
            "INSERT INTO answers (sequence, logged_at, previous, digest, seal, about, outputs, features, "
            "contributions) SELECT 9, '', x'', x'', x'', '{}', x'', x'', x''"
        )


@pytest.mark.parametrize(
    ("number", "fault"), [(1, "segment 1 is gone"), (2, "segment 2 is gone"), (3, "3 is gone")]
)
def test_a_segment_that_is_gone_is_found(log: PredictionLog, number: int, fault: str) -> None:
    log.close()
    file = segment_files(log.folder)[number - 1]
    file.path.unlink()
    file.anchor_path.unlink()
    assert any(fault in each for each in verify(log.folder).faults)


def test_the_newest_segment_gone_stops_the_start(log: PredictionLog, clock: Clock) -> None:
    log.close()
    file = segment_files(log.folder)[-1]
    file.path.unlink()
    file.anchor_path.unlink()
    with pytest.raises(DataError, match="segment 3 of it is gone"):
        PredictionLog(log.folder, clock=clock)


def test_a_tail_cut_off_a_closed_segment_and_its_anchors_is_found_by_its_closing(log: PredictionLog) -> None:
    file = segment_files(log.folder)[0]
    with without_triggers(file.path) as connection:
        connection.execute("DELETE FROM answers WHERE sequence = 2")
    file.anchor_path.write_bytes(b"".join(file.anchor_path.read_bytes().splitlines(keepends=True)[:-2]))
    assert "there were 2 rows, row 1 is the last" in verify(log.folder, number=1).faults


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE segment SET identity = 'another'",
        "UPDATE segment SET month = '2020-01'",
        "UPDATE segment SET rows = 1",
        "UPDATE segment SET previous = zeroblob(32)",
        "UPDATE segment SET key = 'another'",
        "DELETE FROM segment",
        "UPDATE closing SET rows = 3",
        "UPDATE closing SET digest = zeroblob(32)",
        "DELETE FROM closing",
    ],
)
def test_what_was_done_to_header_or_closing_is_found(log: PredictionLog, statement: str) -> None:
    with without_triggers(segment_files(log.folder)[1].path) as connection:
        connection.execute(statement)
    assert verify(log.folder).faults
    assert verify(log.folder, number=2).faults


def test_a_kill_between_two_segments_is_taken_up(log: PredictionLog, clock: Clock) -> None:
    log.close()
    newest = segment_files(log.folder)[-1]
    with closing(store.open_to_write(newest.path)) as connection:
        store.close_segment(connection, store.header(connection)[0], key=None)
    again = PredictionLog(log.folder, clock=clock)
    appended(again, entry("more"))
    again.close()
    home_log = read_identity(log.folder)
    assert home_log is not None
    clock.set("2025-05")
    PredictionLog(log.folder, clock=clock).close()
    segment_files(log.folder)[-1].anchor_path.unlink()
    assert verify(log.folder).faults == ("the file that witnesses the rows is gone or empty",)
    write_identity(log.folder, HomeLog(home_log.identity, 4))
    assert verify(log.folder).faults == ()
    PredictionLog(log.folder, clock=clock).close()
    assert read_identity(log.folder) == HomeLog(home_log.identity, 5)
    assert (verify(log.folder).rows, verify(log.folder).faults) == (7, ())


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    """The log of a release that wrote one file, with four answers."""
    folder = tmp_path / "log"
    folder.mkdir()
    head = Anchor(0, START)
    anchor.begin(folder / "predictions.anchor", head)
    with closing(sqlite3.connect(folder / FILE, isolation_level=None)) as connection:
        connection.executescript(f"PRAGMA journal_mode = WAL; {EARLIER_SCHEMA}")
        for number in range(4):
            answer = entry(f"r{number}", seed=number)
            row = LogRow.after(
                head, logged_at="2024-12-01T00:00:00+00:00", packed=pack(answer, code=code_digest())
            )
            parts = (
                row.packed.about.decode(),
                row.packed.features,
                row.packed.outputs,
                row.packed.contributions,
            )
            connection.execute(
                "INSERT INTO answers "
                "(sequence, logged_at, about, features, outputs, contributions, previous, digest) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (row.sequence, row.logged_at, *parts, row.previous, row.digest),
            )
            connection.executemany(
                "INSERT INTO traders VALUES (?, ?, ?)",
                [(trader, row.sequence, place) for place, trader in enumerate(answer.trader_ids)],
            )
            head = row.anchor
            anchor.add(folder / "predictions.anchor", head)
    return folder


def test_the_one_file_of_an_earlier_release_is_read_as_the_first_segment(earlier: Path, clock: Clock) -> None:
    before = (earlier / FILE).read_bytes()
    assert (verify(earlier).rows, verify(earlier).faults) == (4, ())
    log = PredictionLog(earlier, clock=clock)
    ids = appended(log, entry("r3", seed=3))
    appended(log, entry("more"))
    assert [each.sequence for each in log.of_trader("T1")] == [5, 4, 3, 2, 1]
    assert log.read(ids[0]).sequence == 4
    log.close()
    assert (verify(earlier).rows, verify(earlier).faults) == (5, ())
    assert (earlier / FILE).read_bytes() == before


def test_the_one_file_of_an_earlier_release_is_removed_as_a_month_is(earlier: Path, clock: Clock) -> None:
    PredictionLog(earlier, clock=clock).close()
    removed = prune(earlier, before=date(2025, 1, 1), actor="x", clock=clock, key=None)
    assert [file.name for file in removed] == ["predictions"]
    assert names(earlier) == ["0001-2025-01"]
    assert (verify(earlier).rows, verify(earlier).faults) == (5, ())


def test_rows_of_an_earlier_release_are_said_to_hold_a_trader_until_they_are_removed(
    earlier: Path, clock: Clock
) -> None:
    before = (earlier / FILE).read_bytes()
    log = PredictionLog(earlier, clock=clock)
    appended(log, entry("more"))
    log.close()
    outcome = erase(earlier, "T1", actor="x", clock=clock, key=None)
    assert (outcome.pseudonym is not None, outcome.naming) == (True, ("predictions",))
    assert [each.sequence for each in reader.of_trader(earlier, "T1", limit=9)] == [4, 3, 2, 1]
    assert (verify(earlier).faults, (earlier / FILE).read_bytes()) == ((), before)
    prune(earlier, before=date(2025, 1, 1), actor="x", clock=clock, key=None)
    assert reader.of_trader(earlier, "T1", limit=9) == ()
    assert erase(earlier, "T1", actor="x", clock=clock, key=None).naming == ()


def test_the_one_file_of_an_earlier_release_is_proved_before_it_is_followed(
    earlier: Path, clock: Clock
) -> None:
    with closing(sqlite3.connect(earlier / FILE, isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER no_DELETE_of_answers")
    with pytest.raises(DataError, match="lacks trigger no_DELETE_of_answers"):
        PredictionLog(earlier, clock=clock)
    (earlier / FILE).unlink()
    with pytest.raises(DataError, match="there were 4 rows"):
        PredictionLog(earlier, clock=clock)


def test_old_months_are_removed_whole_and_the_rest_stays_proved(log: PredictionLog, clock: Clock) -> None:
    kept = segment_files(log.folder)[0].anchor_path.read_text()
    removed = prune(log.folder, before=date(2025, 3, 1), actor="an officer", clock=clock, key=None)
    assert [file.name for file in removed] == ["0001-2025-01", "0002-2025-02"]
    assert names(log.folder) == ["0003-2025-04"]
    verdict = verify(log.folder, witnesses=tuple(anchor.anchors(written(log.folder.parent, kept))))
    assert (verdict.rows, verdict.faults) == (7, ())
    assert "removed on purpose, as rows say: segments 1, 2." in verdict.remarks
    assert any("speak of rows that are not here" in each for each in verdict.remarks)
    [row] = log_rows(log.folder, "audit-yield log prune")
    assert [each["by"] for each in json.loads(row["asked"]["detail"])] == ["an officer"] * 2
    with pytest.raises(DataError, match="has no prediction"):
        log.read("1-1-00000000")
    appended(log, entry("more"))
    assert verify(log.folder).faults == ()


def written(folder: Path, text: str) -> Path:
    path = folder / "kept.anchor"
    path.write_text(text)
    return path


def log_rows(folder: Path, actor: str) -> list[dict[str, dict[str, str]]]:
    with store.reading(segment_files(folder)[-1].path) as connection:
        return [json.loads(row.packed.about) for row in store.of_actor(connection, actor)]


def test_the_month_that_is_written_and_what_is_not_old_enough_stay(log: PredictionLog, clock: Clock) -> None:
    assert prune(log.folder, before=date(2025, 1, 15), actor="x", clock=clock, key=None) == ()
    assert len(prune(log.folder, before=date(2099, 1, 1), actor="x", clock=clock, key=None)) == 2
    assert names(log.folder) == ["0003-2025-04"]


def test_files_that_a_killed_removal_left_count_as_removed(log: PredictionLog, clock: Clock) -> None:
    left = segment_files(log.folder)[0].anchor_path
    content = left.read_bytes()
    prune(log.folder, before=date(2025, 2, 1), actor="x", clock=clock, key=None)
    left.write_bytes(content)
    assert verify(log.folder).faults == ()


def test_the_command_removes_what_is_older_than_a_day(
    log: PredictionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDIT_YIELD_HOME", str(log.folder.parent))
    log.close()
    result = CliRunner().invoke(app, ["log", "prune", "--before", "2025-02-01"])
    assert (result.exit_code, result.output) == (0, "Removed: 0001-2025-01.\n")
    assert identity_path(log.folder).exists()
    assert (
        CliRunner().invoke(app, ["log", "prune", "--before", "2025-02-01"]).output == "Nothing is that old.\n"
    )
