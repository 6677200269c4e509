"""Connections that fail, and passwords that are never shown."""

import contextlib
import select
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from features.data.dataset import Dataset
from features.data.warehouse import open_warehouse
from features.errors import DataError
from tests.features.data.warehouse.postgres.database import Change, assert_no_traceback, run_check
from tests.features.tables import TODAY
from tests.postgres import Server

WRONG = "Geheim-Zwiebel"


def test_a_connection_killed_in_the_middle_is_a_fault(url: str, tmp_path: Path, change: Change) -> None:
    change(
        "ALTER TABLE declarations RENAME TO kept",
        "CREATE VIEW declarations AS SELECT * FROM kept WHERE pg_terminate_backend(pg_backend_pid())",
    )
    done = run_check(url, tmp_path)
    assert done.returncode == 2
    assert "terminating connection" in done.stdout + done.stderr
    assert_no_traceback(done)


@contextlib.contextmanager
def cutting(port: int, *, at: bytes) -> Iterator[int]:
    """Pass on connections to a port, and cut each where the client says something; yield the own port."""

    def both_ways(client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", port)) as server:
            while True:
                ready, _, _ = select.select([client, server], [], [], 30)
                for end in ready:
                    content = end.recv(1 << 16)
                    if not content or at in content:
                        return
                    (server if end is client else client).sendall(content)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=both_ways, args=[listener.accept()[0]], daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("at", ["pg_stat_user_tables", "REPEATABLE READ", "relkind", "CREATE TEMPORARY"])
def test_a_connection_lost_at_any_moment_is_one_clear_error(
    postgres: Server, url: str, tmp_path: Path, at: str
) -> None:
    with cutting(postgres.port, at=at.encode()) as port:
        location = url.replace(f":{postgres.port}/", f":{port}/")
        dataset = Dataset(data=location, cutoff=TODAY, today=TODAY, home=tmp_path)
        with pytest.raises(DataError, match="broke off") as raised, dataset.open() as warehouse:
            warehouse.materialise(warehouse.table("traders"))
    assert postgres.password not in str(raised.value)


def wrong(url: str, database: str, postgres: Server) -> dict[str, tuple[str, str]]:
    """URLs that cannot be opened, and what is said of each."""
    return {
        "password": (postgres.url(database, password=WRONG), "password authentication failed"),
        "database": (postgres.url("nowhere"), 'database "nowhere" does not exist'),
        "port": (url.replace(f":{postgres.port}/", ":1/"), "refused"),
        "host": (f"postgres://owner:Geheim-Zwiebel@nowhere.invalid/{database}", "nowhere.invalid"),
        "slash": (f"postgres://owner:Geheim/Zwiebel@127.0.0.1:{postgres.port}/{database}", "%2F"),
        "hash": (f"postgres://owner:1#Geheim-Zwiebel@127.0.0.1:{postgres.port}/{database}", "%2F"),
        "option": (f"{url}?geheim=Geheim-Zwiebel", "cannot be opened"),
        "engine": (f"nonsense://owner:Geheim-Zwiebel@127.0.0.1/{database}", "cannot be opened"),
        "file": (f"duckdb://{database}.duckdb", "path"),
    }


@pytest.mark.parametrize(
    "case", ["password", "database", "port", "host", "slash", "hash", "option", "engine", "file"]
)
def test_an_address_that_cannot_be_opened_is_told_without_its_password(
    postgres: Server, url: str, database: str, case: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    location, reason = wrong(url, database, postgres)[case]
    with pytest.raises(DataError) as raised, open_warehouse(location):
        pass
    message = str(raised.value)
    assert reason in message
    assert not any(secret in message for secret in ("Geheim", postgres.password, "Zwiebel"))
    assert list(tmp_path.iterdir()) == []


def test_the_command_tells_a_wrong_password_in_three_lines_and_exits_with_2(
    postgres: Server, database: str, tmp_path: Path
) -> None:
    done = run_check(postgres.url(database, password=WRONG), tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "password authentication failed" in done.stderr
    assert "Geheim" not in done.stderr
    assert len(done.stderr.splitlines()) == 3


def test_the_command_shows_no_password_and_leaves_no_connection(
    postgres: Server, url: str, database: str, tmp_path: Path
) -> None:
    done = run_check(url, tmp_path)
    [report] = tmp_path.rglob("accepted/report.json")
    written = report.read_text()
    assert done.returncode == 0
    assert postgres.password not in done.stdout + done.stderr + written
    assert connections(postgres, database) == 0


def connections(postgres: Server, database: str) -> int:
    """The number of connections but ours, once the server has seen the others off."""
    wait = "SELECT pg_sleep(0.2)"
    count = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    return int(postgres.run(database, wait, count)[0][0])


def test_the_password_may_come_from_the_environment(postgres: Server, url: str, tmp_path: Path) -> None:
    location = url.replace(f":{postgres.password}@", "@")
    assert run_check(location, tmp_path, PGPASSWORD=postgres.password).returncode == 0
