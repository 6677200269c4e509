"""The contract of the service as OpenAPI 3.1: requests, answers and problems as they are, with examples."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from serving.access.headers import REQUEST_ID
from serving.api.response_schemas import Problem
from serving.problems import MEDIA_TYPE, Kind

REFERENCES = "#/components/schemas/{model}"
AT_THE_GATE = (
    Kind.MALFORMED,
    Kind.NO_TOKEN,
    Kind.FORBIDDEN,
    Kind.BUSY,
    Kind.FAILED,
    Kind.UNAVAILABLE,
)
"""What any request may be answered."""
WITH_A_BODY = (Kind.TOO_SLOW, Kind.TOO_LARGE, Kind.NOT_JSON, Kind.CONFLICT)
Plain = dict[str, Any]


def problem_responses(*kinds: Kind) -> dict[int | str, Plain]:
    """Return how problems are documented, by status."""
    found: dict[int | str, Plain] = {}
    for kind in kinds:
        content = {MEDIA_TYPE: {"schema": {"$ref": REFERENCES.format(model=Problem.__name__)}}}
        found[kind.status] = {"description": kind.title, "content": content}
    return found


def body_of(model: type[BaseModel], **examples: Plain) -> Plain:
    """Return how a body of JSON is documented; FastAPI does not read it, `serving.api.strict_json` does."""
    told = {name.replace("_", " "): {"value": value} for name, value in examples.items()}
    schema = {"$ref": REFERENCES.format(model=model.__name__)}
    content = {"application/json": {"schema": schema, "examples": told}}
    return {"requestBody": {"required": True, "content": content}}


def document(app: FastAPI, *, bodies: tuple[type[BaseModel], ...]) -> Plain:
    """Return the document of an app, whose bodies are of the given types."""
    made = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
        openapi_version="3.1.0",
    )
    _, described = models_json_schema(
        [*((body, "validation") for body in bodies), (Problem, "serialization")], ref_template=REFERENCES
    )
    parts = made.setdefault("components", {})
    parts.setdefault("schemas", {}).update(described["$defs"])
    for unused in ("HTTPValidationError", "ValidationError"):
        parts["schemas"].pop(unused, None)
    parts["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer"},
        "browser": {"type": "http", "scheme": "basic", "description": "The password is the token."},
    }
    made["security"] = [{"token": []}, {"browser": []}]
    for path in made["paths"].values():
        for operation in path.values():
            _complete(operation)
    return made


def _complete(operation: Plain) -> None:
    """Say of an operation what the guard adds: an id of the request, and never a 422 of FastAPI's own."""
    operation.setdefault("parameters", []).append(REQUEST_ID_HEADER)
    told = operation["responses"].get("422", {}).get("content", {})
    if MEDIA_TYPE not in told:
        operation["responses"].pop("422", None)
    for response in operation["responses"].values():
        response.setdefault("headers", {})["X-Request-Id"] = {"schema": {"type": "string"}}


REQUEST_ID_HEADER: Mapping[str, Any] = {
    "name": "X-Request-Id",
    "in": "header",
    "required": False,
    "description": "The caller's own id of the request: sent again with the same id, it is logged once.",
    "schema": {"type": "string", "pattern": f"^{REQUEST_ID.pattern}$"},
}
