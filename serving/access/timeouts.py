"""HTTP/1.1 of a connection, with a limit on all that a caller can leave unfinished.

Parsed by httptools, in C: uvicorn's other parser, h11, took a quarter of the event loop. What h11 limits and
httptools does not is limited here.
"""

import asyncio
import socket
import struct
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from serving.settings import Settings

NO_LINGER = struct.pack("ii", 1, 0)
"""Of a socket: what the kernel has not sent when it is closed is dropped, and the other end is told so."""
UNFINISHED = 64 * 1024
"""Bytes that may come without a request or a piece of a body being whole, beyond those of one read."""
PIPELINED = 16
"""Requests of a connection that may wait for the answer to one before them."""


class Protocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 that ends a connection that does not send its headers or read its answer in time.

    Without the first, 2,000 stalled connections stay open for ever; without the second, so does an answer
    that nobody reads, in memory, also after uvicorn has closed the connection. Headers that never end are
    refused, and so are long pipelines: a read of 256 kB holds 4,000 requests, which would take 20 MB.
    """

    header_seconds = Settings.header_seconds
    read_seconds = Settings.read_seconds
    _header_deadline: asyncio.TimerHandle | None = None
    _read_deadline: asyncio.TimerHandle | None = None
    _unfinished = 0
    _in_headers = False

    def connection_made(self, transport: Any) -> None:
        """Start the deadline of the first request; an answer is unread until the kernel has all of it."""
        super().connection_made(transport)
        self.access_log = False  # paths name traders
        transport.set_write_buffer_limits(high=0)
        self._expect_headers()

    def data_received(self, data: bytes) -> None:
        """Cancel the deadline when the headers are there; set it again for those of a next request."""
        self._unfinished += len(data)
        super().data_received(data)
        if self._unfinished > UNFINISHED and not self.transport.is_closing():
            self.send_400_response("What was sent is no end of a request.")
        if self.cycle is not None and not self.cycle.response_complete:
            self._headers_came()
        else:
            self._expect_headers()

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self._unfinished, self._in_headers = 0, True

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; one behind the body would pass for one before it."""
        if self._in_headers:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Take the headers; refuse to hold more requests than anybody sends."""
        self._in_headers = False
        if len(self.pipeline) == PIPELINED:
            self.transport.close()
            raise ValueError("too many requests at once")  # ends the parser, and nobody sees it
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body."""
        self._unfinished = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request."""
        self._unfinished = 0
        super().on_message_complete()

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
