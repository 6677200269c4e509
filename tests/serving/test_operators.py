"""What docs/operators.md tells operators to do comes out as it says: back up, restore, keys, an end."""

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from audit_yield.commands import app
from serving.access.tokens import Role, Tokens, new_token
from serving.live.state import Live
from serving.log.key import read_key
from serving.log.reader import FOLDER
from serving.log.writer import PredictionLog
from tests.clock import now
from tests.docs.pages import ROOT
from tests.serving.answers import appended, entry
from tests.serving.test_replay import logged

PAGE = (ROOT / "docs" / "operators.md").read_text(encoding="utf-8")
OWN = re.compile(r"audit-yield (.+)")


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def block(title: str) -> list[str]:
    """The lines of the first example of a section."""
    return section(title).partition("```text\n")[2].partition("```")[0].splitlines()


def names(text: str) -> set[str]:
    """The files and folders of a home that a text names, as its first words in backticks do."""
    return {name.rstrip("/") for name in re.findall(r"`([\w.]+/?)`", text)}


def done(lines: Iterable[str], *, folder: Path, home: Path, **settings: str) -> str:
    """Do what lines say, ours in this process; return what was said of the last."""
    said = ""
    for line in lines:
        if own := OWN.fullmatch(line):
            environment = {"AUDIT_YIELD_HOME": str(home), **settings}
            shown = CliRunner().invoke(app, shlex.split(own[1]), env=environment)
            assert shown.exit_code == 0, f"{line}\n{shown.output}"
            said = shown.output
        else:
            subprocess.run(["bash", "-c", line], cwd=folder, check=True, capture_output=True)
    return said


def kept_of(home: Path, place: Path) -> Path:
    """Copy what the page says to copy of a home, and nothing else."""
    for name in names("\n".join(re.findall(r"^\| (`.+?) \|", section("Back up"), re.MULTILINE))):
        if (home / name).is_dir():
            shutil.copytree(home / name, place / name)
        elif (home / name).exists():
            place.mkdir(exist_ok=True)
            shutil.copy2(home / name, place / name)
    return place


def answer(home: Path, request_id: str, *, key: Path | None = None) -> None:
    """Append an answer to the log of a home; a key that may not follow raises."""
    log = PredictionLog(home / FOLDER, clock=now, key=read_key(str(key or ""), home=home))
    appended(log, entry(request_id))
    log.close()


@pytest.fixture
def home(own: Path) -> Path:
    """A home in use: a champion, a snapshot, a token, and an answer in the log."""
    folder = own / "mlruns"
    new_token(folder, "planning", role=Role.RISK_UNIT, now=now())
    answer(folder, "yesterday")
    return folder


def test_what_is_to_be_copied_and_what_is_made_again_is_all_that_a_home_has(home: Path) -> None:
    told = names(section("Back up"))
    assert {path.name for path in home.iterdir()} - told == set()


def test_a_home_that_was_restored_from_a_copy_is_proved_and_repeats_an_answer(
    home: Path, live: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *_ = logged(home, live)
    anchors = "".join(path.read_text() for path in sorted((home / FOLDER).glob("*.anchor")))
    (tmp_path / "kept.anchor").write_text(anchors)
    restored = kept_of(home, tmp_path / "restored")
    shutil.rmtree(home)
    monkeypatch.chdir(tmp_path)
    lines = [line.replace("1-1-f6b02714", first) for line in block("Restore, and prove it")]
    assert first in lines[-1]
    assert "same" in done(lines, folder=tmp_path, home=restored)


def test_a_copy_of_yesterday_is_found_by_the_anchors_that_were_kept_elsewhere(
    home: Path, tmp_path: Path
) -> None:
    restored = kept_of(home, tmp_path / "restored")
    answer(home, "today")
    newest = max((home / FOLDER).glob("*.anchor"))
    shutil.copy(newest, tmp_path / "kept.anchor")
    called = ["log", "verify", "--anchor", str(tmp_path / "kept.anchor")]
    shown = CliRunner().invoke(app, called, env={"AUDIT_YIELD_HOME": str(restored)})
    assert shown.exit_code == 1
    assert "row" in shown.output


def test_the_key_of_the_log_is_changed_as_the_page_says(tmp_path: Path) -> None:
    folder, home = tmp_path / "keys", tmp_path / "home"
    folder.mkdir()
    key = folder / "log.key"
    key.write_text("1" * 64)
    answer(home, "before", key=key)
    done(block("Change keys"), folder=folder, home=home, AUDIT_YIELD_LOG_KEY=str(key))
    assert key.read_text() != "1" * 64
    answer(home, "after", key=key)


def test_a_token_ends_and_what_is_too_old_is_removed_as_the_page_says(home: Path, tmp_path: Path) -> None:
    secret = new_token(home, "second", role=Role.AUDITOR, now=now())
    told = section("Change keys") + section("How long things are kept")
    lines = [f"audit-yield {words}" for words in re.findall(r"`audit-yield ((?:token|log) .+?)`", told)]
    lines = [line.replace("NAME", "second").replace("TRADER", "T1 --yes") for line in lines]
    assert [line.split()[1:3] for line in lines] == [
        ["token", "revoke"],
        ["token", "list"],
        ["log", "prune"],
        ["log", "erase"],
    ]
    assert "T1" in done(lines, folder=tmp_path, home=home)
    assert not Tokens(home, clock=now).caller(secret)
