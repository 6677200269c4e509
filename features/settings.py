"""Settings in TOML files: read them, and validate each by its name."""

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from features.errors import SettingError, unknown

Allowed = tuple[Callable[[object], bool], str]
"""A predicate for valid values, and the description of what a value must be."""


def read_toml(path: Path) -> Mapping[str, Any]:
    """Return the content of a TOML file; raise `SettingError` where it cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingError(
            f"{path.name} cannot be read: {error}.",
            expected="a TOML file in UTF-8.",
            advice="Correct the file.",
        ) from error


def validate_settings(
    settings: Mapping[str, Any], allowed: Mapping[str, Allowed], *, owner: str
) -> Mapping[str, Any]:
    """Validate the settings of `owner` and return them with lists as tuples.

    Raises `SettingError` for an unknown setting, with the one that was probably meant, and for an invalid
    value, with what was expected.
    """
    for name, value in settings.items():
        if name not in allowed:
            raise unknown(name, allowed, what=f"The {owner} has no setting")
        fits, expected = allowed[name]
        if not fits(value):
            raise SettingError(
                f"The {owner}'s {name} is {value!r}.", expected=f"{expected}.", advice="Correct the setting."
            )
    return {name: tuple(value) if isinstance(value, list) else value for name, value in settings.items()}
