"""OpenAPI 3.1 document of the service: requests, responses and problems as they are, with examples."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from serving.access.headers import REQUEST_ID
from serving.api.field_examples import add_examples
from serving.api.field_units import add_units
from serving.api.field_words import describe
from serving.api.response_schemas import Problem
from serving.api.serialise import JsonObject
from serving.problems import MEDIA_TYPE, ProblemKind

REFERENCES = "#/components/schemas/{model}"
ANY_REQUEST_PROBLEMS = (
    ProblemKind.MALFORMED,
    ProblemKind.NO_TOKEN,
    ProblemKind.FORBIDDEN,
    ProblemKind.CONFLICT,
    ProblemKind.BUSY,
    ProblemKind.FAILED,
    ProblemKind.UNAVAILABLE,
)
"""The problems that any request may be answered with; its id may be that of an earlier one."""
BODY_PROBLEMS = (ProblemKind.TOO_SLOW, ProblemKind.TOO_LARGE, ProblemKind.NOT_JSON)


def problem_responses(*kinds: ProblemKind) -> dict[int | str, JsonObject]:
    """Return the documentation of problems, by status."""
    titles: dict[int, list[str]] = {}
    for kind in kinds:
        titles.setdefault(kind.status, []).append(kind.title)
    content = {MEDIA_TYPE: {"schema": {"$ref": REFERENCES.format(model=Problem.__name__)}}}
    return {
        status: {"description": f"{'; '.join(of_status)}.", "content": content}
        for status, of_status in titles.items()
    }


def body_documentation(model: type[BaseModel], **examples: JsonObject) -> JsonObject:
    """Return the documentation of a JSON body; `serving.api.strict_json` reads the body, FastAPI does not."""
    named_examples = {name.replace("_", " "): {"value": value} for name, value in examples.items()}
    schema = {"$ref": REFERENCES.format(model=model.__name__)}
    content = {"application/json": {"schema": schema, "examples": named_examples}}
    return {"requestBody": {"required": True, "content": content}}


def openapi_document(
    app: FastAPI, *, bodies: tuple[type[BaseModel], ...], tags: Mapping[str, str], currency: str
) -> JsonObject:
    """Return the OpenAPI document of an app, whose bodies are of the given types.

    `tags` says what stands in each group of operations; money is in units of `currency`, where that is known.
    """
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
        openapi_version="3.1.0",
        servers=[{"url": "/", "description": "The service that this document comes from."}],
        tags=[{"name": name, "description": words} for name, words in tags.items()],
    )
    _, described = models_json_schema(
        [*((body, "validation") for body in bodies), (Problem, "serialization")], ref_template=REFERENCES
    )
    parts = document.setdefault("components", {})
    parts.setdefault("schemas", {}).update(described["$defs"])
    for unused in ("HTTPValidationError", "ValidationError"):
        parts["schemas"].pop(unused, None)
    parts["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer"},
        "browser": {"type": "http", "scheme": "basic", "description": "The password is the token."},
    }
    document["security"] = [{"token": []}, {"browser": []}]
    for path in document["paths"].values():
        for operation in path.values():
            _complete(operation)
    describe(document)
    add_units(document, currency=currency)
    add_examples(document)
    return document


def _complete(operation: JsonObject) -> None:
    """Document in an operation what the guard adds: a request id, and never a 422 of FastAPI's own."""
    operation.setdefault("parameters", []).append(REQUEST_ID_HEADER)
    content = operation["responses"].get("422", {}).get("content", {})
    if MEDIA_TYPE not in content:
        operation["responses"].pop("422", None)
    for response in operation["responses"].values():
        response.setdefault("headers", {})["X-Request-Id"] = {
            "description": "The id of the request, as sent or made.",
            "schema": {"type": "string"},
        }


REQUEST_ID_HEADER: Mapping[str, Any] = {
    "name": "X-Request-Id",
    "in": "header",
    "required": False,
    "description": "The caller's own id of the request: sent again with the same id, it is logged once.",
    "schema": {"type": "string", "pattern": f"^{REQUEST_ID.pattern}$"},
}
