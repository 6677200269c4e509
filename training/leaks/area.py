"""Area under the ROC curve of scores, with its covariance (DeLong)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.prediction import Floats

Flags = NDArray[np.bool_]
FEWEST = 10


@dataclass(frozen=True)
class Areas:
    """Areas under the curve of several scores of the same rows, `values` (k,), and their `covariance`.

    0.5 is no better than chance, 1 a perfect order.
    """

    values: Floats
    covariance: Floats

    def surely_above(self, *weights: float, limit: float, errors: float) -> bool:
        """Return whether a weighted sum of the areas passes a limit by so many standard errors."""
        along = np.array(weights)
        error = np.sqrt(along @ self.covariance @ along)
        return bool(along @ self.values - errors * error > limit)


def enough(positive: Flags) -> bool:
    """Return whether there are enough rows of both classes."""
    return FEWEST <= int(positive.sum()) <= len(positive) - FEWEST


def areas(scores: Floats, positive: Flags) -> Areas:
    """Return the areas of scores (k, n) for rows that are positive or not (n,).

    After DeLong, DeLong and Clarke-Pearson 1988, with one row of each kind more that ranks by chance: a
    perfect order of twenty rows is then not taken for certain.
    """
    above = np.array([_above(score[positive], score[~positive]) for score in scores])
    below = np.array([1 - _above(score[~positive], score[positive]) for score in scores])
    chance = np.full((len(scores), 1), 0.5)
    above, below = np.hstack([above, chance]), np.hstack([below, chance])
    covariance = np.cov(above) / above.shape[1] + np.cov(below) / below.shape[1]
    return Areas(above.mean(axis=1), np.atleast_2d(covariance))


def area(score: Floats, positive: Flags) -> float:
    """Return the area of one score; by chance where all rows are of one class."""
    if positive.all() or not positive.any():
        return 0.5
    return float(_above(score[positive], score[~positive]).mean())


def _above(these: Floats, others: Floats) -> Floats:
    """Return for each of these the share of others that it is above; a tie counts half."""
    ordered = np.sort(others)
    under = np.searchsorted(ordered, these, "left") + np.searchsorted(ordered, these, "right")
    return np.asarray(under / (2.0 * len(others)))
