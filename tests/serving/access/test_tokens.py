"""Tokens: kept as hashes, each with a role, perhaps an end and certain traders; revoked ones open nothing."""

import json
import stat
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from audit_yield.commands import app
from features.errors import DataError, SettingError
from serving.access.tokens import FILE, LOCAL, NOBODY, Role, Tokens, new_token, read_tokens, revoke_token
from tests.clock import now
from tests.optional import not_none

TODAY = datetime.now(UTC).date()


def test_a_token_says_who_calls(tmp_path: Path) -> None:
    secret = new_token(tmp_path, "ann", role=Role.AUDITOR, traders=["T2", "T1"], now=now())
    caller = not_none(Tokens(tmp_path, clock=now).caller(secret))
    assert (caller.name, caller.role) == ("ann", "auditor")
    assert [caller.may_see(trader) for trader in ("T1", "T2", "T3")] == [True, True, False]


def test_the_file_holds_no_secret_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    secret = new_token(tmp_path, "ann", role=Role.AUDITOR, now=now())
    file = tmp_path / FILE
    assert secret not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_two_tokens_never_share_a_secret_and_open_only_by_their_own(tmp_path: Path) -> None:
    first, second = (new_token(tmp_path, name, role=Role.AUDITOR, now=now()) for name in ("ann", "bob"))
    tokens = Tokens(tmp_path, clock=now)
    assert [not_none(tokens.caller(secret)).name for secret in (first, second)] == ["ann", "bob"]
    assert tokens.caller(first[:-1]) is None


def test_a_running_service_learns_of_new_and_revoked_tokens(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path, clock=now)
    assert not tokens.are_required()
    secret = new_token(tmp_path, "ann", role=Role.AUDITOR, now=now())
    assert tokens.are_required()
    assert tokens.caller(secret) is not None
    revoke_token(tmp_path, "ann", now=now())
    assert tokens.caller(secret) is None


@pytest.mark.parametrize("last", [TODAY, None])
def test_a_token_holds_through_its_last_day(tmp_path: Path, last: date | None) -> None:
    secret = new_token(tmp_path, "ann", role=Role.AUDITOR, expires_on=last, now=now())
    assert Tokens(tmp_path, clock=now).caller(secret) is not None


def test_the_last_day_is_that_of_the_office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At half past two in the morning in Bangkok it is still the day before in UTC."""
    secret = new_token(tmp_path, "ann", role=Role.AUDITOR, expires_on=date(2025, 1, 1), now=now())
    tokens = Tokens(tmp_path, clock=lambda: datetime(2025, 1, 1, 19, 30, tzinfo=UTC))
    assert tokens.caller(secret) is not None
    monkeypatch.setenv("TZ", "Asia/Bangkok")
    time.tzset()
    try:
        assert tokens.caller(secret) is None
    finally:
        monkeypatch.undo()
        time.tzset()


def test_an_expired_token_opens_nothing(tmp_path: Path) -> None:
    secret = new_token(tmp_path, "ann", role=Role.AUDITOR, expires_on=TODAY - timedelta(days=1), now=now())
    assert Tokens(tmp_path, clock=now).caller(secret) is None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda file: file.unlink(),
        lambda file: file.write_text("[{]"),
        lambda file: file.write_text('{"a": 1}'),
    ],
)
def test_where_the_file_is_gone_or_damaged_nobody_gets_in(
    tmp_path: Path, spoil: Callable[[Path], object]
) -> None:
    secret = new_token(tmp_path, "ann", role=Role.AUDITOR, now=now())
    tokens = Tokens(tmp_path, clock=now)
    spoil(tmp_path / FILE)
    for _ in range(2):
        assert tokens.are_required()
        assert tokens.caller(secret) is None


def test_an_open_service_asks_for_no_tokens_whatever_there_are(tmp_path: Path) -> None:
    new_token(tmp_path, "ann", role=Role.AUDITOR, now=now())
    assert not Tokens(tmp_path, clock=now, is_open=True).are_required()


def test_new_tokens_can_be_made_where_the_file_is_gone(tmp_path: Path) -> None:
    first = new_token(tmp_path, "ann", role=Role.AUDITOR, now=now())
    (tmp_path / FILE).unlink()
    second = new_token(tmp_path, "ann", role=Role.AUDITOR, now=now())
    tokens = Tokens(tmp_path, clock=now)
    tokens.require_file()
    assert [tokens.caller(secret) is None for secret in (first, second)] == [True, False]


def test_a_service_does_not_start_on_a_damaged_file(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('[{"name": "ann"}]')
    with pytest.raises(DataError):
        Tokens(tmp_path, clock=now)


def test_a_name_is_used_once_for_the_log_names_it(tmp_path: Path) -> None:
    new_token(tmp_path, "ann", role=Role.AUDITOR, now=now())
    revoke_token(tmp_path, "ann", now=now())
    with pytest.raises(SettingError):
        new_token(tmp_path, "ann", role=Role.AUDITOR, now=now())


@pytest.mark.parametrize("name", ["", " ", "a\nb", "x" * 101, LOCAL.name, NOBODY.name])
def test_a_name_can_be_printed_and_is_no_one_elses(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingError):
        new_token(tmp_path, name, role=Role.AUDITOR, now=now())


def test_what_is_not_there_cannot_be_revoked(tmp_path: Path) -> None:
    with pytest.raises(SettingError):
        revoke_token(tmp_path, "ann", now=now())
    assert read_tokens(tmp_path / FILE) == ()


def test_the_command_line_makes_lists_and_revokes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIT_YIELD_HOME", str(tmp_path))

    def token(*words: str) -> Result:
        return CliRunner().invoke(app, ["token", *words])

    secret = token(
        "new", "ann", "--role", "auditor", "--trader", "T1", "--expires", "2999-01-01", "--any-day"
    ).output.strip()
    caller = not_none(Tokens(tmp_path, clock=now).caller(secret))
    assert (caller.name, caller.role, caller.traders) == ("ann", "auditor", frozenset({"T1"}))
    assert caller.any_day
    assert "ann: auditor, holds, limited to traders T1, any day, until 2999-01-01" in token("list").output
    assert secret not in token("list").output
    [listed] = json.loads(token("list", "--json").output)
    assert (listed["name"], listed["role"], listed["traders"]) == ("ann", "auditor", ["T1"])
    assert "sha256" not in listed
    assert token("revoke", "ann").exit_code == 0
    assert "ann: auditor, revoked" in token("list").output
    assert token("revoke", "ann").exit_code == 2


def test_a_token_of_the_command_line_is_for_all_traders_unless_limited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDIT_YIELD_HOME", str(tmp_path))
    secret = CliRunner().invoke(app, ["token", "new", "bob", "--role", "risk_unit"]).output.strip()
    assert not_none(Tokens(tmp_path, clock=now).caller(secret)).traders is None
