"""Alarms on groups of audits, by team, actor and month, whose outcomes differ from those of all others.

Each group is held against all others: what these find, with the same features, treatment and selection
channel, is what is expected of it. Teams differ honestly, so a group must differ by more than a factor.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from models.fitting.glm import sigmoid
from models.prediction import Floats
from training.labels.evidence import LabelEvidence
from training.leaks.alarm import Alarm, unjudged
from training.leaks.area import Flags

TIMES = 1.5
"""Odds of an adjustment, and amounts, by which an honest group may differ from all others.

The skill of the teams of simulated administrations has a deviation of 0.28 on a logarithmic scale.
"""
CHANCE = 0.05
"""Of a false alarm among all groups of a kind, up and down, were each at the very limit (Bonferroni)."""
FEWEST_AUDITS, FEWEST_HITS = 10, 5
WINSORISED = 3.0
"""Standard deviations beyond which an amount counts no more: one absurd audit is no group's habit."""
KINDS = {"team": "team", "actor": "who recorded it", "month": "month of closing"}


@dataclass(frozen=True)
class Departure:
    """How a group departs from all others: by what factor, and how likely so far were `TIMES` honest."""

    group: str
    audits: int
    factor: float
    chance: float


Measure = Callable[[LabelEvidence, str, Flags], Departure | None]


def of_hits(evidence: LabelEvidence) -> Iterator[Alarm]:
    """Raise where a group books an adjustment surely more, or less, often than all others would."""
    for kind in ("team", "month"):  # who records a finding is known only where there is one
        yield _furthest(evidence, kind, name=f"hits_by_{kind}", measure=_hits, words="the adjustments")


def of_amounts(evidence: LabelEvidence) -> Iterator[Alarm]:
    """Raise where the amounts of a group are surely larger, or smaller, than those of all others."""
    for kind in KINDS:
        yield _furthest(evidence, kind, name=f"amounts_by_{kind}", measure=_amounts, words="the amounts")


def _furthest(evidence: LabelEvidence, kind: str, *, name: str, measure: Measure, words: str) -> Alarm:
    values = evidence.groups[kind]
    groups = sorted({value for value in values if value is not None})
    tried = [each for each in (measure(evidence, group, values == group) for group in groups) if each]
    if len(tried) < 2:
        return unjudged(name, limit=TIMES, reason=f"too few audits by {KINDS[kind]}.")
    first = min(tried, key=lambda each: each.chance)
    raised = first.chance < CHANCE / (2 * len(tried))
    seen = (
        f"{first.group} books {first.factor:.1f} times {words} that all others would, in {first.audits:,} "
        f"audits, the furthest of {len(tried)} by {KINDS[kind]}"
    )
    advice = ". Have others look at some of these audits before a model learns from them."
    return Alarm(name, raised, first.factor, TIMES, seen + (advice if raised else "."))


def _hits(evidence: LabelEvidence, group: str, rows: Flags) -> Departure | None:
    """Hold the adjustments of a group against the odds of all others, times `TIMES` or divided by it.

    Their number is a sum of chances (Poisson-binomial): exact, for a month has a dozen audits.
    """
    audits, others = int(rows.sum()), int((evidence.hit & ~rows).sum())
    if audits < FEWEST_AUDITS or others < FEWEST_AUDITS:
        return None
    booked, log_odds = int(evidence.hit[rows].sum()), evidence.log_odds(rows)
    as_many = _distribution(sigmoid(log_odds + np.log(TIMES)))[booked:].sum()
    as_few = _distribution(sigmoid(log_odds - np.log(TIMES)))[: booked + 1].sum()
    return Departure(group, audits, float(booked / sigmoid(log_odds).sum()), float(min(as_many, as_few)))


def _distribution(chances: Floats) -> Floats:
    """Return the probability of each number of hits (n + 1,), given the chance of each (n,)."""
    probabilities = np.ones(1)
    for chance in chances:
        probabilities = np.convolve(probabilities, [1 - chance, chance])
    return probabilities


def _amounts(evidence: LabelEvidence, group: str, rows: Flags) -> Departure | None:
    """Hold the mean log amount of a group, over what is expected, against that of all others."""
    own, others = rows & evidence.hit, ~rows & evidence.hit
    if min(own.sum(), others.sum()) < FEWEST_HITS or not evidence.spread > 0:
        return None
    reach = WINSORISED * evidence.spread
    excess = np.clip(evidence.log_excess, -reach, reach)
    difference = float(excess[own].mean() - excess[others].mean())
    error = evidence.spread * np.sqrt(1 / own.sum() + 1 / others.sum())
    beyond = float((abs(difference) - np.log(TIMES)) / error)
    return Departure(group, int(own.sum()), float(np.exp(difference)), NormalDist().cdf(-beyond))
