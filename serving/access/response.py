"""Responses: the headers that every one gets, problems as documents, and an end that waits for the reader."""

from collections.abc import Iterator, Sequence

from starlette.types import Message

from serving.problems import MEDIA_TYPE, ProblemError

HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; base-uri 'none'; frame-ancestors 'none'"),
)


FILE = "http.response.zerocopysend"
"""ASGI's message that a body is an open file, from its first byte on."""
BLOCK = 256 * 1024
"""Bytes of a file that are read at once."""


def size_of(message: Message) -> int:
    """Return the bytes of body that a message holds, in memory or in a file."""
    return message["count"] if message["type"] == FILE else len(message.get("body", b""))


def _blocks(message: Message) -> Iterator[bytes]:
    if message["type"] != FILE:
        yield message.get("body", b"")
        return
    with message["file"] as file:
        while block := file.read(BLOCK):
            yield block


def problem_messages(problem: ProblemError) -> Sequence[Message]:
    """Return the response that is a problem document."""
    body = problem.body()
    headers = {"content-type": MEDIA_TYPE, "content-length": str(len(body)), **problem.headers}
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    return (
        {"type": "http.response.start", "status": problem.kind.status, "headers": pairs},
        {"type": "http.response.body", "body": body},
    )


def complete(
    response: Sequence[Message], *, request_id: str, log_head: str | None = None
) -> Iterator[Message]:
    """Yield a response with the headers that keep browsers from guessing, leaking and running.

    A page brings a policy of its own, for its style sheet. `log_head` is the newest line of the log's
    anchors, for known callers: it makes them witnesses. The last message is empty: whoever sends the messages
    then waits until the connection has taken the whole body, and a next request of the same connection is
    not answered before. A file is sent in blocks, and closed.
    """
    start, *bodies = response
    headers = [(name.lower(), value) for name, value in start.get("headers", ())]
    names = {name for name, _ in headers}
    own = [(b"x-request-id", request_id.encode()), *HEADERS]
    if log_head is not None:
        own.append((b"x-log-head", log_head.encode()))
    yield {**start, "headers": headers + [each for each in own if each[0] not in names]}
    for message in bodies:
        for block in _blocks(message):
            yield {"type": "http.response.body", "body": block, "more_body": True}
    yield {"type": "http.response.body", "body": b""}
