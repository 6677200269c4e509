"""The service behind a real socket: uvicorn in a thread, with the timeouts of a connection."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from serving.access.timeouts import Protocol


@contextmanager
def listening(app: ASGIApp, *, header_seconds: float = 10.0, read_seconds: float = 60.0) -> Iterator[int]:
    """Serve an app on a free port of this machine; yields the port."""
    patience = {"header_seconds": header_seconds, "read_seconds": read_seconds}
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=0,
        http=type("Protocol", (Protocol,), patience),
        ws="none",
        lifespan="off",
        log_level="critical",
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
