"""One trader is erased from the log for good: its key is destroyed, the rows stay as they were written."""

import shutil
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from audit_yield.commands import app
from features.errors import DataError, OutputError
from serving.log.entry import Access, Decision, LogEntry
from serving.log.erase import Erased, erase, to_text
from serving.log.erasures import record_of
from serving.log.reader import read
from serving.log.trader_keys import keys_path, open_keys, reading
from serving.log.verify import verify
from serving.log.writer import PredictionLog, RequestIdTakenError
from tests.clock import now
from tests.optional import not_none
from tests.serving.answers import appended, database, entry
from tests.torture import TORTURE

TRADER, OTHER = "LT-100200300", "LT-100200301"
CHILD = f"""
import sys
from pathlib import Path
from serving.log.code_digest import code_digest
from serving.log.erase import erase
from tests.clock import now
code_digest()
print("ready", flush=True)
erase(Path(sys.argv[1]), "{TRADER}", actor="an officer", clock=now, key=None)
"""


def about(request_id: str, *traders: str, seed: int = 1) -> LogEntry:
    return entry(request_id, traders=traders, seed=seed)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[PredictionLog]:
    opened = PredictionLog(tmp_path / "log", clock=now)
    yield opened
    opened.close()


def erased(folder: Path, trader_id: str = TRADER) -> Erased:
    return erase(folder, trader_id, actor="an officer", clock=now, key=None)


def holding(home: Path, content: bytes) -> list[str]:
    """Return the names of the files of a home, journals too, that hold some bytes."""
    return sorted(path.name for path in home.rglob("*") if path.is_file() and content in path.read_bytes())


def secret_of(folder: Path, trader_id: str) -> bytes:
    with reading(folder) as keys:
        return not_none(not_none(keys).of_trader(trader_id)).secret


def test_what_the_log_says_of_a_trader_is_in_no_byte_of_its_files(log: PredictionLog) -> None:
    home, one, many = log.folder.parent, about("r1", TRADER), about("r2", TRADER, OTHER, seed=2)
    said = Decision(override_reason="warned by telephone", outcome='{"audit_id": "A-778899"}')
    one = replace(one, access=replace(one.access, purpose="anonymous letter"), decision=said)
    for each in (one, many):
        appended(log, each)
    secret = secret_of(log.folder, TRADER)
    assert holding(home, TRADER.encode()) == ["log.keys"]
    numbers = [
        part[:1].tobytes()
        for each in (one, many)
        for part in (each.features, each.contributions, not_none(each.prediction).expected)
        if part is not None
    ]
    for content in (*numbers, b"warned by", b"A-778899", b"anonymous"):
        assert holding(home, content) == []
    assert holding(home, secret) == ["log.keys"]
    erased(log.folder)
    assert holding(home, TRADER.encode()) == []
    assert holding(home, secret) == []


def test_no_copy_of_a_destroyed_key_is_left_among_those_of_ten_thousand(log: PredictionLog) -> None:
    traders = [f"T{number:05}" for number in range(10_000)]
    with closing(open_keys(log.folder)) as keys:
        for start in range(0, len(traders), 1000):
            keys.of(traders[start : start + 1000])
    for trader in traders[4_000:6_000:400]:
        secret = secret_of(log.folder, trader)
        erased(log.folder, trader)
        assert holding(log.folder.parent, secret) == []


def test_the_chain_stays_whole_and_a_row_records_the_erasure(log: PredictionLog) -> None:
    appended(log, about("r1", TRADER))
    pseudonym = not_none(erased(log.folder).pseudonym)
    verdict = verify(log.folder)
    assert (verdict.rows, verdict.faults) == (2, ())
    assert f"erased on purpose, as rows say: what was said of {pseudonym}." in verdict.remarks
    assert not_none(record_of(log.folder, pseudonym)).actor == "an officer"
    assert datetime.fromisoformat(not_none(record_of(log.folder, pseudonym)).erased_at) <= now()
    assert verify(log.folder, number=1).faults == ()


def test_a_list_loses_the_part_of_that_trader_alone(log: PredictionLog) -> None:
    answer = about("r1", OTHER, TRADER)
    first, second = appended(log, answer)
    pseudonym = erased(log.folder).pseudonym
    kept, gone = log.read(first), log.read(second)
    assert kept.entry.trader_ids == (OTHER,)
    assert not_none(kept.entry.features).tobytes() == not_none(answer.features)[:1].tobytes()
    assert (gone.pseudonym, gone.entry.trader_ids, gone.entry.prediction) == (pseudonym, (), None)
    assert (gone.entry.access, gone.entry.basis) == (answer.access, answer.basis)
    assert [each.prediction_id for each in log.of_trader(OTHER)] == [first]


def test_earlier_answers_are_not_found_and_a_new_one_begins_with_a_new_key(log: PredictionLog) -> None:
    appended(log, about("r1", TRADER))
    pseudonym = erased(log.folder).pseudonym
    assert log.of_trader(TRADER) == ()
    [anew] = appended(log, about("r2", TRADER))
    assert [each.prediction_id for each in log.of_trader(TRADER)] == [anew]
    assert erased(log.folder).pseudonym not in (None, pseudonym)
    assert log.of_trader(TRADER) == ()
    assert verify(log.folder).faults == ()


def test_a_request_that_was_answered_before_an_erasure_is_not_answered_again_in_silence(
    log: PredictionLog,
) -> None:
    first = appended(log, about("r1", TRADER))
    assert appended(log, about("r1", TRADER)) == first
    erased(log.folder)
    with pytest.raises(RequestIdTakenError):
        appended(log, about("r1", TRADER))


def test_a_decision_about_a_trader_is_its_own_and_still_known_for_a_request_sent_again(
    log: PredictionLog,
) -> None:
    access = Access("POST /outcomes", "r1", "officer", "auditor", purpose="an audit", detail="closed")
    decision = Decision(about="1-1-00000000", outcome="{}")
    [only] = appended(log, LogEntry(access, trader_ids=(TRADER,), decision=decision))
    assert (log.read(only).entry.access, log.read(only).entry.decision) == (access, decision)
    log.require_free(access, decision)
    with pytest.raises(RequestIdTakenError):
        log.require_free(access, replace(decision, outcome="{1}"))
    erased(log.folder)
    with pytest.raises(RequestIdTakenError):
        log.require_free(access, decision)
    assert log.read(only).entry.access == replace(access, purpose=None, detail=None)


def test_a_kill_after_the_key_was_destroyed_is_recorded_by_the_next_start(log: PredictionLog) -> None:
    appended(log, about("r1", TRADER))
    with closing(open_keys(log.folder)) as keys:
        pseudonym = not_none(keys.destroy(TRADER, actor="an officer", erased_at="2025-01-01T00:00:00+00:00"))
    assert record_of(log.folder, pseudonym) is None
    assert verify(log.folder).faults == ()
    assert any("not recorded yet" in remark for remark in verify(log.folder).remarks)
    for _ in range(2):
        PredictionLog(log.folder, clock=now).close()
        assert (verify(log.folder).rows, verify(log.folder).faults) == (2, ())
    assert not_none(record_of(log.folder, pseudonym)).actor == "an officer"


@pytest.mark.skipif(not TORTURE, reason="long: AUDIT_YIELD_TORTURE=1")
def test_a_kill_at_any_moment_leaves_the_trader_as_it_was_or_erased_and_recorded(log: PredictionLog) -> None:
    ends = set()
    for chance in range(60):
        [only] = appended(log, about(f"r{chance}", TRADER))
        with subprocess.Popen([sys.executable, "-c", CHILD, log.folder], stdout=subprocess.PIPE) as child:
            not_none(child.stdout).readline()
            time.sleep(chance / 1000)
            child.kill()
        PredictionLog(log.folder, clock=now).close()
        pseudonym = log.read(only).pseudonym
        ends.add(pseudonym is None)
        assert pseudonym is None or record_of(log.folder, pseudonym) is not None
        assert verify(log.folder).faults == ()
        assert not any("not recorded yet" in remark for remark in verify(log.folder).remarks)
    assert ends == {True, False}


def test_a_kill_after_the_row_was_written_records_no_second_one(log: PredictionLog) -> None:
    appended(log, about("r1", TRADER))
    erasure = not_none(record_of(log.folder, not_none(erased(log.folder).pseudonym)))
    with closing(sqlite3.connect(keys_path(log.folder))) as connection, connection:
        connection.execute("INSERT INTO erasures VALUES (?, ?, ?)", tuple(vars(erasure).values()))
    PredictionLog(log.folder, clock=now).close()
    assert (verify(log.folder).rows, verify(log.folder).faults) == (2, ())
    assert not any("not recorded yet" in remark for remark in verify(log.folder).remarks)


def test_a_copy_of_the_log_alone_is_proved_and_says_nothing_of_traders(log: PredictionLog) -> None:
    [only] = appended(log, about("r1", TRADER))
    copy = Path(shutil.copytree(log.folder, log.folder.parent / "copy" / "log"))
    assert read(copy, only).pseudonym is not None
    assert verify(copy).faults == ()
    assert any("log.keys is not beside it" in remark for remark in verify(copy).remarks)


@pytest.mark.parametrize("content", [None, b"", b"no database" * 1000])
def test_a_log_without_its_keys_is_not_written_on(log: PredictionLog, content: bytes | None) -> None:
    appended(log, about("r1", TRADER))
    log.close()
    keys_path(log.folder).unlink()
    if content is not None:
        keys_path(log.folder).write_bytes(content)
    with pytest.raises(DataError, match=r"log\.keys does not hold the keys"):
        PredictionLog(log.folder, clock=now)
    if content:
        with pytest.raises(DataError, match=r"log\.keys does not hold the keys"):
            verify(log.folder)


def test_keys_that_are_moved_under_a_running_service_take_no_answer(log: PredictionLog) -> None:
    appended(log, about("r1", TRADER))
    path = keys_path(log.folder)
    elsewhere = path.rename(path.with_name("elsewhere"))
    assert log.fault == "log.keys is gone from its place"
    shutil.copy(elsewhere, path)
    with pytest.raises(OutputError, match=r"another file stands in the place of log\.keys"):
        appended(log, about("r2", OTHER))
    elsewhere.rename(path)
    appended(log, about("r2", OTHER))
    assert verify(log.folder).faults == ()


def test_a_destroyed_key_that_comes_back_is_found(log: PredictionLog) -> None:
    [only] = appended(log, about("r1", TRADER))
    kept = shutil.copy(keys_path(log.folder), log.folder.parent / "kept")
    pseudonym = erased(log.folder).pseudonym
    shutil.copy(kept, keys_path(log.folder))
    [fault] = verify(log.folder).faults
    assert fault == f"the key of {pseudonym} is in log.keys again, though a row says that it was destroyed"
    assert log.read(only).pseudonym is None


def test_a_key_that_is_gone_or_another_is_found(log: PredictionLog) -> None:
    [only] = appended(log, about("r1", TRADER))
    with closing(sqlite3.connect(keys_path(log.folder))) as connection, connection:
        connection.execute("UPDATE keys SET secret = zeroblob(32)")
    with pytest.raises(DataError, match="does not hold the keys"):
        log.read(only)
    with closing(sqlite3.connect(keys_path(log.folder))) as connection, connection:
        connection.execute("DELETE FROM keys")
    assert verify(log.folder).faults == (
        "1 traders have no key in log.keys, and no row says that they were erased",
    )


def test_nobody_else_on_the_machine_may_read_the_keys(log: PredictionLog) -> None:
    assert stat.S_IMODE(keys_path(log.folder).stat().st_mode) == 0o600


def test_words_that_a_caller_chose_and_that_name_the_trader_are_said_to_stay(log: PredictionLog) -> None:
    many = about("r1", TRADER, OTHER)
    appended(log, replace(many, access=replace(many.access, purpose=f"{TRADER} and its partner")))
    appended(log, about("r2", OTHER))
    outcome = erased(log.folder)
    assert outcome.naming == (database(log.folder).stem,)
    assert any("name LT-100200300 still" in line for line in to_text(outcome, TRADER))
    assert erased(log.folder, "LT-10020030") == Erased(None, ())
    assert "No row" in next(to_text(Erased(None, ()), "LT-10020030"))


def test_the_command_asks_and_erases_where_it_is_meant(
    log: PredictionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDIT_YIELD_HOME", str(log.folder.parent))
    appended(log, about("r1", TRADER))
    refused = CliRunner().invoke(app, ["log", "erase", TRADER], input="n\n")
    assert refused.exit_code == 1
    assert len(log.of_trader(TRADER)) == 1
    done = CliRunner().invoke(app, ["log", "erase", TRADER], input="y\n")
    assert (done.exit_code, done.output.count("Erased")) == (0, 1)
    assert log.of_trader(TRADER) == ()
    again = CliRunner().invoke(app, ["log", "erase", TRADER, "--yes"])
    assert (again.exit_code, again.output) == (0, f"No row of the log is under a key of {TRADER}.\n")
