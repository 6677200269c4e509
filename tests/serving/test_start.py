"""What can be refused is refused before the service starts, in words."""

import shutil
import socket
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from features.errors import DataError, SettingError
from serving import run
from serving.access.tokens import FILE as TOKENS
from serving.access.tokens import SINCE, Role, new_token
from serving.launch import LaunchSettings
from serving.log.reader import FOLDER
from serving.settings import Settings
from tests.clock import now
from tests.serving import tiny
from tests.serving.server import command, environment, free_port


def test_without_a_champion_it_exits_with_one_friendly_message_and_no_loop(
    tmp_path: Path, trained: Path
) -> None:
    begun = time.monotonic()
    done = subprocess.run(
        command("serve", str(trained / "sim" / "data"), "--as-of", "2024-10-01", "--port", str(free_port())),
        env=environment(tmp_path / "home"),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == "No model is published in home."
    assert len(done.stderr.splitlines()) == 3
    assert done.stdout == ""
    assert time.monotonic() - begun < 60


def begin(
    data: str, home: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings, *, is_open: bool = False
) -> run.Start:
    monkeypatch.setenv("AUDIT_YIELD_HOME", str(home))
    return run.serve(LaunchSettings(data, tiny.AS_OF, is_open=is_open), settings, clock=now)


def test_it_does_not_listen_to_others_without_tokens(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SettingError, match="no tokens are asked for"):
        begin(str(trained / "sim" / "data"), tmp_path, monkeypatch, Settings(host="0.0.0.0"))  # noqa: S104
    new_token(tmp_path, "north office", role=Role.RISK_UNIT, now=now())
    with pytest.raises(DataError, match="No model is published"):
        begin(str(trained / "sim" / "data"), tmp_path, monkeypatch, Settings(host="0.0.0.0"))  # noqa: S104


def test_where_there_were_tokens_it_does_not_start_without_their_file(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, settings = str(trained / "sim" / "data"), Settings(port=free_port())
    new_token(tmp_path, "north office", role=Role.RISK_UNIT, now=now())
    (tmp_path / TOKENS).unlink()
    with pytest.raises(DataError, match=r"tokens.json is gone from .*: callers have needed a token since"):
        begin(data, tmp_path, monkeypatch, settings)
    with pytest.raises(DataError, match="No model is published"):
        begin(data, tmp_path, monkeypatch, settings, is_open=True)
    with pytest.raises(SettingError, match="no tokens are asked for"):
        begin(data, tmp_path, monkeypatch, Settings(host="0.0.0.0"), is_open=True)  # noqa: S104


def test_a_home_whose_tokens_are_older_than_their_mark_is_marked_by_the_first_start(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_token(tmp_path, "north office", role=Role.RISK_UNIT, now=now())
    (tmp_path / SINCE).unlink()
    for gone, refusal in ((False, "No model is published"), (True, "tokens.json is gone")):
        if gone:
            (tmp_path / TOKENS).unlink()
        with pytest.raises(DataError, match=refusal):
            begin(str(trained / "sim" / "data"), tmp_path, monkeypatch, Settings(port=free_port()))


def test_a_provider_that_is_down_is_told_and_a_file_of_keys_that_is_not_there_is_refused(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def begun(keys: str) -> tuple[str, ...]:
        provider = Settings(oidc_issuer="https://login.customs.example", oidc_audience="audit-yield")
        settings = replace(provider, port=free_port(), oidc_keys=keys)
        return begin(str(own / "sim" / "data"), own / "mlruns", monkeypatch, settings).text

    told = "\n".join(begun(f"http://127.0.0.1:{free_port()}/keys"))
    assert "Callers need a token" in told
    assert "Tokens of https://login.customs.example are taken too." in told
    assert "They open nothing yet, for its keys cannot be read: <urlopen error" in told
    with pytest.raises(DataError, match="keys of the identity provider cannot be read"):
        begun(str(own / "keys.json"))


@pytest.mark.parametrize("host", ["nowhere.example", "300.1.1.1", "203.0.113.7"])
def test_an_address_that_is_not_this_machines_is_refused(
    host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_token(tmp_path, "north office", role=Role.RISK_UNIT, now=now())
    with pytest.raises(SettingError, match="cannot listen at"):
        begin("data", tmp_path, monkeypatch, Settings(host=host))


def test_a_port_that_is_taken_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(SettingError, match="cannot listen at"):
            begin("data", tmp_path, monkeypatch, Settings(port=taken.getsockname()[1]))


def test_a_log_whose_tail_was_cut_stops_the_start(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Path(shutil.copytree(trained, tmp_path / "own"))
    (own / "mlruns" / FOLDER).mkdir(exist_ok=True)
    (own / "mlruns" / FOLDER / "predictions.anchor").write_text(f"700000 {'0' * 64}\n")
    with pytest.raises(DataError, match="there were 700000 rows"):
        begin(str(own / "sim" / "data"), own / "mlruns", monkeypatch, Settings(port=free_port()))


def test_a_key_of_the_log_that_lies_beside_it_stops_the_start(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Path(shutil.copytree(trained, tmp_path / "own"))
    (own / "mlruns" / "key").write_bytes(b"k" * 32)
    settings = Settings(port=free_port(), log_key=str(own / "mlruns" / "key"))
    with pytest.raises(SettingError, match="in the home"):
        begin(str(own / "sim" / "data"), own / "mlruns", monkeypatch, settings)


def test_what_it_was_told_survives_the_environment(tmp_path: Path) -> None:
    dialect = tmp_path / "dialect.toml"
    launch = LaunchSettings(str(tmp_path), tiny.AS_OF, dialect, 2.5, is_open=True)
    assert LaunchSettings.read(launch.environment()) == launch
    assert LaunchSettings.read(LaunchSettings("postgres://host/db").environment()) == LaunchSettings(
        "postgres://host/db"
    )
    with pytest.raises(SettingError, match="does not say what to serve"):
        LaunchSettings.read({})
