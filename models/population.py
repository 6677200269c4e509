"""The traders that a model was trained among, as a sketch: to tell that it is asked about others."""

import hashlib
from collections.abc import Iterable

from features.language import ENGLISH, Language

SIZE = 64
DIGITS = 10
"""Of the SHA-256 of a trader's number: one sketch in ten thousand has one of a million others by chance."""
FEWEST = 0.1
"""The share of the sketch below which traders are others: of the same ones, more go on for many years."""


def sketch(trader_ids: Iterable[str]) -> str:
    """Return the smallest digests of the traders' numbers, blank-separated: a sample, the same for the same.

    A bottom-k sketch (Cohen and Kaplan 2007). It says of no trader more than that it is registered.
    """
    return " ".join(sorted(map(_digest, trader_ids))[:SIZE])


def strangers(sketched: str, trader_ids: Iterable[str], language: Language = ENGLISH) -> str | None:
    """Return a warning where hardly any of the traders that were sketched is among these, else None."""
    marks = set(sketched.split())
    met = len(marks & set(map(_digest, trader_ids)))
    if met >= FEWEST * len(marks):
        return None
    return language.gettext(
        "Of {count} traders that the model was trained among, {met} are in this data: it has learned from "
        "another administration, or all have new numbers. What it says of these was never tested: train on "
        "their own audits."
    ).format(count=language.number(len(marks)), met=language.number(met))


def _digest(trader_id: str) -> str:
    return hashlib.sha256(trader_id.encode()).hexdigest()[:DIGITS]
