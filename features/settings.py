"""Settings in TOML: read and validate files of them by name, and write single values."""

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from features.errors import SettingError, shortened, unknown

Allowed = tuple[Callable[[object], bool], str]
"""A predicate for valid values, and the description of what a value must be."""
LARGEST_FILE = 65_536
MOST_DOTS = 200
"""In a line of a file: twice the columns of the contract, each as `table.column`."""


def read_toml(path: Path) -> Mapping[str, Any]:
    """Return the content of a TOML file; raise `SettingError` where it cannot be read, or not in a second."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
        _require_short(content)
        return tomllib.loads(content.decode("utf-8"))
    # a ValueError is what tomllib refuses, a text in another encoding, or a number of thousands of digits
    except (OSError, ValueError, RecursionError) as error:
        reason = "its values are nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise SettingError(
            f"{path.name} cannot be read: {shortened(reason)}.",
            expected=f"a TOML file in UTF-8 of at most {LARGEST_FILE:,} bytes.",
            advice="Correct the file.",
        ) from error


def toml(value: object) -> str:
    """Return a value as TOML: text, a number, a truth, or lists and tables of such.

    >>> toml({"codes": {"UK": "GB"}, "a b": ["x", 1]})
    '{ codes = { UK = "GB" }, "a b" = ["x", 1] }'
    """
    if isinstance(value, Mapping):
        if not value:
            return "{}"
        return f"{{ {', '.join(f'{toml_key(name)} = {toml(each)}' for name, each in value.items())} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml, value))}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def toml_key(name: str) -> str:
    """Return a name as a key of TOML, in quotes where it needs them.

    >>> toml_key("HS_CODE"), toml_key("HS code")
    ('HS_CODE', '"HS code"')
    """
    return name if re.fullmatch("[A-Za-z0-9_-]+", name) else toml(name)


def _require_short(content: bytes) -> None:
    """Raise `ValueError` for what tomllib would read for minutes: a key of 30,000 parts took it one."""
    if len(content) > LARGEST_FILE:
        raise ValueError("it is larger")
    for number, row in enumerate(content.split(b"\n"), start=1):
        if row.count(b".") > MOST_DOTS:
            raise ValueError(f"line {number} has more than {MOST_DOTS} dots")


def validate_settings(
    settings: Mapping[str, Any], allowed: Mapping[str, Allowed], *, owner: str
) -> Mapping[str, Any]:
    """Validate the settings of `owner` and return them with lists as tuples.

    Raises `SettingError` for unknown settings, with those that were probably meant, and for invalid values,
    with what was expected: one error for all of them.
    """
    raise_all(list(setting_faults(settings, allowed, owner=owner)))
    return frozen(settings)


def frozen(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with lists as tuples."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in settings.items()}


def setting_faults(
    settings: Mapping[str, Any], allowed: Mapping[str, Allowed], *, owner: str
) -> Iterator[SettingError]:
    """Yield an error for each setting of `owner` that is unknown or has an invalid value."""
    for name, value in settings.items():
        if name not in allowed:
            yield unknown(name, allowed, what=f"The {owner} has no setting")
            continue
        fits, expected = allowed[name]
        if not fits(value):
            yield SettingError(
                f"The {owner}'s {name} is {_shown(value)}.",
                expected=f"{expected}.",
                advice="Correct the setting.",
            )


def raise_all(faults: Sequence[SettingError]) -> None:
    """Raise one error that says all of `faults`; nothing where there are none."""
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise SettingError(
            " ".join(str(fault) for fault in faults),
            expected=f"none of these {len(faults)} faults.",
            advice="Correct them all, and call again.",
        )


def _shown(value: object) -> str:
    try:
        return shortened(repr(value))
    except ValueError:  # Python writes no number of more than 4,300 digits
        return "a number of thousands of digits"
