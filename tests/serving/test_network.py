"""What only a real socket shows: stalled headers, contradicting lengths, strange verbs, huge bodies."""

import contextlib
import resource
import socket
import time
from collections.abc import Iterator

import httpx2
import pytest

from serving.live.state import Live
from tests.serving.caller import service
from tests.serving.listening import listening
from tests.torture import TORTURE

STALLED = 2_000 if TORTURE else 100
MEGABYTES = 500 if TORTURE else 50


POST = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
def port(live: Live, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with (
        service(live, tmp_path_factory.mktemp("home")) as made,
        listening(made.client.app, header_seconds=0.5) as bound,
    ):
        yield bound


def spoken(port: int, sent: bytes) -> bytes:
    """Return what is answered to bytes."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(sent)
        return connection.recv(65536)


def is_closed(connection: socket.socket) -> bool:
    """Wait for the other end; one that closes before it has read what came says so with a reset."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize(
    "head",
    [
        b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n",
        b"GET /models HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n",
        b"GET /models HTTP/1.1\r\nHost: evil.example\r\nHost: localhost\r\n",
        b"GET /models HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\ncontent-length: 5\r\n",
        b"GET /models HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: a\r\nx-request-id: b\r\n",
        b"GE T /models HTTP/1.1\r\nHost: localhost\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
def test_what_proxies_could_read_differently_is_refused(port: int, head: bytes) -> None:
    answer = spoken(port, head + b"\r\nhello\r\n\r\n")
    assert answer.split(b" ")[1] in (b"400", b"403", b"415")


@pytest.mark.parametrize("verb", [b"FROB", b"TRACE", b"CONNECT", b"PATCH"])
def test_a_verb_that_is_not_ours_is_not_allowed(port: int, verb: bytes) -> None:
    answer = spoken(port, verb + b" /models HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert answer.split(b" ")[1] in (b"400", b"405")


def test_stalled_headers_are_closed_in_time_and_others_are_answered_meanwhile(port: int) -> None:
    with contextlib.ExitStack() as stack:
        stalled = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
            for _ in range(STALLED)
        ]
        for connection in stalled:
            connection.sendall(b"GET /models HTTP/1.1\r\nHost: loc")
        begun = time.monotonic()
        assert httpx2.get(f"http://127.0.0.1:{port}/models", timeout=20).status_code == 200
        assert all(map(is_closed, stalled))
        assert time.monotonic() - begun < 15  # 0.5 s and some on a quiet machine


def test_headers_that_stall_in_a_second_request_are_closed_too(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"GET /models HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        connection.sendall(b"GET /mod")
        time.sleep(0.1)
        with contextlib.suppress(TimeoutError):
            while connection.recv(65536):
                pass


@pytest.mark.parametrize(
    "begun",
    [
        b"GET /models HTTP/1.1\r\nHost: localhost\r\nX-Long: ",
        b"GET /",
        POST + b"Transfer-Encoding: chunked\r\n\r\n2;",
        POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX-Trailer: ",
    ],
    ids=["header", "path", "chunk", "trailer"],
)
def test_what_never_ends_is_ended_after_some_kilobytes(port: int, begun: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(begun)
        with contextlib.suppress(ConnectionError):
            for _ in range(100):
                connection.sendall(b"x" * 50_000)
                time.sleep(0.001)
            pytest.fail("5 MB were taken")


def test_a_trailer_is_no_header(port: int) -> None:
    chunks = b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nHost: evil.example\r\n\r\n"
    assert b"trader_ids" in spoken(port, POST + chunks)  # the body lacks them; a second host would be refused


def test_some_requests_of_a_pipeline_are_answered_in_order_and_a_thousand_are_not(port: int) -> None:
    request = b"GET /models HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: %d\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"".join(request % number for number in range(8)))
        for number in range(8):
            while f"x-request-id: {number}\r\n".encode() not in connection.recv(1 << 20).lower():
                pass
        answers = b""
        with contextlib.suppress(ConnectionError):
            connection.sendall(b"".join(request % number for number in range(1000)))
            while received := connection.recv(1 << 20):
                answers += received
        assert answers.count(b"HTTP/1.1 200") < 1000


@pytest.mark.parametrize("sized", [True, False])
def test_a_huge_body_is_refused_with_flat_memory(port: int, sized: bool) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(MEGABYTES):
            yield b" " * 1_000_000

    headers = {"content-type": "application/json"}
    if sized:
        headers["content-length"] = str(MEGABYTES * 1_000_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with contextlib.suppress(httpx2.WriteError):  # it hangs up while more is sent
        got = httpx2.post(f"http://127.0.0.1:{port}/predict", content=endless(), headers=headers)
        assert got.status_code == 413
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000  # kilobytes
