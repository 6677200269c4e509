"""The guard with callers that ask and do not read, on real sockets: nobody else notices."""

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx2
import pyarrow as pa
import pytest

from serving.access.guard import Guard
from serving.access.shares import Resource
from serving.access.tokens import Role
from serving.live.state import Live
from serving.settings import Settings
from tests.serving.access.test_guard import logged
from tests.serving.caller import LOCAL, Service, service
from tests.serving.listening import listening

PATIENCE = 20.0
"""Seconds within which what must happen happens, on the busiest machine."""
LARGE = "/ranking?page_size=10000"
SMALL = Settings(concurrency=4, token_concurrency=2, token_bytes=400_000, body_seconds=1.0, threads=1)


@dataclass
class Bound:
    """A service that listens at a port, and the headers of two of its callers."""

    port: int
    made: Service
    greedy: dict[str, str] = field(init=False)
    other: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.greedy, self.other = (self.made.token(Role.RISK_UNIT) for _ in range(2))

    @property
    def guard(self) -> Guard:
        return self.made.guard

    def get(self, path: str, headers: dict[str, str]) -> int:
        return httpx2.get(
            f"http://127.0.0.1:{self.port}{path}", headers=headers, timeout=PATIENCE
        ).status_code

    def pipeline(self, *requests: bytes) -> socket.socket:
        """Send requests one after the other without reading, through the smallest window there is."""
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(PATIENCE)
        connection.connect(("127.0.0.1", self.port))
        connection.sendall(b"".join(requests))
        return connection

    def request(self, path: str, headers: dict[str, str]) -> bytes:
        lines = {"Host": "localhost", **headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return f"GET {path} HTTP/1.1\r\n{head}\r\n".encode()


@pytest.fixture(scope="module")
def live_and_long(live: Live) -> Live:
    """The live model with names so long that a page of the ranking is more than a kernel takes unread."""
    names = pa.array(["W" * 20_000] * live.snapshot.traders.num_rows)
    traders = live.snapshot.traders
    long = traders.set_column(traders.column_names.index("name"), "name", names)
    return replace(live, snapshot=replace(live.snapshot, traders=long))


@contextlib.contextmanager
def bound(live: Live, home: Path, *, read_seconds: float, settings: Settings = SMALL) -> Iterator[Bound]:
    with (
        service(live, home, settings=settings) as made,
        listening(made.client.app, read_seconds=read_seconds) as port,
    ):
        yield Bound(port, made)


def until(happens: Callable[[], bool]) -> None:
    """Wait for something to happen."""
    ends = time.monotonic() + PATIENCE
    while not happens():
        assert time.monotonic() < ends
        time.sleep(0.02)


def is_ended(connection: socket.socket) -> bool:
    """Read to the end; whether the service ended the connection before everything was sent."""
    with contextlib.suppress(ConnectionResetError):
        while connection.recv(1 << 20):
            pass
        return False
    return True


def test_pipelines_of_answers_that_nobody_reads_leave_the_others_theirs(
    live_and_long: Live, tmp_path: Path
) -> None:
    with bound(live_and_long, tmp_path, read_seconds=60.0) as running, contextlib.ExitStack() as stack:
        for _ in range(12):
            large = running.request(LARGE, running.greedy)
            stack.enter_context(running.pipeline(*[large] * 12))
        until(lambda: running.get("/models", running.greedy) == 429)
        assert [running.get(path, running.other) for path in ("/models", LARGE, "/")] == [200] * 3
        until(lambda: running.guard.shares.total[Resource.ANSWER] == 0)


def test_the_next_answer_of_a_connection_is_made_when_the_last_was_read(
    live_and_long: Live, tmp_path: Path
) -> None:
    with bound(live_and_long, tmp_path, read_seconds=60.0) as running:
        with running.pipeline(*[running.request(LARGE, running.greedy)] * 12):
            until(lambda: running.guard.shares.total[Resource.BYTE] > 0)
            assert running.get("/models", running.other) == 200
            assert logged(running.made).count("GET /ranking") == 1
        until(lambda: running.guard.shares.total[Resource.BYTE] == 0)


def test_whoever_does_not_read_in_time_is_disconnected_and_holds_nothing_any_more(
    live_and_long: Live, tmp_path: Path
) -> None:
    with (
        bound(live_and_long, tmp_path, read_seconds=0.3) as running,
        running.pipeline(*[running.request(LARGE, running.greedy)] * 3) as connection,
    ):
        until(lambda: running.guard.shares.total[Resource.BYTE] > 0)
        until(lambda: running.guard.shares.total[Resource.BYTE] == 0)
        assert is_ended(connection)
        assert running.get("/models", running.greedy) == 200


def test_whoever_reads_a_byte_now_and_then_is_disconnected_as_well(
    live_and_long: Live, tmp_path: Path
) -> None:
    with (
        bound(live_and_long, tmp_path, read_seconds=0.5) as running,
        running.pipeline(running.request(LARGE, running.greedy)) as connection,
    ):
        begun = time.monotonic()
        with contextlib.suppress(ConnectionResetError):
            while connection.recv(1000):
                time.sleep(0.05)
        assert time.monotonic() - begun < PATIENCE  # all of it would take 300 s
        assert running.guard.shares.total[Resource.BYTE] == 0


def test_whoever_reads_gets_every_answer_of_a_pipeline_whole(live_and_long: Live, tmp_path: Path) -> None:
    with (
        bound(live_and_long, tmp_path, read_seconds=PATIENCE) as running,
        running.pipeline(*[running.request(LARGE, running.greedy)] * 3) as connection,
        connection.makefile("rb") as answers,
    ):
        for _ in range(3):
            assert answers.readline().startswith(b"HTTP/1.1 200")
            headers = dict(line.decode().split(": ", 1) for line in iter(answers.readline, b"\r\n"))
            content = answers.read(int(headers["content-length"]))
            assert len(json.loads(content)["rows"]) == live_and_long.ranking.num_rows


def test_a_token_that_holds_its_share_of_bodies_is_alone_in_being_refused(live: Live, tmp_path: Path) -> None:
    """Bodies of 0.3 MB are promised, and a token may hold 0.4 MB."""
    settings = replace(SMALL, body_seconds=60.0)
    with (
        bound(live, tmp_path, read_seconds=60.0, settings=settings) as running,
        contextlib.ExitStack() as stack,
    ):
        head = running.request("/predict", running.greedy | {"Content-Type": "application/json"})
        slow = head.replace(b"GET", b"POST")[:-2] + b"Content-Length: 300000\r\n\r\n{"
        for _ in range(2):
            stack.enter_context(running.pipeline(slow))
        until(lambda: running.get("/models", running.greedy) == 429)
        assert running.get("/models", running.other) == 200
    until(lambda: running.guard.shares.total[Resource.BYTE] == 0)


def test_a_body_that_drips_is_ended_and_holds_nothing_any_more(live: Live, tmp_path: Path) -> None:
    settings = replace(SMALL, body_seconds=0.3)
    with bound(live, tmp_path, read_seconds=60.0, settings=settings) as running:
        head = running.request("/predict", running.greedy | {"Content-Type": "application/json"})
        slow = head.replace(b"GET", b"POST")[:-2] + b"Content-Length: 300000\r\n\r\n"
        with running.pipeline(slow) as connection, contextlib.suppress(ConnectionError):
            begun = time.monotonic()
            while time.monotonic() < begun + PATIENCE:
                connection.sendall(b" ")
                time.sleep(0.02)
        assert time.monotonic() < begun + PATIENCE
        until(lambda: running.guard.shares.total[Resource.BYTE] == 0)
        assert running.get("/models", running.greedy) == 200


def test_readers_of_evidence_are_no_queue_for_anybody_else(
    live: Live, traders: list[str], tmp_path: Path
) -> None:
    """Each of them takes the one thread that reads the tables; the callers take turns."""
    order: list[str] = []

    async def read(client: httpx2.AsyncClient, name: str, trader: str, headers: dict[str, str]) -> None:
        got = await client.get(f"/traders/{trader}/evidence/line_count_12m", headers=headers)
        assert got.status_code == 200
        order.append(name)

    async def run(greedy: dict[str, str], other: dict[str, str], app: Guard) -> None:
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url=LOCAL, timeout=60) as client:
            reading = [asyncio.create_task(read(client, "greedy", each, greedy)) for each in traders[:3]]
            await asyncio.sleep(0.1)
            await read(client, "other", traders[9], other)
            await asyncio.gather(*reading)

    with service(live, tmp_path) as made:
        asyncio.run(run(made.token(Role.AUDITOR), made.token(Role.AUDITOR), made.guard))
    assert order.index("other") < 3
