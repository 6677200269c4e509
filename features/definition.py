"""Definitions: what the decorator of a feature is given, validated at once and refused with its place."""

import inspect
import math
import re
import string
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeGuard

from features.data.contract import TABLES
from features.data.contract.required import FINDING_TYPES
from features.days import WINDOWS
from features.errors import SettingError, did_you_mean, shortened
from features.prepare import ROWS
from features.settings import Allowed
from features.unit import Unit

INPUTS = tuple(f"{table.name}.{column}" for table in TABLES.values() for column in table.names)
FIELDS = ("value", "window")
"""What a phrase may hold in braces."""
Fault = tuple[str, str, str]
"""What was found of a definition, what was expected, and the name that was probably meant, if any."""


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and bool(value.strip())


def _is_sentence(value: object) -> bool:
    return _is_text(value) and value.endswith(".")


def _is_label(value: object) -> bool:
    return _is_text(value) and (value[0].isupper() or value[0].isdigit())


def _is_share(value: object) -> bool:
    return _is_number(value) and 0 < value <= 1


def _is_direction(value: object) -> bool:
    return type(value) is int and value in (-1, 0, 1)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


MEANING: Mapping[str, Allowed] = {
    "unit": (lambda value: isinstance(value, Unit), "a member of features.unit.Unit"),
    "label": (_is_label, "a few words that begin with a capital"),
    "phrase": (_is_sentence, "a sentence that ends with a full stop"),
    "why": (_is_sentence, "a sentence that ends with a full stop"),
    "indicator": (
        lambda value: isinstance(value, str) and bool(re.fullmatch("[a-z][a-z0-9_]*", value)),
        "a name in small letters, such as one in features/topic.py",
    ),
    "reference": (_is_text, "the source of the indicator"),
    "finding_type": (lambda value: value is None or value in FINDING_TYPES, " or ".join(FINDING_TYPES)),
    "monotone": (_is_direction, "-1, 0 or 1"),
    "tends": (_is_direction, "-1, 0 or 1"),
    "prior_yield": (
        lambda value: value is None or _is_share(value),
        "a share of the money at stake, above 0 and at most 1",
    ),
    "empty": (lambda value: value is None or _is_number(value), "a number, or None where none follows"),
}
"""The rule of each text and number of a definition, and the words for it."""


def validate_definition(function: Callable[..., Any], given: Mapping[str, Any]) -> None:
    """Raise `SettingError` for the first fault of a definition; `given` is what its decorator was given."""
    for fault, expected, meant in _faults(function, given):
        raise SettingError(
            f"{place_of(function)}: the feature {function.__name__} {fault}.",
            expected=f"{expected}.",
            advice=f"Correct its definition.{meant}",
        )


def place_of(function: Callable[..., Any]) -> str:
    """Return where a function stands, as `file:line`."""
    code = function.__code__
    return f"{code.co_filename}:{code.co_firstlineno}"


def defined_already(function: Callable[..., Any], earlier: Callable[..., Any], *, name: str) -> SettingError:
    """Return the error of a feature whose name another function has."""
    return SettingError(
        f"{place_of(function)}: the feature {name} is defined already, at {place_of(earlier)}.",
        expected="one definition for each name.",
        advice="Rename one of them.",
    )


def _faults(function: Callable[..., Any], given: Mapping[str, Any]) -> Iterator[Fault]:
    for name, (fits, expected) in MEANING.items():
        if name in given and not fits(given[name]):
            yield f"has the {name} {shortened(repr(given[name]))}", expected, ""
    parameters = tuple(inspect.signature(function).parameters)
    yield from _windows(given["months"])
    yield from _fields(given["phrase"], windows=given["months"])
    if "source" in given:
        yield from _source(given["source"], given["inputs"])
        if len(parameters) != 1:
            yield f"has {len(parameters)} parameters", "one, the rows of its source", ""
    yield from _example(given["example"], combines=() if "source" in given else parameters)


def _windows(months: Sequence[object]) -> Iterator[Fault]:
    expected = f"windows of {', '.join(map(str, WINDOWS))} months, each once; None for all that is known"
    if not months or len(set(months)) < len(months):
        yield f"has the windows {tuple(months)}", expected, ""
    for each in months:
        if each is not None and (type(each) is not int or each not in WINDOWS):
            yield f"has a window of {each!r} months", expected, ""


def _fields(phrase: str, *, windows: Sequence[object]) -> Iterator[Fault]:
    expected = "{value}, and {window} where there are several, without a format"
    try:
        parts = list(string.Formatter().parse(phrase))
    except ValueError as error:
        yield f"has a phrase whose braces cannot be read ({error}): {phrase}", expected, ""
        return
    fields = {name for _, name, _, _ in parts if name is not None}
    if wrong := sorted(fields - set(FIELDS)):
        yield f"has a phrase with {{{wrong[0]}}} in it", expected, did_you_mean(wrong[0], FIELDS)
    if any(form or conversion for _, _, form, conversion in parts):
        yield "has a phrase that formats what stands in braces", expected, ""
    if "value" not in fields or ("window" not in fields and len(windows) > 1):
        yield f"has a phrase with {', '.join(sorted(fields)) or 'nothing'} in braces", expected, ""


def _source(source: object, inputs: Iterable[str]) -> Iterator[Fault]:
    if source not in ROWS:
        yield f"has the source {source!r}", f"one of {', '.join(ROWS)}", did_you_mean(str(source), ROWS)
    named = tuple(inputs)
    if not named:
        yield "has no inputs", "the columns of the contract without which it is empty, as table.column", ""
    for each in named:
        if each not in INPUTS:
            yield (
                f"has the input {each!r}",
                "a column of docs/contract.md, as table.column",
                did_you_mean(each, INPUTS),
            )


def _example(example: Any, *, combines: tuple[str, ...]) -> Iterator[Fault]:
    columns = tuple(example.columns.split())
    if not columns or len(set(columns)) < len(columns) or not all(map(str.isidentifier, columns)):
        yield f"has an example with the columns {example.columns!r}", "names of columns, each once", ""
    for row in example.rows:
        if not isinstance(row, tuple) or len(row) != len(columns):
            yield f"has an example with the row {row!r}", f"{len(columns)} values: {example.columns}", ""
    if example.value is not None and not _is_number(example.value):
        yield f"has an example with the value {example.value!r}", "a number, or None where it is empty", ""
    if combines and (set(columns) != set(combines) or len(example.rows) != 1):
        yield (
            f"has an example of {len(example.rows)} rows with the columns {', '.join(columns)}",
            f"one row of the features that it combines: {', '.join(combines)}",
            "",
        )
