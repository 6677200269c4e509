"""Intervals: of an estimated amount, of the change between two, and of one divided by a share.

Money that audits book is zero mostly and huge seldom, so that the usual interval, mean and standard errors to
both sides, lies too low: it misses from below. Hall's transformation (1992) takes the skewness out first;
how little is known of the spread of such money is in the quantile of Student's t.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm
from scipy.stats import t as student

from models.prediction import Floats

CONFIDENCE = 0.95
Z = float(norm.ppf((1 + CONFIDENCE) / 2))
FEWEST_NON_ZERO = 5
"""Answers with money in them below which no interval is given: a skewness of fewer is no skewness."""


@dataclass(frozen=True)
class GapEstimate:
    """An amount of money, and the ends of its 95 % interval.

    `low` and `high` are None where the audits by lot with money in them, `non_zero` of all `answers`, are too
    few to give an interval.
    """

    amount: float
    low: float | None
    high: float | None
    answers: int
    non_zero: int

    @property
    def ends(self) -> tuple[float, float] | None:
        """The ends of the interval, None where there is none."""
        return None if self.low is None or self.high is None else (self.low, self.high)

    @property
    def half_width(self) -> float | None:
        """Half the width of the interval, None where there is none."""
        return None if self.ends is None else (self.ends[1] - self.ends[0]) / 2


def hall(terms: Floats, *, fitted: int = 1) -> tuple[float, float]:
    """Return how far the interval of a sum of independent terms reaches below it and above it.

    `fitted` parameters were taken from the terms themselves, their mean among them. Hall, P. (1992), On the
    removal of skewness by transformation, JRSS B 54; with Student's quantile for as many degrees of freedom
    as the variance has for terms of this kurtosis (Satterthwaite, F. E. (1946), Biometrics Bulletin 2): a
    few large answers rule it, and it is known no better than from these. Of many even ones it is the normal
    interval.
    """
    n = len(terms)
    centred = terms - terms.mean()
    deviation = float(np.sqrt((centred**2).sum() / (n - fitted)))
    if deviation == 0.0:
        return 0.0, 0.0
    skewness = float((centred**3).mean()) / deviation**3
    kurtosis = float((centred**4).mean() / (centred**2).mean() ** 2)
    freedom = 2 * n / max(kurtosis - 1, 1e-9)
    quantile = float(student.ppf((1 + CONFIDENCE) / 2, freedom))
    scale = n * deviation
    if abs(skewness) < 1e-6:
        return scale * quantile / np.sqrt(n), scale * quantile / np.sqrt(n)

    def back(x: float) -> float:
        return float(3 / skewness * (np.cbrt(1 + skewness * (x - skewness / (6 * n))) - 1))

    return scale * back(quantile / np.sqrt(n)), -scale * back(-quantile / np.sqrt(n))


def difference(later: GapEstimate, earlier: GapEstimate) -> GapEstimate:
    """Return the change between two independent estimates, with its interval from the ends of theirs."""
    return _combined([later, earlier], [1.0, -1.0])


def trend(estimates: Mapping[int, GapEstimate]) -> GapEstimate:
    """Return the change a year along the line of least squares through the estimates of two years or more."""
    years = np.array(list(estimates), np.float64)
    centred = years - years.mean()
    return _combined(list(estimates.values()), (centred / (centred**2).sum()).tolist())


def _combined(parts: Sequence[GapEstimate], factors: Sequence[float]) -> GapEstimate:
    """Return the sum of independent estimates times factors, with its interval from the ends of theirs.

    Each end keeps the lopsidedness of what it is made of (MOVER: Zou, G. & Donner, A. (2008), Construction of
    confidence limits about effect measures, Statistics in Medicine 27).
    """
    amount = sum(factor * each.amount for factor, each in zip(factors, parts, strict=True))
    answers = sum(each.answers for each in parts), sum(each.non_zero for each in parts)
    down = up = 0.0
    for factor, each in zip(factors, parts, strict=True):
        if each.ends is None:
            return GapEstimate(amount, None, None, *answers)
        reaches = [factor * (end - each.amount) for end in each.ends]
        down, up = np.hypot(down, min(reaches)), np.hypot(up, max(reaches))
    return GapEstimate(amount, float(amount - down), float(amount + up), *answers)


def ratio(estimate: GapEstimate, share: float, *, low: float, high: float) -> GapEstimate:
    """Return an estimate divided by a share that is known from `low` to `high`, independently of it.

    MOVER on logarithms; where the estimate reaches down to zero or below, its lower end is divided as it is.
    """
    amount, counts = estimate.amount / share, (estimate.answers, estimate.non_zero)
    if estimate.ends is None or estimate.amount <= 0:
        return GapEstimate(amount, None, None, *counts)
    lower, upper = estimate.ends
    up = np.hypot(np.log(upper / estimate.amount), np.log(share / low))
    end = amount * float(np.exp(up))
    if lower <= 0:
        return GapEstimate(amount, lower / low, end, *counts)
    down = np.hypot(np.log(estimate.amount / lower), np.log(high / share))
    return GapEstimate(amount, amount * float(np.exp(-down)), end, *counts)
