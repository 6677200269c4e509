"""Errors for people: what was found, what was expected, what to do next."""

import difflib
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

MAX_NAMES = 20
"""An error lists as many known names; the one that was probably meant comes beside them."""
LONGEST_SHOWN = 200


class AuditYieldError(Exception):
    """An error that a person can put right; front ends show it as one message, never as a traceback."""

    def __init__(self, found: str, *, expected: str, advice: str) -> None:
        super().__init__(f"{found} Expected: {expected} {advice}")
        self.found = found
        self.expected = expected
        self.advice = advice

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how another process makes the error anew: without this its pool waits for ever."""
        return partial(type(self), expected=self.expected, advice=self.advice), (self.found,)


class DataError(AuditYieldError):
    """The data cannot be read, or breaks the contract."""


class SettingError(AuditYieldError):
    """A setting or an argument has a value that cannot be used."""


class OutputError(AuditYieldError):
    """A result cannot be written."""


def unknown(name: str, known: Iterable[str], *, what: str) -> SettingError:
    """Return the error for a name that does not exist, with the one that was probably meant."""
    names = list(known)
    return SettingError(
        f"{what} '{shortened(name)}'.",
        expected=f"one of {listed(names)}.",
        advice=did_you_mean(name, names).strip() or "Remove it.",
    )


def listed(names: Sequence[str]) -> str:
    """Return the first names for a sentence, and how many more there are."""
    more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
    return ", ".join(names[:MAX_NAMES]) + more


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ` Did you mean 'x'?` where a known name is similar, whatever its case, else an empty text."""
    folded = {each.casefold(): each for each in known}
    near = difflib.get_close_matches(name.casefold(), list(folded), n=1, cutoff=0.75)
    return f" Did you mean '{folded[near[0]]}'?" if near else ""


def shortened(text: str) -> str:
    """Return the beginning of a text that is too long for a sentence."""
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
