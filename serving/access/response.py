"""The way back of an answer: headers that every one gets, and problems as documents."""

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from serving.problems import MEDIA_TYPE, ProblemError

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; base-uri 'none'; frame-ancestors 'none'"),
)


@dataclass
class Answer:
    """Sends an answer; every one gets the headers that keep browsers from guessing, leaking and running.

    A page brings a policy of its own, for its style sheet.
    """

    send: Send
    request_id: str
    started: bool = False

    async def __call__(self, message: Message) -> None:
        """Send a message of the app behind."""
        if message["type"] == "http.response.start":
            self.started = True
            given = [(name.lower(), value) for name, value in message.get("headers", ())]
            names = {name for name, _ in given}
            own = ((b"x-request-id", self.request_id.encode()), *HEADERS)
            message = {**message, "headers": given + [each for each in own if each[0] not in names]}
        await self.send(message)

    async def problem(self, problem: ProblemError) -> None:
        """Answer with a problem document, unless something was answered already."""
        if self.started:
            return
        body = problem.body()
        headers = {"content-type": MEDIA_TYPE, "content-length": str(len(body)), **problem.headers}
        pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
        await self({"type": "http.response.start", "status": problem.kind.status, "headers": pairs})
        await self.send({"type": "http.response.body", "body": body})
