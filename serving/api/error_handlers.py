"""What is answered where a route raises: a problem document, and nothing of the inside."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from features.errors import AuditYieldError
from serving.access.guard import keep_refusal
from serving.api.context import caller, desk
from serving.api.strict_json import malformed
from serving.log.writer import RequestIdTakenError
from serving.problems import MEDIA_TYPE, Kind, ProblemError

logger = logging.getLogger(__name__)


async def _problem(request: Request, error: ProblemError) -> Response:
    if error.kind in (Kind.FORBIDDEN, Kind.CONFLICT):  # the second says what the ledger holds
        await keep_refusal(desk(request).log, request.scope, caller=caller(request), problem=error)
    return Response(error.body(), error.kind.status, headers=error.headers, media_type=MEDIA_TYPE)


async def _malformed(request: Request, error: RequestValidationError) -> Response:
    return await _problem(request, malformed(error.errors()))


async def _taken(request: Request, error: RequestIdTakenError) -> Response:
    return await _problem(
        request, ProblemError(Kind.CONFLICT, error.found, expected=error.expected, advice=error.advice)
    )


async def _cannot(request: Request, error: AuditYieldError) -> Response:
    """Say that data or disk fail, and the details, which may name paths, to the log of the process alone."""
    logger.error("A request could not be answered: %s", error)
    return await _problem(request, ProblemError(Kind.UNAVAILABLE, "The data or the disk cannot be used now."))


async def _not_here(request: Request, error: HTTPException) -> Response:
    kind = {404: Kind.NOT_FOUND, 405: Kind.NO_SUCH_METHOD}.get(error.status_code, Kind.FAILED)
    return await _problem(request, ProblemError(kind, "The service has no such path or method."))


HANDLERS: dict[type[Exception], Callable[[Request, Any], Awaitable[Response]]] = {
    ProblemError: _problem,
    RequestValidationError: _malformed,
    RequestIdTakenError: _taken,
    AuditYieldError: _cannot,
    HTTPException: _not_here,
}
"""What answers each kind of error; any other is answered by the guard."""
