"""Optional values that a test knows to be there."""

from typing import TypeVar

T = TypeVar("T")


def not_none(value: T | None) -> T:
    """Return the value; a test in which it is None fails here."""
    assert value is not None
    return value
