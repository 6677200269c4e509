"""Page of the HTTP API: the service's own OpenAPI document, as people read it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from features.language import ENGLISH
from serving.page.render import render_template

Schema = Mapping[str, Any]
TypePart = tuple[str, str | None]
"""A word of a type, and the schema that it names, if any."""
WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "object",
    "null": "null",
}
BOUNDS = {
    "minimum": "at least {:,}",
    "exclusiveMinimum": "above {:,}",
    "maximum": "at most {:,}",
    "minLength": "at least {:,} characters",
    "maxLength": "at most {:,} characters",
    "minItems": "at least {:,} of them",
    "maxItems": "at most {:,} of them",
}
FORMATS = {"date": "day, ISO 8601", "binary": "file"}


@dataclass(frozen=True)
class Member:
    """A member of a schema or a parameter of an operation; `location` is where a parameter stands."""

    name: str
    kind: Sequence[TypePart]
    required: bool
    words: str
    location: str = ""


@dataclass(frozen=True)
class Answer:
    """An answer by its status: what it is, of which forms, with an example where it is JSON."""

    status: str
    words: str
    forms: Sequence[str]
    kind: Sequence[TypePart] = ()
    example: str = ""


@dataclass(frozen=True)
class Operation:
    """An operation: how it is called, what it takes and answers, and its problems.

    Headers, which every operation takes, are no `parameters` of one; `requests` are examples by name.
    """

    name: str
    method: str
    path: str
    words: str
    parameters: Sequence[Member]
    body: Sequence[TypePart]
    requests: Mapping[str, str]
    answers: Sequence[Answer]
    problems: Sequence[Answer]


def http_api_page(document: Schema) -> str:
    """Return the page of an OpenAPI document as HTML: operations by tag, then the schemas they name."""
    operations: dict[str, list[Operation]] = {tag["name"]: [] for tag in document["tags"]}
    headers: dict[str, Member] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            operations[operation["tags"][0]].append(_operation(method, path, operation))
            headers |= {field.name: field for field in _parameters(operation) if field.location == "header"}
    schemas = document["components"]["schemas"]
    return render_template(
        "http_api.html",
        language=ENGLISH,
        info=document["info"],
        tags=document["tags"],
        operations=operations,
        headers=list(headers.values()),
        schemas={name: (schemas[name], list(_members(schemas[name]))) for name in sorted(schemas)},
    )


def _operation(method: str, path: str, operation: Schema) -> Operation:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    answers = [_answer(status, response) for status, response in operation["responses"].items()]
    requests = {name: _pretty(each["value"]) for name, each in content.get("examples", {}).items()}
    return Operation(
        name=operation["operationId"],
        method=method.upper(),
        path=path,
        words=operation["description"],
        parameters=[field for field in _parameters(operation) if field.location != "header"],
        body=list(_kind(content["schema"])) if content else [],
        requests=requests or {"": f"{method.upper()} {_address(path, operation)}"},
        answers=sorted((each for each in answers if each.status < "400"), key=lambda each: each.status),
        problems=sorted((each for each in answers if each.status >= "400"), key=lambda each: each.status),
    )


def _parameters(operation: Schema) -> Iterator[Member]:
    for each in operation["parameters"]:
        kind = list(_kind(each["schema"]))
        yield Member(each["name"], kind, each["required"], each["description"], location=each["in"])


def _address(path: str, operation: Schema) -> str:
    """Return an address of an operation, with the examples of the parts of its path."""
    examples = {each["name"]: each["example"] for each in operation["parameters"] if each["in"] == "path"}
    return path.format_map(examples)


def _answer(status: str, response: Schema) -> Answer:
    content = response.get("content", {})
    as_json = content.get("application/json", {})
    return Answer(
        status,
        response["description"],
        list(content),
        list(_kind(as_json["schema"])) if as_json else [],
        _pretty(as_json["example"]) if as_json else "",
    )


def _members(schema: Schema) -> Iterator[Member]:
    required = schema.get("required", ())
    for name, member in schema["properties"].items():
        yield Member(name, list(_kind(member)), name in required, member["description"])


def _kind(schema: Schema) -> Iterator[TypePart]:
    """Yield the words of a type and of its bounds, each with the schema that it names, if any."""
    if reference := schema.get("$ref"):
        name = reference.rpartition("/")[2]
        yield name, name
    elif options := schema.get("anyOf"):
        for number, option in enumerate(options):
            yield " or " if number else "", None
            yield from _kind(option)
    elif items := schema.get("items"):
        yield "list of ", None
        yield from _kind(items)
        yield _bounds(schema), None
    elif isinstance(values := schema.get("additionalProperties"), dict):
        yield "object of ", None
        yield from _kind(values)
    else:
        yield _plain(schema) + _bounds(schema), None


def _plain(schema: Schema) -> str:
    """Return the words of a type that holds no other."""
    if values := schema.get("enum", [schema["const"]] if "const" in schema else []):
        return " or ".join(map(str, values))
    return FORMATS.get(schema.get("format", "")) or WORDS[schema["type"]]


def _bounds(schema: Schema) -> str:
    return "".join(f", {words.format(schema[name])}" for name, words in BOUNDS.items() if name in schema)


def _pretty(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
