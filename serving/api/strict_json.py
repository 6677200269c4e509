"""Strict JSON of requests, and forms: whatever two parsers could read differently is refused."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn, TypeVar, get_origin
from urllib.parse import parse_qsl

from pydantic import BaseModel, ValidationError

from serving.problems import ProblemError, ProblemKind

Body = TypeVar("Body", bound=BaseModel)
LARGEST = 1e300
FAULTS_SHOWN = 20
MOST_FIELDS = 2_000


def read_body(body: bytes, schema: type[Body]) -> Body:
    """Parse and validate the body of a request.

    Raises `ProblemError` for what is no JSON in UTF-8, for a name that stands twice in an object, NaN,
    infinities and numbers beyond `LARGEST`, deep nesting, and members that are missing, unknown or of
    another type.
    """
    _require_plain(body)
    try:
        return schema.model_validate_json(body, strict=True)
    except ValidationError as error:
        raise malformed(error.errors()) from error


def read_form(body: bytes, schema: type[Body]) -> Body:
    """Parse and validate a form that a page sent; a field that was left empty is not said.

    A field of which the schema takes a list may stand more than once, as the boxes that were ticked.

    Raises `ProblemError` as `read_body`.
    """
    try:
        pairs = parse_qsl(body.decode("ascii"), max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise ProblemError(
            ProblemKind.MALFORMED, "The form cannot be read.", expected="one of our pages."
        ) from error
    try:
        return schema.model_validate(_members(pairs, schema), strict=False)
    except ValidationError as error:
        raise malformed(error.errors()) from error


def malformed(errors: Sequence[Mapping[str, Any]]) -> ProblemError:
    """Return the problem that lists the errors of pydantic, without repeating what was submitted."""
    faults = [{"at": "/".join(map(str, error["loc"])), "expected": error["msg"]} for error in errors]
    return ProblemError(
        ProblemKind.MALFORMED,
        f"{len(faults)} members are not as they should be.",
        expected="what the OpenAPI document describes.",
        errors=faults[:FAULTS_SHOWN],
    )


def _require_plain(body: bytes) -> None:
    try:
        STRICT.decode(body.decode())
    except RecursionError as error:
        raise _refused("It is nested too deeply.") from error
    except ValueError as error:
        raise _refused(f"It is no JSON in UTF-8: {error}.") from error


def _members(pairs: Iterable[tuple[str, str]], schema: type[BaseModel]) -> dict[str, Any]:
    """Return the members of a form: lists of what may stand more than once, all else once."""
    pairs = list(pairs)
    lists = {name for name, field in schema.model_fields.items() if get_origin(field.annotation) is list}
    ticked = {name: [value for key, value in pairs if key == name] for name, _ in pairs if name in lists}
    return ticked | _unique_members(pair for pair in pairs if pair[0] not in lists)


def _unique_members(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, value in pairs:
        if name in members:
            raise _refused("A name stands twice in one object.")
        members[name] = value
    return members


def _refuse_constant(text: str) -> NoReturn:
    raise _refused(f"{text} is no number.")


def _bounded_number(text: str) -> float:
    value = float(text)
    if not abs(value) <= LARGEST:
        raise _refused("A number is too large.")
    return value


def _refused(detail: str) -> ProblemError:
    return ProblemError(ProblemKind.MALFORMED, detail, expected="one JSON value (RFC 8259, I-JSON).")


STRICT = json.JSONDecoder(
    object_pairs_hook=_unique_members,
    parse_constant=_refuse_constant,
    parse_float=_bounded_number,
    parse_int=_bounded_number,
)
