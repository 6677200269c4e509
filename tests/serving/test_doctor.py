"""The doctor says what is wrong with an installation and its home, what to do, and changes nothing."""

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from audit_yield.commands import app
from models.bundle.champion import Champion, point_to
from serving.access.tokens import Role, new_token
from serving.doctor import Diagnosis, diagnose, to_text
from tests.clock import now
from tests.models.tiny import saved

NOW = now()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home, written just before the tests' present moment."""
    folder = tmp_path / "home"
    monkeypatch.setenv("AUDIT_YIELD_HOME", str(folder))
    for name in ("AUDIT_YIELD_LOG_KEY", "AUDIT_YIELD_PORT"):
        monkeypatch.delenv(name, raising=False)
    folder.mkdir(mode=0o700)
    at(folder)
    return folder


def at(*paths: Path, minutes: float = 0.0) -> None:
    """Say that files were written so many minutes after the tests' present moment."""
    written = NOW.timestamp() + 60 * minutes
    for path in paths:
        os.utime(path, (written, written))


def publish(home: Path) -> Path:
    bundle = saved(home / "published" / "1")
    point_to(home, Champion("1", "published/1", bundle.digest, bundle.feature_digest, NOW.isoformat()))
    at(home, home / "champion.json")
    return home / "published" / "1"


def looked_at(subject: str) -> Diagnosis:
    [diagnosis] = [each for each in diagnose(now=NOW) if each.subject == subject]
    return diagnosis


def test_where_all_is_well_it_says_so(home: Path) -> None:
    publish(home)
    new_token(home, "risk unit", role=Role.RISK_UNIT, now=NOW)
    at(home)
    diagnoses = diagnose(now=NOW)
    assert [each for each in diagnoses if each.state == "wrong"] == []
    states = {each.subject: each.state for each in diagnoses}
    assert {states[name] for name in ("version", "packages", "champion", "tokens", "clock")} == {"fine"}
    assert list(to_text(diagnoses))[-1] == "Nothing is wrong."


def test_nothing_is_made_where_there_is_no_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIT_YIELD_HOME", str(tmp_path / "none"))
    assert looked_at("home").state == looked_at("champion").state == "noted"
    assert list(tmp_path.iterdir()) == []


def test_a_champion_that_was_changed_since_is_wrong(home: Path) -> None:
    [trees, *_] = sorted(publish(home).glob("*.txt"))
    trees.write_bytes(trees.read_bytes() + b" ")
    assert looked_at("champion").state == "wrong"


def test_a_clock_that_was_put_back_is_wrong(home: Path) -> None:
    at(home, minutes=90)
    assert looked_at("clock") == Diagnosis(
        "clock",
        "wrong",
        f"{NOW:%Y-%m-%d %H:%M} UTC, 90 minutes before the home was last written",
        "Set the clock: what counts as known depends on the day.",
    )


def test_a_home_that_everybody_may_write_is_wrong(home: Path) -> None:
    home.chmod(0o777)
    assert looked_at("home").advice == f"chmod o-w '{home}'"


def test_a_setting_that_cannot_be_read_is_wrong_and_the_rest_is_looked_at(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDIT_YIELD_PORT", "three")
    assert "AUDIT_YIELD_PORT is 'three'" in looked_at("settings").sentence
    assert looked_at("home").state == "fine"


def test_expired_tokens_do_not_count(home: Path) -> None:
    new_token(home, "old", role=Role.RISK_UNIT, now=NOW, expires_on=NOW.date() - timedelta(days=1))
    assert looked_at("tokens").state == "noted"


def test_a_log_without_a_key_is_noted_and_with_one_it_is_fine(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert looked_at("log").sentence == "nothing was predicted yet"
    (home / "log").mkdir()
    assert looked_at("log").state == "noted"
    (tmp_path / "key").write_bytes(b"k" * 64)
    monkeypatch.setenv("AUDIT_YIELD_LOG_KEY", str(tmp_path / "key"))
    assert looked_at("log").state == "fine"


def test_the_command_fails_where_something_is_wrong(home: Path) -> None:
    home.chmod(0o777)
    shown = CliRunner().invoke(app, ["doctor", "--json"])
    assert shown.exit_code == 1
    assert {each["subject"] for each in json.loads(shown.output) if each["state"] == "wrong"} >= {"home"}
