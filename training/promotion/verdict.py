"""Verdicts: what the gate decides of a model, check by check and in one line."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class GateVerdict(StrEnum):
    """What the evidence says: for, against, or too little of it either way."""

    PASSED = "PASSED"
    REFUSED = "REFUSED"
    CANNOT_TELL = "CANNOT TELL"


@dataclass(frozen=True)
class Check:
    """One condition of the gate: its verdict, and a sentence on what was measured and on which audits."""

    name: str
    verdict: GateVerdict
    sentence: str


def overall(checks: Sequence[Check]) -> GateVerdict:
    """Return the verdict on a model: one check refuses it, and one that cannot tell leaves it open."""
    verdicts = {check.verdict for check in checks}
    weightiest = (each for each in (GateVerdict.REFUSED, GateVerdict.CANNOT_TELL) if each in verdicts)
    return next(weightiest, GateVerdict.PASSED)


def may_serve(verdict: GateVerdict, *, is_first: bool) -> bool:
    """Return whether a model may serve: one that passed, and a first one that nothing refutes.

    Where nothing serves the choice is between this ranking and none; a champion gives way to evidence alone.
    """
    return verdict is GateVerdict.PASSED or (is_first and verdict is GateVerdict.CANNOT_TELL)


def verdict_line(checks: Sequence[Check], *, is_first: bool) -> str:
    """Return the verdict on a model with its ground, as one line."""
    verdict = overall(checks)
    decisive = [check for check in checks if check.verdict is verdict]
    if verdict is GateVerdict.PASSED:
        return f"{verdict}: all {len(checks)} checks."
    others = f" (and {len(decisive) - 1} more)" if len(decisive) > 1 else ""
    ground = f"{verdict}: {decisive[0].name}{others}: {decisive[0].sentence.rstrip('.')}."
    if verdict is GateVerdict.REFUSED:
        return ground
    follows = (
        "Nothing refutes it and nothing serves yet, so it may serve." if is_first else "The champion stays."
    )
    return f"{ground} {follows}"
