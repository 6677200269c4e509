"""A real PostgreSQL server for tests: Debian's binaries, a cluster in a temporary folder, gone afterwards."""

import contextlib
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest

WHERE_DEBIAN_PUTS_THEM = Path("/usr/lib/postgresql")
SERVANTS = ("postgres", "nobody")
SETTINGS = ("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync")
ATTEMPTS = 5
CLEAN_UP = 'cat; "$1" -D "$2/data" -m immediate -w stop; rm -rf "$2"'


@dataclass(frozen=True)
class Server:
    """A running server; `owner` may do everything in it."""

    port: int
    password: str
    owner: str = "owner"
    _numbers: Iterator[int] = field(default_factory=count)

    def url(self, database: str, *, user: str | None = None, password: str | None = None) -> str:
        """Return the Ibis URL of a database."""
        return f"postgres://{user or self.owner}:{password or self.password}@127.0.0.1:{self.port}/{database}"

    def run(self, database: str, *statements: str) -> list[tuple[Any, ...]]:
        """Run statements as the owner; return the rows of the last."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def new_database(self, *options: str) -> str:
        """Make an empty database and return its name."""
        name = f"customs_{next(self._numbers)}"
        self.run("postgres", " ".join((f"CREATE DATABASE {name}", *options)))
        return name


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A server for the session of this worker; the test is skipped where none can be started."""
    initdb, pg_ctl = _binaries()
    servant = _servant()
    folder = Path(tempfile.mkdtemp(prefix="audit-yield-postgres-"))
    if servant:
        shutil.chown(folder, servant)
    with _removed_with_us(servant, pg_ctl, folder):
        run = _runner(servant, folder)
        password = secrets.token_urlsafe(12)
        _make_cluster(run, initdb, folder, password)
        yield Server(_start(run, pg_ctl, folder), password)


@contextlib.contextmanager
def _removed_with_us(servant: str | None, pg_ctl: str, folder: Path) -> Iterator[None]:
    """Stop the server and remove its folder at the end, or when this process is killed: its pipe closes."""
    watcher = subprocess.Popen(
        ["/bin/sh", "-c", CLEAN_UP, "sh", pg_ctl, folder],
        user=servant,
        cwd="/",
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        watcher.communicate()
        shutil.rmtree(folder, ignore_errors=True)  # the servant may not, in a folder of ours


Run = Callable[[list[str]], None]


def _binaries() -> tuple[str, str]:
    debian = sorted(WHERE_DEBIAN_PUTS_THEM.glob("*/bin"), key=lambda path: int(path.parent.name))
    places = os.pathsep.join([*map(str, reversed(debian)), os.environ.get("PATH", "")])
    found = [shutil.which(name, path=places) for name in ("initdb", "pg_ctl")]
    if None in found:
        pytest.skip(f"PostgreSQL's initdb and pg_ctl are neither in {WHERE_DEBIAN_PUTS_THEM} nor on PATH")
    return str(found[0]), str(found[1])


def _servant() -> str | None:
    """Return the user to run the server as: initdb refuses root, so root steps down."""
    if os.geteuid():
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    servant = next((name for name in SERVANTS if name in known), None)
    if servant is None:
        pytest.skip(f"PostgreSQL refuses root, and there is no user {' or '.join(SERVANTS)} to run it")
    return servant


def _runner(servant: str | None, folder: Path) -> Run:
    def run(command: list[str]) -> None:
        done = subprocess.run(
            command, user=servant, cwd=folder, capture_output=True, text=True, timeout=60, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{Path(command[0]).name}: {done.stdout}{done.stderr}")

    return run


def _make_cluster(run: Run, initdb: str, folder: Path, password: str) -> None:
    secret = folder / "password"
    secret.write_text(password)
    secret.chmod(0o644)
    try:
        run([initdb, *SETTINGS, "-U", Server.owner, "-D", str(folder / "data"), "--pwfile", str(secret)])
    except RuntimeError as error:
        pytest.skip(f"PostgreSQL cannot make a cluster: {error}")
    finally:
        secret.unlink()


def _start(run: Run, pg_ctl: str, folder: Path) -> int:
    for _ in range(ATTEMPTS):  # between finding a free port and taking it, another worker may take it
        port = _free_port()
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
        try:
            run([pg_ctl, "-D", str(folder / "data"), "-l", str(folder / "log"), "-o", options, "-w", "start"])
        except RuntimeError:
            continue
        return port
    log = folder / "log"
    pytest.skip(f"PostgreSQL does not start: {log.read_text()[-500:] if log.exists() else 'no log'}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
