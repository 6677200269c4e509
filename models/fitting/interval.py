"""Prediction intervals: distributional conformal intervals for money that is mostly zero.

A model's expected money m and probability p imply a distribution of an audit's money y: 0 with 1 - p, else
A R with A = m / p, where R is how adjusted audits that the model had not seen compared with their A (negative
for refunds). With F its distribution function, audits not seen score how far outside the middle they lay,

    s = max(F(y-) - 1/2, 1/2 - F(y)),

and the interval holds all y whose score is at most the ceil((n + 1) coverage)-th smallest of the n scores. So
on exchangeable audits it covers at least `coverage`, and, the scores of adjusted audits having no ties,
little more (Chernozhukov, Wuthrich and Zhu 2021; left limits make the zeros count as they must). It always
holds the median.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.prediction import Floats

KNOTS = 401
FEWEST_ADJUSTED = 5
SMALLEST_AMOUNT = 1e-9


@dataclass(frozen=True)
class Interval:
    """`ratios` are quantiles of R at evenly spaced `levels`; `reach` is how far from the middle it goes."""

    coverage: float
    reach: float
    ratios: Floats

    @property
    def levels(self) -> Floats:
        """The levels of the quantiles."""
        return np.asarray(np.linspace(0.0, 1.0, len(self.ratios)), np.float64)

    def between(self, expected: Floats, probability: Floats) -> tuple[Floats, Floats]:
        """Return the ends of the interval, each (n,)."""
        amount = _amounts(expected, probability)
        share_below_zero = float(np.interp(0.0, self.ratios, self.levels))
        low = self._quantile(0.5 - self.reach, amount, probability, share_below_zero)
        high = self._quantile(0.5 + self.reach, amount, probability, share_below_zero)
        return low, high

    def scores(self, y: Floats, expected: Floats, probability: Floats) -> Floats:
        """Return how far outside the middle of its distribution each audit's money lies."""
        ratio = np.interp(y / _amounts(expected, probability), self.ratios, self.levels)
        zero = (1 - probability) * np.array([y > 0, y >= 0])
        left, right = probability * ratio + zero
        return np.asarray(np.maximum(left - 0.5, 0.5 - right), np.float64)

    def values(self) -> dict[str, Any]:
        """Return the interval as data."""
        return {"coverage": self.coverage, "reach": self.reach, "ratios": self.ratios.tolist()}

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> "Interval":
        """Return the interval of such data."""
        return cls(values["coverage"], values["reach"], np.array(values["ratios"], np.float64))

    def _quantile(self, level: float, amount: Floats, probability: Floats, share_below_zero: float) -> Floats:
        """Return the money at a level of the mixture: refunds, then a mass at 0, then additional revenue."""
        chance = np.maximum(probability, SMALLEST_AMOUNT)
        refund = np.interp(level / chance, self.levels, self.ratios)
        gain = np.interp((level - (1 - probability)) / chance, self.levels, self.ratios)
        negative = level < probability * share_below_zero
        zero = ~negative & (level <= 1 - probability + probability * share_below_zero)
        return np.where(zero, 0.0, amount * np.where(negative, refund, gain))


def fit_interval(
    y: Floats,
    *,
    expected: Floats,
    probability: Floats,
    weight: Floats,
    blocks: Sequence[np.ndarray],
    coverage: float,
) -> Interval:
    """Fit the interval on money and predictions of audits that the model had not seen (n,).

    `weight` is how much each audit represents the traders that are predicted, as in weighted conformal
    prediction (Tibshirani and others 2019); the trader predicted counts as one of mean weight.
    The ratios against which a block of audits is scored come from the other blocks. With fewer than
    `FEWEST_ADJUSTED` adjusted audits nothing is known of R, and it spans from 0 to 3.
    """
    scores = np.empty(len(y))
    for block in blocks:
        others = np.setdiff1d(np.arange(len(y)), block)
        seen = _shape(y[others], expected[others], probability[others], coverage=coverage)
        scores[block] = seen.scores(y[block], expected[block], probability[block])
    order = np.argsort(scores, kind="stable")
    reached = np.cumsum(weight[order]) / (weight.sum() + weight.mean()) >= coverage
    reach = float(scores[order][np.argmax(reached)]) if reached.any() else 0.5
    whole = _shape(y, expected, probability, coverage=coverage)
    return Interval(coverage, min(max(reach, 0.0), 0.5), whole.ratios)


def _shape(y: Floats, expected: Floats, probability: Floats, *, coverage: float) -> Interval:
    adjusted = y != 0
    ratios = y[adjusted] / _amounts(expected[adjusted], probability[adjusted])
    if len(ratios) < FEWEST_ADJUSTED:
        ratios = np.array([0.0, 1.0, 3.0])
    return Interval(coverage, 0.5, np.quantile(ratios, np.linspace(0.0, 1.0, KNOTS)))


def _amounts(expected: Floats, probability: Floats) -> Floats:
    return np.maximum(expected / np.maximum(probability, SMALLEST_AMOUNT), SMALLEST_AMOUNT)
