"""What stands between network and service: an ASGI layer that lets in whole, permitted requests only."""

import asyncio
import base64
import binascii
import contextlib
import logging
import re
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit
from uuid import uuid4

from serving.doors import DOORS, PROBES, Door
from serving.entry import Asked, Entry
from serving.problems import MEDIA_TYPE, Kind, ProblemError
from serving.settings import Settings
from serving.tokens import LOCAL, Caller, Tokens

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
logger = logging.getLogger(__name__)

ADMITTED = "audit_yield.admitted"
"""The key of the scope under which the app finds who was let in."""
REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
BODIES_AT_ONCE = 16
"""Times `concurrency`: bodies that may be on their way; they hold no place among answers in the making."""
HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; base-uri 'none'; frame-ancestors 'none'"),
)


class Log(Protocol):
    """Where every answer is kept."""

    async def append(self, entry: Entry) -> tuple[str, ...]:
        """Keep an answer and return its prediction ids."""


@dataclass(frozen=True)
class Admitted:
    """A request that was let in: who calls, and under which id the answer is logged."""

    caller: Caller
    request_id: str


@dataclass
class Guard:
    """Lets probes pass; of all else what has a known host, a token, its role and a body in JSON.

    The app behind it sees a request when all of it is there: a slow sender holds no place among the answers
    in the making. Whatever the app raises becomes a problem document that says nothing of the inside.
    """

    app: App
    settings: Settings
    tokens: Tokens
    log: Log
    doors: tuple[Door, ...] = DOORS
    _arriving: int = field(default=0, init=False)
    _answering: int = field(default=0, init=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection, as ASGI has it."""
        if scope["type"] == "lifespan" or scope.get("path") in PROBES:
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, _Answer(send, request_id=uuid4().hex))
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _http(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        try:
            headers = _headers(scope)
            self._require_known_host(headers)
            caller = self._caller(scope, headers)
            answer.request_id = _request_id(headers) or answer.request_id
            try:
                self._require_door(scope, caller)
            except ProblemError as problem:
                await keep_refusal(self.log, scope, caller=caller, problem=problem)
                raise
            scope[ADMITTED] = Admitted(caller, answer.request_id)
            body = await self._whole_body(scope, receive, headers)
            await self._answered(scope, _replayed(body, receive), answer)
        except ProblemError as problem:
            await answer.problem(problem)
        except Exception:
            logger.exception("A request could not be answered (request id %s).", answer.request_id)
            await answer.problem(failed(answer.request_id))

    def _require_known_host(self, headers: dict[str, str]) -> None:
        """A page elsewhere can make a browser call this machine; then the host or the origin is foreign."""
        origin = headers.get("origin")
        named = [headers.get("host", "")] + ([] if origin is None else [urlsplit(origin).netloc])
        for host in named:
            if _without_port(host) not in self.settings.hosts:
                raise ProblemError(
                    Kind.FOREIGN,
                    "The host or the origin of the request is not one of this service.",
                    advice="Whoever runs the service lists its names in AUDIT_YIELD_HOSTS.",
                )

    def _caller(self, scope: Scope, headers: dict[str, str]) -> Caller:
        if not self.tokens.are_required():
            if _is_local(scope):
                return LOCAL
            raise _no_token("There are no tokens yet: only the machine itself is answered.")
        caller = self.tokens.caller(_secret(headers.get("authorization", "")))
        if caller is None:
            raise _no_token("The request has no token, or one that opens nothing.")
        return caller

    def _require_door(self, scope: Scope, caller: Caller) -> None:
        doors = [door for door in self.doors if door.leads(scope["path"])]
        if not doors:
            raise ProblemError(Kind.NOT_FOUND, "The service has no such path.")
        there = [door for door in doors if door.method == scope["method"]]
        if not there:
            allowed = ", ".join(sorted(door.method for door in doors))
            raise ProblemError(Kind.NO_SUCH_METHOD, f"The path takes {allowed}.", headers={"allow": allowed})
        if not caller.roles & there[0].roles:
            roles = ", ".join(sorted(there[0].roles))
            raise ProblemError(Kind.FORBIDDEN, "The token has another role.", expected=f"one of: {roles}.")

    async def _whole_body(self, scope: Scope, receive: Receive, headers: dict[str, str]) -> bytes:
        if scope["method"] != "POST":
            return b""
        _require_json(headers)
        if int(headers.get("content-length", "0")) > self.settings.body_limit:
            raise self._too_large()
        with self._place("_arriving", BODIES_AT_ONCE * self.settings.concurrency):
            try:
                async with asyncio.timeout(self.settings.body_seconds):
                    return await self._read(receive)
            except TimeoutError as error:
                raise ProblemError(
                    Kind.TOO_SLOW,
                    f"The body did not come within {self.settings.body_seconds:g} seconds.",
                    headers={"connection": "close"},
                ) from error

    async def _read(self, receive: Receive) -> bytes:
        parts: list[bytes] = []
        size, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ProblemError(Kind.MALFORMED, "The body broke off.")
            parts.append(message.get("body", b""))
            size, more = size + len(parts[-1]), message.get("more_body", False)
            if size > self.settings.body_limit:
                raise self._too_large()
        return b"".join(parts)

    async def _answered(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        with self._place("_answering", self.settings.concurrency):
            try:
                async with asyncio.timeout(self.settings.answer_seconds):
                    await self.app(scope, receive, answer)
            except TimeoutError as error:
                raise ProblemError(
                    Kind.UNAVAILABLE,
                    f"There was no answer within {self.settings.answer_seconds:g} seconds.",
                    headers={"retry-after": "10"},
                ) from error

    @contextlib.contextmanager
    def _place(self, name: str, most: int) -> Iterator[None]:
        taken = getattr(self, name)
        if taken >= most:
            raise busy()
        setattr(self, name, taken + 1)
        try:
            yield
        finally:
            setattr(self, name, getattr(self, name) - 1)

    def _too_large(self) -> ProblemError:
        return ProblemError(
            Kind.TOO_LARGE,
            "The body is too large.",
            expected=f"at most {self.settings.body_limit:,} bytes.",
            headers={"connection": "close"},
        )


@dataclass
class _Answer:
    """The way back: every answer gets the headers that keep browsers from guessing, leaking and running.

    A page brings a policy of its own, for its style sheet.
    """

    send: Send
    request_id: str
    started: bool = False

    async def __call__(self, message: Message) -> None:
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


async def keep_refusal(log: Log, scope: Scope, *, caller: Caller, problem: ProblemError) -> None:
    """Log an attempt; under an id of its own, for the same request may be permitted later."""
    asked = Asked(
        endpoint=f"{scope['method']} {scope['path']}"[:200],
        request_id=f"refused-{uuid4().hex}",
        actor=caller.name,
        role=caller.role,
        detail=f"refused: {problem.kind.status}",
    )
    await log.append(Entry(asked))


def failed(request_id: str) -> ProblemError:
    """Return the problem of an error that nobody foresaw."""
    return ProblemError(
        Kind.FAILED,
        "An error was logged.",
        advice="Tell whoever runs the service the request id.",
        request_id=request_id,
    )


def busy() -> ProblemError:
    """Return the problem of a service that bears no more."""
    return ProblemError(
        Kind.BUSY,
        "Too many requests are in the making.",
        headers={"retry-after": "1"},
        advice="Ask again soon.",
    )


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _without_port(host: str) -> str:
    return re.sub(r":\d*$", "", host).lower()


def _is_local(scope: Scope) -> bool:
    client = scope.get("client")
    return client is not None and client[0] in ("127.0.0.1", "::1")


def _secret(authorization: str) -> str:
    """Return the token: sent as Bearer by programs, as the password of Basic by browsers."""
    scheme, _, sent = authorization.strip().partition(" ")
    if scheme.lower() == "bearer":
        return sent.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(sent, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""


def _no_token(detail: str) -> ProblemError:
    return ProblemError(
        Kind.NO_TOKEN,
        detail,
        expected="Authorization: Bearer TOKEN; in a browser the token is the password.",
        advice="`audit-yield token new` makes one.",
        headers={"www-authenticate": 'Bearer, Basic realm="audit-yield", charset="UTF-8"'},
    )


def _request_id(headers: dict[str, str]) -> str | None:
    given = headers.get("x-request-id")
    if given is not None and not REQUEST_ID.fullmatch(given):
        raise ProblemError(
            Kind.MALFORMED, "X-Request-Id cannot be used.", expected="1 to 64 of A-Z, a-z, 0-9 and . _ : -"
        )
    return given


def _require_json(headers: dict[str, str]) -> None:
    kind, _, options = headers.get("content-type", "").partition(";")
    plain = options.strip().lower().replace('"', "") in ("", "charset=utf-8")
    if kind.strip().lower() != "application/json" or not plain or "content-encoding" in headers:
        raise ProblemError(
            Kind.NOT_JSON,
            "The body is no plain JSON.",
            expected="Content-Type: application/json, in UTF-8, not compressed.",
        )


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Return a channel that hands over the whole body once, then what the connection says."""
    waiting = [body]

    async def next_message() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return next_message
