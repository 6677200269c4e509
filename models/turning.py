"""Turning points: from which value on a feature adds to the expected money, by many explanations.

A contribution is measured from the base, which is no value of a feature. What a value can be held against is
where the feature turns: what best parts the traders to whom it adds from those from whom it takes away.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from features.unit import Unit, format_value
from models.prediction import Floats
from models.words import Words

MOST_ROWS = 1_000
"""So many traders say where a value turns; it takes half a second to explain them."""


@dataclass(frozen=True)
class TurningPoint:
    """Where a feature turns: from `above` on it adds where `direction` is 1, and takes away where it is -1.

    Up to `below` it does the opposite. The two are values of traders, and a person reads them as different.
    """

    below: float
    above: float
    direction: int

    def opposite(self, value: float) -> float | None:
        """Return the nearest value at which the feature does the opposite, None for a value in between."""
        if value >= self.above:
            return self.below
        return self.above if value <= self.below else None

    def agrees(self, value: float, money: float) -> bool:
        """Whether a contribution has the sign that such values have on the whole."""
        side = 1 if value >= self.above else -1
        return side * self.direction * money > 0


TurningPoints = Sequence[TurningPoint | None]
"""The turning point of each column, None where none parts the traders."""


def sampled(X: Floats) -> Floats:
    """Return the rows of traders (n, p) that say where values turn: at most `MOST_ROWS`, evenly spread."""
    return X[:: max(1, -(-len(X) // MOST_ROWS))]


def turning_points(words: Sequence[Words], X: Floats, contributions: Floats) -> TurningPoints:
    """Return the turning point of each column of `X` (n, p) by its `contributions` (n, p) in money.

    It is between two values such that the money on the right side of it exceeds that on the wrong side by the
    most. Values that read the same are on one side.
    """
    columns = zip(words, X.T, contributions.T, strict=True)
    return tuple(_turning_point(values, money, Unit(each.unit)) for each, values, money in columns)


def _turning_point(values: Floats, money: Floats, unit: Unit) -> TurningPoint | None:
    known = np.flatnonzero(~np.isnan(values))
    order = known[np.argsort(values[known], kind="stable")]
    ordered, up_to = values[order], np.cumsum(money[order])
    reads = [format_value(value, unit) for value in ordered]
    steps = np.flatnonzero([one != other for one, other in pairwise(reads)])
    if not len(steps):
        return None
    gained = up_to[-1] - 2.0 * up_to[steps]  # what is above a step less what is below it
    best = int(np.argmax(np.abs(gained)))
    if not gained[best]:
        return None
    below, above = ordered[steps[best] : steps[best] + 2]
    return TurningPoint(float(below), float(above), int(np.sign(gained[best])))
