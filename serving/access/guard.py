"""What stands between network and service: an ASGI layer that lets in whole, permitted requests only."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol
from uuid import uuid4

from serving.access.headers import (
    Headers,
    Scope,
    headers_of,
    is_local,
    request_id_of,
    require_json,
    secret_of,
    without_port,
)
from serving.access.permissions import DOORS, Door
from serving.access.response import Answer, Message, Send
from serving.access.tokens import LOCAL, Caller, Tokens
from serving.log.entry import Asked, Entry
from serving.problems import Kind, ProblemError, busy, failed
from serving.settings import Settings

Receive = Callable[[], Awaitable[Message]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
logger = logging.getLogger(__name__)

ADMITTED = "audit_yield.admitted"
"""The key of the scope under which the app finds who was let in."""
BODIES_AT_ONCE = 16
"""Times `concurrency`: bodies that may be on their way; they hold no place among answers in the making."""


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
    """Lets in what has a known host, a token, its role and a body in JSON; the host before it answers probes.

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
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, Answer(send, request_id=uuid4().hex))
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _http(self, scope: Scope, receive: Receive, answer: Answer) -> None:
        try:
            headers = headers_of(scope)
            self._require_known_host(headers)
            caller = self._caller(scope, headers)
            answer.request_id = request_id_of(headers) or answer.request_id
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

    def _require_known_host(self, headers: Headers) -> None:
        """A page elsewhere can make a browser call this machine; then the host or the origin is foreign."""
        origin = headers.get("origin")
        named = [headers.get("host", "")] + ([] if origin is None else [origin.partition("://")[2]])
        for host in named:
            if without_port(host) not in self.settings.hosts:
                raise ProblemError(
                    Kind.FOREIGN,
                    "The host or the origin of the request is not one of this service.",
                    advice="Whoever runs the service lists its names in AUDIT_YIELD_HOSTS.",
                )

    def _caller(self, scope: Scope, headers: Headers) -> Caller:
        if not self.tokens.are_required():
            if is_local(scope):
                return LOCAL
            raise _no_token("There are no tokens yet: only the machine itself is answered.")
        caller = self.tokens.caller(secret_of(headers.get("authorization", "")))
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

    async def _whole_body(self, scope: Scope, receive: Receive, headers: Headers) -> bytes:
        if scope["method"] != "POST":
            return b""
        require_json(headers)
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

    async def _answered(self, scope: Scope, receive: Receive, answer: Answer) -> None:
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


def _no_token(detail: str) -> ProblemError:
    return ProblemError(
        Kind.NO_TOKEN,
        detail,
        expected="Authorization: Bearer TOKEN; in a browser the token is the password.",
        advice="`audit-yield token new` makes one.",
        headers={"www-authenticate": 'Bearer, Basic realm="audit-yield", charset="UTF-8"'},
    )


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Return a channel that hands over the whole body once, then what the connection says."""
    waiting = [body]

    async def next_message() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return next_message
