"""Requests as JSON in the strict sense: whatever two readers could understand differently is refused."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError

from serving.problems import Kind, ProblemError

Body = TypeVar("Body", bound=BaseModel)
LARGEST = 1e300
FAULTS_SHOWN = 20


def read_body(body: bytes, kind: type[Body]) -> Body:
    """Return a request's body as what it should be.

    Raises `ProblemError` for what is no JSON in UTF-8, for a name that stands twice in an object, NaN,
    infinities and numbers beyond `LARGEST`, deep nesting, and members that are missing, unknown or of
    another type.
    """
    _require_plain(body)
    try:
        return kind.model_validate_json(body, strict=True)
    except ValidationError as error:
        raise malformed(error.errors()) from error


def malformed(found: Sequence[Mapping[str, Any]]) -> ProblemError:
    """Return the problem that names what pydantic found wrong, without repeating what was sent."""
    faults = [{"at": "/".join(map(str, fault["loc"])), "expected": fault["msg"]} for fault in found]
    return ProblemError(
        Kind.MALFORMED,
        f"{len(faults)} members are not as they should be.",
        expected="what the OpenAPI document describes.",
        errors=faults[:FAULTS_SHOWN],
    )


def _require_plain(body: bytes) -> None:
    try:
        json.loads(
            body.decode(),
            object_pairs_hook=_once_each,
            parse_constant=_no_number,
            parse_float=_within_reach,
            parse_int=_within_reach,
        )
    except RecursionError as error:
        raise _refused("It is nested too deeply.") from error
    except ValueError as error:
        raise _refused(f"It is no JSON in UTF-8: {error}.") from error


def _once_each(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _refused("A name stands twice in one object.")
        found[name] = value
    return found


def _no_number(text: str) -> NoReturn:
    raise _refused(f"{text} is no number.")


def _within_reach(text: str) -> float:
    value = float(text)
    if not abs(value) <= LARGEST:
        raise _refused("A number is too large.")
    return value


def _refused(detail: str) -> ProblemError:
    return ProblemError(Kind.MALFORMED, detail, expected="one JSON value (RFC 8259, I-JSON).")
