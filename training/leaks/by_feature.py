"""Alarm on a single feature that ranks audits too well, by its value or by being empty."""

from collections.abc import Iterator
from statistics import NormalDist

import numpy as np

from models.prediction import Floats
from training.leaks.alarm import CHANCE, Alarm, unjudged
from training.leaks.area import FEWEST, area, areas, enough
from training.leaks.evidence import LeakEvidence, numbers

BEYOND = 0.80
"""An area that no feature known before an audit reaches, and any computed from its outcome passes.

Strongest alone of what is known before: 0.60 on 42,962 single audits of the United States, 0.71 on four
simulated administrations. Columns that are outcomes, on the former: 0.99 and more.
"""


def of_one_feature(evidence: LeakEvidence) -> Iterator[Alarm]:
    """Raise where a feature alone ranks audits better than any that precedes them could.

    All features and both directions are tried, so the best must pass the limit by more (Bonferroni).
    """
    positive = evidence.brought_revenue
    if not enough(positive):
        yield unjudged("one_feature", limit=BEYOND, reason=f"fewer than {FEWEST} audits brought revenue.")
        return
    scores = strengths(evidence)
    if not scores:
        yield unjudged("one_feature", limit=BEYOND, reason="no feature has two values.")
        return
    name, strength = max(scores.items(), key=lambda each: each[1])
    score = columns(evidence)[name]
    ranked = areas((score if area(score, positive) > 0.5 else -score)[None], positive)
    errors = NormalDist().inv_cdf(1 - CHANCE / (2 * len(scores)))
    raised = ranked.surely_above(1.0, limit=BEYOND, errors=errors)
    yield _alarm(evidence, name, strength, raised=raised)


def _alarm(evidence: LeakEvidence, name: str, strength: float, *, raised: bool) -> Alarm:
    whole = evidence.best_area
    beside = f", the best model at {whole:.2f}" if whole is not None else ""
    seen = f"{name} alone ranks audits at {strength:.2f}{beside}"
    advice = (
        f", above {BEYOND:.2f}: it seems computed from the outcome. Find out when and from what it is "
        "filled, or train without it."
    )
    return Alarm("one_feature", raised, strength, BEYOND, seen + (advice if raised else "."))


def strengths(evidence: LeakEvidence) -> dict[str, float]:
    """Return how well each feature ranks audits by itself, in the better of its two directions."""
    tried = {name: area(score, evidence.brought_revenue) for name, score in columns(evidence).items()}
    return {name: max(value, 1 - value) for name, value in tried.items()}


def columns(evidence: LeakEvidence) -> dict[str, Floats]:
    """Return each feature that varies, empty values lowest, and whether it is empty."""
    tables = evidence.labelled_audits.X
    values = {name: numbers(tables, name) for name in tables.column_names}
    empty = {f"emptiness of {name}": np.isnan(column).astype(np.float64) for name, column in values.items()}
    filled = {name: np.where(np.isnan(column), -np.inf, column) for name, column in values.items()}
    return {name: column for name, column in (filled | empty).items() if np.unique(column).size > 1}
