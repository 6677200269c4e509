"""Whoever changes the log is found out: rows edited, removed, moved, chained anew, or a tail cut off."""

import json
import random
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from audit_yield.commands import app
from features.errors import DataError
from serving.log import anchor, store
from serving.log.identity import identity_path
from serving.log.store import LogRow
from serving.log.trader_keys import keys_path
from serving.log.verify import to_text, verify
from serving.log.writer import PredictionLog
from tests.clock import now
from tests.serving.answers import appended, database, entry, without_triggers, witness
from tests.torture import TORTURE

ROWS = 8
MUTATIONS = 10_000 if TORTURE else 200


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written") / "log"
    log = PredictionLog(folder, clock=now)
    for number in range(ROWS):
        appended(log, entry(f"r{number}", seed=number))
    log.close()
    return folder


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    shutil.copy(identity_path(written), tmp_path)
    shutil.copy(keys_path(written), tmp_path)
    return Path(shutil.copytree(written, tmp_path / "log"))


def tamper(folder: Path, *statements: str) -> None:
    """Change the newest segment."""
    with without_triggers(database(folder)) as connection:
        for statement in statements:
            connection.execute(statement)


def chained_anew(folder: Path, change: Callable[[LogRow], LogRow]) -> None:
    """Change rows and seal each again, so that the chain itself is whole."""
    with store.reading(database(folder)) as connection:
        rows = list(store.since(connection, 0))
        head = store.header(connection)[0].start
    tamper(folder, "DELETE FROM answers")
    connection = sqlite3.connect(database(folder), isolation_level=None)
    for row in map(change, rows):
        anew = LogRow.after(head, logged_at=row.logged_at, packed=row.packed)
        store.insert(connection, [(anew, ())])
        head = anew.anchor
    connection.close()


def test_a_log_that_nobody_touched_is_proved(folder: Path) -> None:
    verdict = verify(folder)
    assert (verdict.rows, verdict.faults) == (ROWS, ())
    assert "8 rows, every one as it was written" in "\n".join(to_text(verdict))


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        (
            "UPDATE answers SET about = replace(about, 'north', 'south') WHERE sequence = 3",
            "row 3 was changed",
        ),
        ("UPDATE answers SET outputs = zeroblob(length(outputs)) WHERE sequence = 8", "row 8 was changed"),
        ("UPDATE answers SET features = contributions WHERE sequence = 1", "row 1 was changed"),
        (
            "UPDATE answers SET logged_at = '2020-01-01T00:00:00+00:00' WHERE sequence = 2",
            "row 2 was changed",
        ),
        ("UPDATE answers SET digest = zeroblob(32) WHERE sequence = 2", "row 2 was changed"),
        ("DELETE FROM answers WHERE sequence = 4", "row 4 is missing"),
        ("DELETE FROM answers WHERE sequence BETWEEN 4 AND 6", "row 4 is missing up to 6"),
        ("DELETE FROM answers WHERE sequence = 1", "row 1 is missing"),
        ("DELETE FROM answers WHERE sequence > 6", "there were 8 rows, row 6 is the last"),
        ("DELETE FROM answers", "there were 8 rows, row 0 is the last"),
        ("UPDATE traders SET trader_id = 'T3' WHERE sequence = 5", "the index of traders"),
        ("DELETE FROM traders WHERE sequence = 5", "the index of traders"),
        ("INSERT INTO traders VALUES ('T3', 5, 2)", "the index of traders"),
    ],
)
def test_what_was_done_to_the_rows_is_found(folder: Path, statement: str, fault: str) -> None:
    tamper(folder, statement)
    assert any(fault in each for each in verify(folder).faults)


def test_the_command_says_whether_the_log_is_whole_and_ends_with_a_status_of_its_own(folder: Path) -> None:
    def proved(*options: str) -> Result:
        return CliRunner().invoke(app, ["log", "verify", "--log", str(folder), *options])

    whole = proved()
    assert (whole.exit_code, whole.output.splitlines()[-1].split(",")[0]) == (0, f"{ROWS} rows")
    tamper(folder, "DELETE FROM answers WHERE sequence = 4")
    changed = proved()
    assert changed.exit_code == 1
    assert "The log is NOT as it was written" in changed.output
    as_data = proved("--json")
    assert as_data.exit_code == 1
    assert json.loads(as_data.output)["faults"] == list(verify(folder).faults)


def test_two_rows_that_changed_places_are_found(folder: Path) -> None:
    tamper(
        folder,
        "UPDATE answers SET sequence = 99 WHERE sequence = 3",
        "UPDATE answers SET sequence = 3 WHERE sequence = 5",
        "UPDATE answers SET sequence = 5 WHERE sequence = 99",
    )
    assert "row 3 was changed" in verify(folder).faults


def test_a_chain_made_anew_around_a_changed_row_is_found_by_the_witness(folder: Path) -> None:
    def milder(row: LogRow) -> LogRow:
        about = (
            row.packed.about.replace(b"north office", b"south office")
            if row.sequence == 6
            else row.packed.about
        )
        return replace(row, packed=replace(row.packed, about=about))

    chained_anew(folder, milder)
    assert "row 6 is not the one that was witnessed" in verify(folder).faults


def test_a_witness_made_to_agree_with_the_last_row_alone_is_found_by_its_earlier_lines(folder: Path) -> None:
    tamper(folder, "DELETE FROM answers WHERE sequence > 6")
    with store.reading(database(folder)) as connection:
        anchor.add(witness(folder), store.head(connection, store.header(connection)[0]))
    assert "there were 8 rows, row 6 is the last" in verify(folder).faults


@pytest.mark.parametrize("content", [None, b"", b"8 of them\n"])
def test_a_witness_that_is_gone_or_says_nothing_is_found(folder: Path, content: bytes | None) -> None:
    witness(folder).unlink()
    if content is not None:
        witness(folder).write_bytes(content)
    assert "the file that witnesses the rows is gone or empty" in verify(folder).faults
    with pytest.raises(DataError, match="witness"):
        PredictionLog(folder, clock=now)


def test_a_line_of_the_witness_torn_by_a_power_cut_is_no_fault(folder: Path) -> None:
    with witness(folder).open("ab") as file:
        file.write(b"9 0f3a")
    log = PredictionLog(folder, clock=now)
    appended(log, entry("one more"))
    log.close()
    assert (verify(folder).rows, verify(folder).faults) == (ROWS + 1, ())


def test_rows_that_a_kill_left_unwitnessed_are_taken_up(folder: Path) -> None:
    lines = witness(folder).read_bytes().splitlines(keepends=True)
    witness(folder).write_bytes(b"".join(lines[:-2]))
    log = PredictionLog(folder, clock=now)
    appended(log, entry("one more"))
    log.close()
    assert (verify(folder).rows, verify(folder).faults) == (ROWS + 1, ())


def test_a_service_does_not_write_on_where_the_tail_was_cut(folder: Path) -> None:
    tamper(folder, "DELETE FROM answers WHERE sequence = 8")
    with pytest.raises(DataError, match="there were 8 rows, row 7 is the last"):
        PredictionLog(folder, clock=now)


def test_a_database_that_is_gone_or_no_database_is_found(folder: Path) -> None:
    database(folder).write_bytes(b"no database" * 1000)
    assert verify(folder).faults[0].startswith("the database is damaged")
    with pytest.raises(DataError, match="damaged"):
        PredictionLog(folder, clock=now)
    database(folder).unlink()
    assert "there were 8 rows, their database" in verify(folder).faults[0]
    with pytest.raises(DataError, match="there were 8 rows, their database"):
        PredictionLog(folder, clock=now)


def test_no_log_at_all_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no prediction log"):
        verify(tmp_path)


def test_any_bit_changed_in_a_row_is_found(folder: Path) -> None:
    """Single bits of stored numbers and links, drawn at random."""
    some = random.Random(7)  # noqa: S311
    for _ in range(MUTATIONS):
        column = some.choice(["features", "outputs", "contributions", "previous", "digest"])
        row = some.randint(1, ROWS)
        before = cell(folder, column, row)
        changed = bytearray(before)
        changed[some.randrange(len(before))] ^= 1 << some.randrange(8)
        put(folder, column, row, bytes(changed))
        assert any(f"row {row}" in fault for fault in verify(folder).faults), (column, row)
        put(folder, column, row, before)
    assert verify(folder).faults == ()


def cell(folder: Path, column: str, row: int) -> bytes:
    with store.reading(database(folder)) as connection:
        [value] = connection.execute(f"SELECT {column} FROM answers WHERE sequence = ?", (row,)).fetchone()  # noqa: S608
    return bytes(value)


def put(folder: Path, column: str, row: int, value: bytes) -> None:
    with without_triggers(database(folder)) as connection:
        connection.execute(f"UPDATE answers SET {column} = ? WHERE sequence = ?", (value, row))  # noqa: S608
