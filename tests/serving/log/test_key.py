"""With a key outside the home nobody else makes the log anew; without one, only a kept anchor shows it."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from audit_yield.commands import app
from features.errors import DataError, SettingError
from serving.log import anchor, store
from serving.log.anchor import Anchor
from serving.log.key import SETTING, LogKey, read_key
from serving.log.segment import SegmentFile, segment_files
from serving.log.store import LogRow
from serving.log.verify import Verdict, read_witnesses, verify
from serving.log.writer import PredictionLog
from tests.clock import now
from tests.serving.answers import appended, entry, without_triggers

KEY, OTHER = LogKey(b"k" * 32), LogKey(b"o" * 32)


@pytest.fixture(params=[None, KEY], ids=["without a key", "with a key"])
def key(request: pytest.FixtureRequest) -> LogKey | None:
    return request.param  # type: ignore[no-any-return]


def write(folder: Path, *, key: LogKey | None, request_ids: str = "abcdef") -> None:
    log = PredictionLog(folder, clock=now, key=key)
    for request_id in request_ids:
        appended(log, entry(request_id))
    log.close()


@pytest.fixture
def folder(tmp_path: Path, key: LogKey | None) -> Path:
    write(tmp_path / "log", key=key)
    return tmp_path / "log"


def traders_of(row: LogRow) -> list[str]:
    """Return the traders of a row, as it names them."""
    traders: list[str] = json.loads(row.packed.about)["traders"]
    return traders


def make_anew(file: SegmentFile, *, rows: int, forger: LogKey | None = None) -> None:
    """Do what somebody does who can write all files and knows the format: a whole log that never was."""
    with store.reading(file.path) as connection:
        segment, seal = store.header(connection)
        kept = list(store.since(connection, segment.after.rows))[:rows]
    for ending in (".sqlite", ".sqlite-wal", ".sqlite-shm", ".anchor"):
        file.path.with_suffix(ending).unlink(missing_ok=True)
    store.create(file.path, segment, seal=seal)
    anchor.begin(file.anchor_path, segment.start)
    head = segment.start
    with closing(sqlite3.connect(file.path, isolation_level=None)) as connection:
        for number, row in enumerate(kept):
            moment = "2020-01-01T00:00:00+00:00" if number == rows - 1 else row.logged_at
            made = LogRow.after(head, logged_at=moment, packed=row.packed, key=forger)
            store.insert(connection, [(made, traders_of(row))])
            anchor.add(file.anchor_path, made.anchor)
            head = made.anchor


def test_a_log_that_nobody_touched_is_proved_with_and_without_the_key(
    folder: Path, key: LogKey | None
) -> None:
    assert verify(folder, key=key).faults == ()
    assert verify(folder).faults == ()


@pytest.mark.parametrize("rows", [6, 3], ids=["rows changed", "rows cut"])
@pytest.mark.parametrize("forger", [None, OTHER])
def test_a_log_made_anew_is_found_by_the_key_or_by_an_anchor_that_was_kept(
    folder: Path, key: LogKey | None, rows: int, forger: LogKey | None
) -> None:
    [file] = segment_files(folder)
    kept = folder.parent / "kept.anchor"
    shutil.copy(file.anchor_path, kept)
    make_anew(file, rows=rows, forger=forger)
    assert verify(folder).faults == ()
    assert bool(verify(folder, key=key).faults) == (key is not None)
    assert verify(folder, witnesses=read_witnesses(kept)).faults


def test_rows_after_anchors_that_were_cut_to_the_first_are_proved_by_their_seals(
    folder: Path, key: LogKey | None
) -> None:
    [file] = segment_files(folder)
    make_anew(file, rows=6)
    first = next(anchor.anchors(file.anchor_path))
    file.anchor_path.unlink()
    anchor.begin(file.anchor_path, first)
    assert any("not sealed with the key" in fault for fault in verify(folder, key=key).faults) == bool(key)


def test_a_row_appended_by_hand_is_found_by_the_key_at_the_next_start(
    folder: Path, key: LogKey | None
) -> None:
    [file] = segment_files(folder)
    with closing(sqlite3.connect(file.path, isolation_level=None)) as connection:
        head = store.head(connection, store.header(connection)[0])
        packed = next(store.since(connection, 0)).packed
        about = packed.about.replace(b'"request_id": "a"', b'"request_id": "z"')
        packed = type(packed)(about, packed.features, packed.outputs, packed.contributions)
        row = LogRow.after(head, logged_at="2020-01-01T00:00:00+00:00", packed=packed)
        store.insert(connection, [(row, traders_of(row))])
        anchor.add(file.anchor_path, row.anchor)
    assert bool(verify(folder, key=key).faults) == bool(key)
    if key:
        with pytest.raises(DataError, match="row 7 is not sealed with the key"):
            PredictionLog(folder, clock=now, key=key)
    else:
        PredictionLog(folder, clock=now).close()


def test_an_older_line_of_the_head_that_a_caller_kept_is_a_witness(tmp_path: Path) -> None:
    folder, kept = tmp_path / "log", tmp_path / "kept"
    write(folder, key=None, request_ids="abc")
    log = PredictionLog(folder, clock=now)
    kept.write_text(log.head.line)
    log.close()
    write(folder, key=None, request_ids="def")
    assert verify(folder, witnesses=read_witnesses(kept)).faults == ()
    make_anew(segment_files(folder)[0], rows=2)
    assert "there were 3 rows, row 2 is the last" in verify(folder, witnesses=read_witnesses(kept)).faults
    kept.write_text("nothing of use\n")
    with pytest.raises(SettingError, match="holds no anchor"):
        read_witnesses(kept)


def test_a_witness_of_rows_that_never_were_is_found(folder: Path) -> None:
    assert verify(folder, witnesses=(Anchor(9, b"x" * 32),)).faults == (
        "there were 9 rows, row 6 is the last",
    )
    assert verify(folder, witnesses=(Anchor(2, b"x" * 32),)).faults == (
        "row 2 is not the one that was witnessed",
    )


@pytest.mark.parametrize("table", ["answers", "segment", "closing"])
def test_a_seal_that_was_changed_is_found_by_the_key(tmp_path: Path, table: str) -> None:
    folder = tmp_path / "log"
    write(folder, key=KEY)
    [file] = segment_files(folder)
    with closing(store.open_to_write(file.path)) as connection:
        store.close_segment(connection, store.header(connection)[0], key=KEY)
    assert verify(folder, key=KEY).faults == ()
    with without_triggers(file.path) as connection:
        connection.execute(f"UPDATE {table} SET seal = zeroblob(32)")  # noqa: S608
    assert verify(folder).faults == ()
    assert any("is not sealed with the key" in fault for fault in verify(folder, key=KEY).faults)


def test_a_sealed_log_is_not_written_without_its_key(tmp_path: Path) -> None:
    write(tmp_path / "log", key=KEY)
    for other in (None, OTHER):
        with pytest.raises(DataError, match="is sealed with the key"):
            PredictionLog(tmp_path / "log", clock=now, key=other)


def test_a_key_that_is_new_seals_from_where_somebody_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "log"
    write(folder, key=None)
    with pytest.raises(DataError, match="audit-yield log seal"):
        PredictionLog(folder, clock=now, key=KEY)
    for key in (KEY, OTHER):
        PredictionLog(folder, clock=now, key=key, is_new_key=True).close()
        write(folder, key=key, request_ids=key.name)
    verdict = verify(folder, key=OTHER)
    assert (len(segment_files(folder)), verdict.faults) == (3, ())
    assert any("not sealed with this key: segments 1, 2." in remark for remark in verdict.remarks)
    assert "segment 3, the newest, is not sealed with the key" in verify(folder, key=KEY).faults


def test_what_is_before_a_new_key_is_proved_by_the_header_that_it_seals(tmp_path: Path) -> None:
    folder = tmp_path / "log"
    write(folder, key=None)
    PredictionLog(folder, clock=now, key=KEY, is_new_key=True).close()
    make_anew(segment_files(folder)[0], rows=6)
    assert "segment 2 does not follow from row 6" in verify(folder, key=KEY).faults


@pytest.mark.parametrize("content", [b"short", None])
def test_a_key_of_no_use_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "key"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingError):
        read_key(str(path), home=tmp_path / "home")


def test_a_key_in_the_home_or_without_its_whole_path_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"k" * 64)
    assert read_key("", home=tmp_path) is None
    assert read_key(str(tmp_path / "key"), home=tmp_path / "home") == LogKey(b"k" * 64)
    with pytest.raises(SettingError, match="in the home"):
        read_key(str(tmp_path / "key"), home=tmp_path)
    with pytest.raises(SettingError, match="another file in every folder"):
        read_key("key", home=tmp_path)


def test_a_key_is_not_shown() -> None:
    assert "k" * 8 not in repr(KEY)


def test_the_commands_take_the_key_from_its_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIT_YIELD_HOME", str(tmp_path / "home"))
    write(tmp_path / "home" / "log", key=None)
    kept = tmp_path / "kept"
    shutil.copy(segment_files(tmp_path / "home" / "log")[0].anchor_path, kept)

    def command(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["log", *arguments])

    assert "There is no key" in command("seal").output
    (tmp_path / "key").write_bytes(b"k" * 32)
    monkeypatch.setenv(SETTING, str(tmp_path / "key"))
    assert command("verify").exit_code == 1
    assert command("seal").output == f"From row 7 on the log is sealed with the key {KEY.name}.\n"
    assert command("verify").exit_code == 0
    assert command("verify", "--anchor", str(kept), "--segment", "1").exit_code == 0
    monkeypatch.delenv(SETTING)
    assert "that takes the key" in command("verify").output


def test_a_verdict_says_what_no_key_means(tmp_path: Path) -> None:
    write(tmp_path / "log", key=None, request_ids="a")
    verdict: Verdict = verify(tmp_path / "log")
    assert any("no key seals the log" in remark for remark in verdict.remarks)
