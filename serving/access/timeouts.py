"""Timeouts of a connection: until the headers of a request have come, and until its answer has been read."""

import asyncio
import socket
import struct
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from serving.settings import Settings

NO_LINGER = struct.pack("ii", 1, 0)
"""Of a socket: what the kernel has not sent when it is closed is dropped, and the other end is told so."""


class Protocol(H11Protocol):
    """uvicorn's HTTP/1.1 that ends a connection that does not send its headers or read its answer in time.

    Without the first, 2,000 stalled connections stay open for ever; without the second, so does an answer
    that nobody reads, in memory, also after uvicorn has closed the connection.
    """

    header_seconds = Settings.header_seconds
    read_seconds = Settings.read_seconds
    _header_deadline: asyncio.TimerHandle | None = None
    _read_deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Start the deadline of the first request; an answer is unread until the kernel has all of it."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=0)
        self._expect_headers()

    def data_received(self, data: bytes) -> None:
        """Cancel the deadline when the headers are there; set it again for those of a next request."""
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._headers_came()
        else:
            self._expect_headers()

    def pause_writing(self) -> None:
        """Start the deadline of a reader, of whose answer the kernel took a part."""
        super().pause_writing()
        self._read_deadline = self.loop.call_later(self.read_seconds, self._reset)

    def resume_writing(self) -> None:
        """Cancel the deadline of a reader when the kernel has all of it."""
        super().resume_writing()
        self._answer_was_read()

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave no timer behind."""
        self._headers_came()
        self._answer_was_read()
        super().connection_lost(exc)

    def _expect_headers(self) -> None:
        if self._header_deadline is None:
            self._header_deadline = self.loop.call_later(self.header_seconds, self.transport.close)

    def _headers_came(self) -> None:
        if self._header_deadline is not None:
            self._header_deadline.cancel()
            self._header_deadline = None

    def _reset(self) -> None:
        """End the connection; nobody keeps what was not read, the kernel neither."""
        connection = self.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        self.transport.abort()

    def _answer_was_read(self) -> None:
        if self._read_deadline is not None:
            self._read_deadline.cancel()
            self._read_deadline = None


def install(settings: Settings) -> None:
    """Make every uvicorn server that is configured from now on in this process use the timeouts."""
    from uvicorn.config import HTTP_PROTOCOLS

    Protocol.header_seconds, Protocol.read_seconds = settings.header_seconds, settings.read_seconds
    HTTP_PROTOCOLS["auto"] = f"{__name__}:{Protocol.__name__}"
