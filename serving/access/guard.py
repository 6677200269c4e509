"""Guard: ASGI middleware that lets in whole, permitted requests only."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol
from uuid import uuid4

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.access.failed_logins import FailedLogins
from serving.access.headers import (
    Headers,
    address_of,
    form_id,
    headers_of,
    is_form,
    is_local,
    request_id_of,
    require_json,
    require_same_origin,
    secret_of,
    without_port,
)
from serving.access.permissions import ENDPOINTS, Endpoint
from serving.access.response import complete, problem_messages, size_of
from serving.access.shares import Resource, Shares
from serving.access.tokens import LOCAL, NOBODY, Caller, Tokens
from serving.log.anchor import Anchor
from serving.log.entry import Access, LogEntry
from serving.problems import ProblemError, ProblemKind, failed
from serving.settings import Settings

logger = logging.getLogger(__name__)

ADMISSION = "audit_yield.admitted"
"""The key of the scope under which the app reads the admission of a request."""


class Log(Protocol):
    """The log of every answer."""

    @property
    def head(self) -> Anchor:
        """The head of its chain."""

    async def append(self, entry: LogEntry) -> tuple[str, ...]:
        """Log an answer and return its prediction ids."""


@dataclass(frozen=True)
class Admission:
    """A request that was let in: who calls, and under which id the answer is logged.

    The id is the caller's own, that of a form follows from what it says, any other is made up.
    """

    caller: Caller
    request_id: str


@dataclass
class Guard:
    """Middleware that lets in what has a known host, a token, its role and a body in JSON or a form of ours.

    The app behind it sees a request when all of it is there, and an answer is sent when all of it is made:
    neither a slow sender nor a slow reader takes a place of the answers in the making. Whatever the app
    raises becomes a problem document that says nothing of the inside.
    """

    app: ASGIApp
    settings: Settings
    tokens: Tokens
    log: Log
    endpoints: tuple[Endpoint, ...] = ENDPOINTS
    shares: Shares = field(init=False)
    hosts: frozenset[str] = field(init=False)
    failed_logins: FailedLogins = field(default_factory=FailedLogins)

    def __post_init__(self) -> None:
        """Begin with nothing held by anybody."""
        self.shares = Shares(self.settings)
        self.hosts = frozenset(map(str.lower, self.settings.hosts))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection, as ASGI has it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "HEAD":  # answered as GET, and logged so, without its content
            scope, send = {**scope, "method": "GET"}, _without_body(send)
        request_id, caller = uuid4().hex, NOBODY
        try:
            headers = headers_of(scope)
            self._require_known_host(headers)
            caller = self._caller(scope, headers)
            request_id = request_id_of(headers) or request_id
            try:
                endpoint = self._require_permission(scope, caller)
            except ProblemError as problem:
                self.shares.require(Resource.ANSWER, caller)
                with self.shares.hold(Resource.ANSWER, caller):
                    await log_refusal(self.log, scope, caller=caller, problem=problem)
                raise
            scope[ADMISSION] = Admission(caller, request_id)
            answer = await self._answer(
                scope, receive, headers=headers, caller=caller, takes_form=endpoint.takes_form
            )
            request_id = scope[ADMISSION].request_id
        except ProblemError as problem:
            answer = problem_messages(problem)
        except Exception:
            logger.exception("A request could not be answered (request id %s).", request_id)
            answer = problem_messages(failed(request_id))
        size = sum(map(size_of, answer))
        with self.shares.hold(Resource.BYTE, caller, size):
            head = None if caller is NOBODY else self.log.head.line
            for message in complete(answer, request_id=request_id, log_head=head):
                await send(message)

    def _require_known_host(self, headers: Headers) -> None:
        """Refuse a foreign host or origin: a page elsewhere can make a browser call this machine."""
        origin = headers.get("origin")
        hosts = [headers.get("host", "")] + ([] if origin is None else [origin.partition("://")[2]])
        for host in hosts:
            if without_port(host) not in self.hosts:
                raise ProblemError(
                    ProblemKind.FOREIGN,
                    "The host or the origin of the request is not one of this service.",
                    advice="Whoever runs the service lists its names in AUDIT_YIELD_HOSTS.",
                )

    def _caller(self, scope: Scope, headers: Headers) -> Caller:
        if not self.tokens.are_required():
            if is_local(scope, headers):
                return LOCAL
            raise _no_token(
                "No tokens are asked for: only the machine itself is answered, and no proxy on it."
            )
        credentials = headers.get("authorization", "")
        caller = self.tokens.caller(secret_of(credentials))
        if caller is None:
            if credentials:  # a browser asks without any first
                self.failed_logins.note(address_of(scope))
            raise _no_token("The request has no token, or one that opens nothing.")
        return caller

    def _require_permission(self, scope: Scope, caller: Caller) -> Endpoint:
        """Return the endpoint that is called; raises `ProblemError` where there is none for the caller."""
        method, path = scope["method"], scope["path"]
        requested = next(
            (each for each in self.endpoints if each.method == method and each.matches(path)), None
        )
        if requested is None:
            others = [each for each in self.endpoints if each.matches(path)]
            if not others:
                raise ProblemError(ProblemKind.NOT_FOUND, "The service has no such path.")
            allowed = ", ".join(sorted(endpoint.method for endpoint in others))
            raise ProblemError(
                ProblemKind.NO_SUCH_METHOD, f"The path takes {allowed}.", headers={"allow": allowed}
            )
        if not caller.roles & requested.roles:
            roles = ", ".join(sorted(requested.roles))
            raise ProblemError(
                ProblemKind.FORBIDDEN, "The token has another role.", expected=f"one of: {roles}."
            )
        return requested

    async def _answer(
        self, scope: Scope, receive: Receive, *, headers: Headers, caller: Caller, takes_form: bool
    ) -> Sequence[Message]:
        """Return the answer of the app behind, made before any of it is sent."""
        self.shares.require(Resource.BYTE, caller)
        with self.shares.hold(Resource.BYTE, caller, self._body_size(scope, headers, takes_form)):
            body = await self._whole_body(scope, receive, caller)
            if takes_form and is_form(headers) and request_id_of(headers) is None:
                scope[ADMISSION] = replace(scope[ADMISSION], request_id=form_id(scope["path"], body))
            self.shares.require(Resource.ANSWER, caller)
            with self.shares.hold(Resource.ANSWER, caller):
                return await self._made(scope, _replay_body(body, receive))

    def _body_size(self, scope: Scope, headers: Headers, takes_form: bool) -> int:  # noqa: FBT001  the endpoint's
        """Return the bytes that a body may have: what it says of itself, else the limit."""
        if scope["method"] != "POST":
            return 0
        if takes_form and is_form(headers):
            require_same_origin(headers)
        else:
            require_json(headers)
        size = int(headers.get("content-length", self.settings.body_limit))
        if size > self.settings.body_limit:
            raise self._too_large()
        return size

    async def _whole_body(self, scope: Scope, receive: Receive, caller: Caller) -> bytes:
        if scope["method"] != "POST":
            return b""
        self.shares.require(Resource.BODY, caller)
        with self.shares.hold(Resource.BODY, caller):
            try:
                async with asyncio.timeout(self.settings.body_seconds):
                    return await self._read_body(receive)
            except TimeoutError as error:
                raise ProblemError(
                    ProblemKind.TOO_SLOW,
                    f"The body did not come within {self.settings.body_seconds:g} seconds.",
                    headers={"connection": "close"},
                ) from error

    async def _read_body(self, receive: Receive) -> bytes:
        parts: list[bytes] = []
        size, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ProblemError(ProblemKind.MALFORMED, "The body broke off.")
            parts.append(message.get("body", b""))
            size, more = size + len(parts[-1]), message.get("more_body", False)
            if size > self.settings.body_limit:
                raise self._too_large()
        return b"".join(parts)

    async def _made(self, scope: Scope, receive: Receive) -> Sequence[Message]:
        answer: list[Message] = []

        async def keep(message: Message) -> None:
            answer.append(message)

        try:
            async with asyncio.timeout(self.settings.answer_seconds):
                await self.app(scope, receive, keep)
        except TimeoutError as error:
            raise ProblemError(
                ProblemKind.UNAVAILABLE,
                f"There was no answer within {self.settings.answer_seconds:g} seconds.",
                headers={"retry-after": "10"},
            ) from error
        return answer

    def _too_large(self) -> ProblemError:
        return ProblemError(
            ProblemKind.TOO_LARGE,
            "The body is too large.",
            expected=f"at most {self.settings.body_limit:,} bytes.",
            headers={"connection": "close"},
        )


async def log_refusal(log: Log, scope: Scope, *, caller: Caller, problem: ProblemError) -> None:
    """Log a refused attempt, under an id of its own: the same request may be permitted later."""
    access = Access(
        endpoint=f"{scope['method']} {scope['path']}"[:200],
        request_id=f"refused-{uuid4().hex}",
        actor=caller.name,
        role=caller.role,
        detail=f"refused: {problem.kind.status}",
    )
    await log.append(LogEntry(access))


def _no_token(detail: str) -> ProblemError:
    return ProblemError(
        ProblemKind.NO_TOKEN,
        detail,
        expected="Authorization: Bearer TOKEN; in a browser the token is the password.",
        advice="`audit-yield token new` makes one.",
        headers={"www-authenticate": 'Bearer, Basic realm="audit-yield", charset="UTF-8"'},
    )


def _without_body(send: Send) -> Send:
    async def bare(message: Message) -> None:
        await send({**message, "body": b""} if "body" in message else message)

    return bare


def _replay_body(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that yields the whole body once, then the messages of the connection."""
    pending = [body]

    async def next_message() -> Message:
        if pending:
            return {"type": "http.request", "body": pending.pop(), "more_body": False}
        return await receive()

    return next_message
