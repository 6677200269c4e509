"""Load on a server: clients that each send the next request when the last is answered, on one thread."""

import asyncio
import statistics
import time
from dataclasses import dataclass, field


@dataclass
class Load:
    """What a load brought: the seconds of each answer, of all of it, and how many answers were none."""

    seconds: list[float] = field(default_factory=list)
    elapsed: float = 0.0
    errors: int = 0

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return len(self.seconds) / self.elapsed

    @property
    def median(self) -> float:
        """The middle of the seconds of an answer."""
        return statistics.median(self.seconds)

    @property
    def p99(self) -> float:
        """The seconds of which 99 % of the answers take no more."""
        return sorted(self.seconds)[int(0.99 * (len(self.seconds) - 1))]


def load(port: int, request: bytes, *, clients: int, seconds: float) -> Load:
    """Send a request, by so many clients, for so many seconds."""
    return asyncio.run(_load(port, request, clients=clients, seconds=seconds))


def request_of(path: str, body: bytes, *, token: str = "") -> bytes:
    """Return the bytes of a POST of JSON."""
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json"]
    lines += [f"Content-Length: {len(body)}", *([f"Authorization: Bearer {token}"] if token else [])]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def _load(port: int, request: bytes, *, clients: int, seconds: float) -> Load:
    loop, done, began = asyncio.get_running_loop(), Load(), time.perf_counter()
    made = [
        await loop.create_connection(lambda: _Client(request, began + seconds, done), "127.0.0.1", port)
        for _ in range(clients)
    ]
    await asyncio.gather(*(client.ended for _, client in made))
    done.elapsed = time.perf_counter() - began
    return done


class _Client(asyncio.Protocol):
    """One connection; it reads answers that say how long they are, or come in chunks."""

    def __init__(self, request: bytes, ends: float, load: Load) -> None:
        self.request, self.ends, self.load = request, ends, load
        self.ended = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  TCP
        self.transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self.answer += data
        head, end, body = self.answer.partition(b"\r\n\r\n")
        if not end:
            return
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        if len(body) < int(length) if length else not body.endswith(b"0\r\n\r\n"):
            return
        self.load.seconds.append(time.perf_counter() - self.began)
        self.load.errors += not head.startswith(b"HTTP/1.1 200")
        if time.perf_counter() < self.ends:
            self._send()
        else:
            self.transport.close()

    def connection_lost(self, _: Exception | None) -> None:
        self.load.errors += time.perf_counter() < self.ends
        self.ended.set_result(None)

    def _send(self) -> None:
        self.answer, self.began = b"", time.perf_counter()
        self.transport.write(self.request)
