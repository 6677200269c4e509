"""A real `audit-yield serve`, as an administration starts it: its own process, its own home."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from tests.serving import tiny

ROOT = Path(__file__).parents[2]
PATIENCE = 120.0
"""Seconds; a start takes 5 on a quiet machine and 40 on a busy one."""
ENTRY = "import sys; from audit_yield import main; main()"


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-P", "-c", ENTRY, *arguments]


def environment(home: Path, **more: str) -> dict[str, str]:
    """Return what a command is told of its surroundings; what a kill leaves lies beside its home."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("AUDIT_YIELD_")}
    return {**plain, "AUDIT_YIELD_HOME": str(home), "TMPDIR": str(home.parent), **more}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """A running server; `own` is the folder with its data and home."""

    own: Path
    process: subprocess.Popen[bytes]
    client: httpx.Client
    said: Path

    @property
    def home(self) -> Path:
        return self.own / "mlruns"

    def status(self, path: str) -> int | None:
        """Return the status of a GET, None where nobody listens."""
        try:
            return self.client.get(path).status_code
        except httpx.TransportError:
            return None

    def wait(self, path: str, status: int | None) -> None:
        """Wait until a GET has a status."""
        ends = time.monotonic() + PATIENCE
        while (found := self.status(path)) != status:
            if time.monotonic() > ends or (self.process.poll() is not None and status is not None):
                raise AssertionError(f"{path} is {found}, not {status}\n{self.said.read_text()}")
            time.sleep(0.05)

    def kill(self) -> None:
        """Kill supervisor and worker at once, as the kernel does when memory runs out."""
        supervisor = psutil.Process(self.process.pid)
        for each in [supervisor, *supervisor.children(recursive=True)]:  # a worker has a group of its own
            with suppress(psutil.NoSuchProcess):
                each.kill()
        self.process.wait()


@contextmanager
def served(own: Path, *more: str, **settings: str) -> Iterator[Server]:
    """Start a server on a copy of the trained folder; ready when this yields, ended when it returns."""
    serve = command("serve", str(own / "sim" / "data"), "--as-of", f"{tiny.AS_OF}", *more)
    with started(serve, own, said=own / "said.txt", **settings) as server:
        yield server


@contextmanager
def started(serve: list[str], own: Path, *, said: Path, **settings: str) -> Iterator[Server]:
    """Start a server by a command that is told its port by AUDIT_YIELD_PORT; what it says goes to a file."""
    port = str(free_port())
    with said.open("wb") as out, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60.0) as client:
        process = subprocess.Popen(
            serve,
            cwd=ROOT,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=environment(own / "mlruns", AUDIT_YIELD_PORT=port, **settings),
            start_new_session=True,
        )
        server = Server(own, process, client, said)
        try:
            server.wait("/readyz", 200)
            yield server
        finally:
            if process.poll() is None:
                server.kill()
