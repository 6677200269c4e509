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
    not answered before.
    """
    start, *bodies = response
    headers = [(name.lower(), value) for name, value in start.get("headers", ())]
    names = {name for name, _ in headers}
    own = [(b"x-request-id", request_id.encode()), *HEADERS]
    if log_head is not None:
        own.append((b"x-log-head", log_head.encode()))
    yield {**start, "headers": headers + [each for each in own if each[0] not in names]}
    for message in bodies:
        yield {**message, "more_body": True}
    yield {"type": "http.response.body", "body": b""}
