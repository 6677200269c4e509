"""Exception handlers: a problem document where a route raises, and nothing of the inside."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from features.errors import AuditYieldError
from serving.access.guard import log_refusal
from serving.api.context import caller_of, context_of
from serving.api.strict_json import malformed
from serving.log.writer import RequestIdTakenError
from serving.problems import MEDIA_TYPE, ProblemError, ProblemKind

logger = logging.getLogger(__name__)


async def _problem(request: Request, error: ProblemError) -> Response:
    if error.kind in (ProblemKind.FORBIDDEN, ProblemKind.CONFLICT):  # the second says what the ledger holds
        await log_refusal(context_of(request).log, request.scope, caller=caller_of(request), problem=error)
    return Response(error.body(), error.kind.status, headers=error.headers, media_type=MEDIA_TYPE)


async def _malformed(request: Request, error: RequestValidationError) -> Response:
    return await _problem(request, malformed(error.errors()))


async def _request_id_taken(request: Request, error: RequestIdTakenError) -> Response:
    return await _problem(
        request, ProblemError(ProblemKind.CONFLICT, error.found, expected=error.expected, advice=error.advice)
    )


async def _unavailable(request: Request, error: AuditYieldError) -> Response:
    """Answer that data or disk fail; details, which may name paths, go to the log of the process alone."""
    logger.error("A request could not be answered: %s", error)
    return await _problem(
        request, ProblemError(ProblemKind.UNAVAILABLE, "The data or the disk cannot be used now.")
    )


async def _no_such_path(request: Request, error: HTTPException) -> Response:
    kind = {404: ProblemKind.NOT_FOUND, 405: ProblemKind.NO_SUCH_METHOD}.get(
        error.status_code, ProblemKind.FAILED
    )
    return await _problem(request, ProblemError(kind, "The service has no such path or method."))


HANDLERS: dict[type[Exception], Callable[[Request, Any], Awaitable[Response]]] = {
    ProblemError: _problem,
    RequestValidationError: _malformed,
    RequestIdTakenError: _request_id_taken,
    AuditYieldError: _unavailable,
    HTTPException: _no_such_path,
}
"""The handler of each type of error; any other is answered by the guard."""
