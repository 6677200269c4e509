"""Floors: the chance by lot that every active trader has, so that a plan measures what it does not choose.

The visits by lot have a share of all hours of visits. Among traders they are spread by Neyman's allocation
with costs (Cochran 1977, 5.5): in proportion to the standard deviation of what an audit would book, divided
by the square root of its hours. A trader of whom little can be unknown is drawn seldom, but every one can be.
"""

import numpy as np

from models.plan.candidates import Candidates
from models.plan.capacity import Capacity
from models.plan.treatments import DESK, LETTER
from models.prediction import Floats

LEAST = 0.001
"""The chance of a visit that every trader has at least."""
LETTERS, DESK_AUDITS = 0.002, 0.001
"""The chances of a letter and a desk audit that every trader has, so that their effects can be measured."""
LETTERS_AT_MOST = 0.9
"""Of ten who would get a letter one gets none, by lot: what those pay by themselves is what letters bring."""
STEPS = 60


def floors(candidates: Candidates, capacity: Capacity) -> Floats:
    """Return the least probability of each trader and treatment (n, 4), 0 for those not eligible."""
    result = np.zeros_like(candidates.hours)
    rows = np.flatnonzero(candidates.eligible)
    if not len(rows):
        return result
    hours = candidates.hours[rows, candidates.measuring[rows]]
    shares = candidates.deviation[rows] / np.sqrt(hours)
    budget = capacity.random_share * sum(each.field for each in capacity.offices.values())
    result[rows, candidates.measuring[rows]] = _spread(shares / shares.max(), hours, budget)
    result[rows, LETTER], result[rows, DESK] = LETTERS, DESK_AUDITS
    return np.asarray(result / np.maximum(result.sum(axis=1, keepdims=True), 1.0), np.float64)


def ceilings(candidates: Candidates, floor: Floats) -> Floats:
    """Return the largest probability of each trader and treatment (n, 4), 0 for those not allowed."""
    most = np.ones_like(floor)
    most[:, LETTER] = LETTERS_AT_MOST
    return np.where(candidates.allowed, np.maximum(most, floor), floor)


def _spread(shares: Floats, hours: Floats, budget: float) -> Floats:
    """Return probabilities in proportion to shares, at least `LEAST` and at most 1, that take the budget."""
    low, high = 0.0, 1.0 / shares.min()
    for _ in range(STEPS):
        middle = (low + high) / 2
        if float(np.clip(middle * shares, LEAST, 1.0) @ hours) > budget:
            high = middle
        else:
            low = middle
    return np.clip(low * shares, LEAST, 1.0)
