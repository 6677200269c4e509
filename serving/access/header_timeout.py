"""Timeout of request headers; without it 2,000 stalled connections stay open for ever."""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol


class Protocol(H11Protocol):
    """uvicorn's HTTP/1.1 that closes a connection whose request line and headers do not come in time."""

    header_seconds = 10.0
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Start the deadline of the first request."""
        super().connection_made(transport)
        self._expect_headers()

    def data_received(self, data: bytes) -> None:
        """Cancel the deadline when the headers are there; set it again for those of a next request."""
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._cancel()
        else:
            self._expect_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave no timer behind."""
        self._cancel()
        super().connection_lost(exc)

    def _expect_headers(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.header_seconds, self.transport.close)

    def _cancel(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def install(seconds: float) -> None:
    """Make every uvicorn server that is configured from now on in this process use the deadline."""
    from uvicorn.config import HTTP_PROTOCOLS

    Protocol.header_seconds = seconds
    HTTP_PROTOCOLS["auto"] = f"{__name__}:{Protocol.__name__}"
