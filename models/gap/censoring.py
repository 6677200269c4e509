"""Answers that are not in yet: audits still open, and closed ones whose money appeals will still lower."""

import numpy as np

from models.prediction import Floats

QUARTER_DAYS = 91.3125
LEAST_CLOSED = 0.02
"""The least chance of being closed by which an answer is weighed up: no answer stands for more than fifty."""
FEWEST_IN_CLASS = 5
"""Answers of a class from which it speaks for itself; below, it is weighed with all others."""
FEWEST_OLD = 10
"""Audits old enough from which a step of the chain ladder is estimated; below, money is left as it is."""


def closed_by(ages: Floats, *, days: Floats, closed: np.ndarray) -> Floats:
    """Return the chance that an audit is closed within each age, in days since it was opened.

    `days` is how long each known audit took to be closed, or has been open, as `closed` says of it (Kaplan &
    Meier 1958). Beyond the longest known, the chance is that of the longest.
    """
    if not len(days):
        return np.zeros_like(ages)
    order = np.argsort(days, kind="stable")
    events, positions = np.unique(days[order], return_index=True)
    at_risk = len(days) - positions
    closings = np.add.reduceat(closed[order].astype(np.float64), positions)
    still_open = np.cumprod(1 - closings / at_risk)
    before = np.searchsorted(events, ages, side="right")
    return np.asarray(1 - np.append(1.0, still_open)[before], np.float64)


def response_weights(
    *, drawn: Floats, answered: np.ndarray, chance_closed: Floats, classes: np.ndarray
) -> Floats:
    """Return how many of those drawn each answer stands for (n,), 0 where there is none.

    An answer stands first for the audits opened on days like its own that take longer, by the inverse of its
    chance to be closed by now; then, in its class, for those that were declined, abandoned or not begun:
    weights add up to what was drawn. `drawn` (n,) is how many traders each stands for.
    """
    weight = np.where(answered, 1 / np.maximum(chance_closed, LEAST_CLOSED), 0.0)
    names, counts = np.unique(classes[answered], return_counts=True)
    own = np.where(np.isin(classes, names[counts >= FEWEST_IN_CLASS]), classes, "")
    for each in np.unique(own):
        rows = own == each
        stands_for = float((drawn * weight)[rows].sum())
        if stands_for > 0:
            weight[rows] *= drawn[rows].sum() / stands_for
    answering = float((drawn * weight).sum())
    return np.asarray(weight * (drawn.sum() / answering) if answering > 0 else weight, np.float64)


def development_factors(cumulated: Floats) -> Floats:
    """Return by how much money booked so far changes until it is final, by age in quarters since the closing.

    `cumulated` (audits, quarters) is the net money of each closed audit at the end of each quarter after its
    closing, not a number where that is still ahead: the chain ladder (Mack, T. (1993), ASTIN Bulletin 23).
    A step with fewer than `FEWEST_OLD` audits, or without money, counts as none.
    """
    quarters = cumulated.shape[1]
    steps = np.ones(quarters)
    for age in range(quarters - 1):
        old = np.isfinite(cumulated[:, age + 1])
        before, after = cumulated[old, age].sum(), cumulated[old, age + 1].sum()
        if old.sum() >= FEWEST_OLD and before > 0 and after > 0:
            steps[age] = after / before
    return np.asarray(np.cumprod(steps[::-1])[::-1], np.float64)
