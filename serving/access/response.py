"""Responses: the headers that every one gets, and problems as documents."""

from dataclasses import dataclass

from starlette.types import Message, Send

from serving.problems import MEDIA_TYPE, ProblemError

HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; base-uri 'none'; frame-ancestors 'none'"),
)


@dataclass
class ResponseSender:
    """Sends a response, with the headers that keep browsers from guessing, leaking and running.

    A page brings a policy of its own, for its style sheet.
    """

    send: Send
    request_id: str
    started: bool = False

    async def __call__(self, message: Message) -> None:
        """Send a message of the app behind."""
        if message["type"] == "http.response.start":
            self.started = True
            headers = [(name.lower(), value) for name, value in message.get("headers", ())]
            names = {name for name, _ in headers}
            own = ((b"x-request-id", self.request_id.encode()), *HEADERS)
            message = {**message, "headers": headers + [each for each in own if each[0] not in names]}
        await self.send(message)

    async def problem(self, problem: ProblemError) -> None:
        """Send a problem document, unless a response was started already."""
        if self.started:
            return
        body = problem.body()
        headers = {"content-type": MEDIA_TYPE, "content-length": str(len(body)), **problem.headers}
        pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
        await self({"type": "http.response.start", "status": problem.kind.status, "headers": pairs})
        await self.send({"type": "http.response.body", "body": body})
