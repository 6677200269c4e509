"""Money at stake: sums of money under suspicion as an exposure, with what audits book of each.

An amount is money at stake under a suspicion. The sum S(x) = sum of yield_j x_j over such columns, with the
trade itself as the last resort, is what an audit of a trader is expected to book; the model's trees correct
it. Before any audit is known the yields are the written ones (`Feature.prior_yield`); audits move them.
"""

from dataclasses import dataclass, replace

import numpy as np

from features.exact import STEPS_OF_REST
from models.fitting.glm import logistic, power
from models.fitting.margin import MarginExplanation, Sum
from models.prediction import Floats, row_sums

PRIOR_AUDITS = 20.0
"""The written yields weigh as much as so many adjusted audits."""
ROUNDS = 200
LARGEST_RATIO = 10.0
"""An amount counts up to so many times what was at stake: no single audit moves a yield far."""
OVERLAP = 0.2
"""Suspicions point to the same money: of the sum of what is written for each, audits book a fifth."""
FLOOR_SHARE = 1e-3
TRADE_YIELD = 0.003
"""Of the customs value, what audits book where nothing points to anything: collections after release are a
few per mille of the imports of the administrations that publish them."""
CHANCE_LINE = np.array([np.log(0.25) + 0.5 * np.log(100.0), 0.5, -0.5])
"""Written log-odds: one audit in five adjusts where a hundredth of the value is at stake, more where more."""
AMOUNT_LINE = np.array([np.log(0.5), 0.5, 0.5])
"""Written amount: with the chance above, it comes to what is at stake."""
REFUND_ODDS = 0.1
"""Before any is known, a refund is ten times rarer than additional revenue."""
RIDGE = np.array([1.0, 1 / 0.3**2, 1 / 0.3**2])
LIKE_RIDGE = np.array([1.0, 1 / 0.1**2, 1 / 0.1**2])
"""Lines that begin with the slopes of others need some 25 cases to leave them."""
AMOUNT_DISPERSION = 2.0
SMALLEST = 1 / STEPS_OF_REST
"""The least money there is, where no audit shows what is usual."""


def written_weight(adjusted: int) -> float:
    """Return how much the written yields weigh beside so many adjusted audits: 1 with none, half with 20."""
    return PRIOR_AUDITS / (PRIOR_AUDITS + adjusted)


@dataclass(frozen=True)
class LogSum:
    """intercept + slope x log((floor + S(x)) / (floor + S(centres))), S being a weighted sum of columns.

    Columns and weights count from 0 up. Contributions are the Aumann-Shapley values along the straight line
    from the centres to x, which for the logarithm of a sum are exact in closed form: weight_j (x_j -
    centre_j) x log(S / S0) / (S - S0). An empty value counts as 0, since nothing is known to be at stake.
    """

    intercept: float
    slope: float
    weights: Floats
    centres: Floats
    floor: float

    def value(self, X: Floats) -> Floats:
        """Return the logarithm of what is at stake (n,), against the centres."""
        return self.intercept + self.slope * np.log(self.sums(X) / self.sum_of_centres)

    def sums(self, X: Floats) -> Floats:
        """Return what is at stake in each row (n,), in money, the floor included."""
        return self.floor + row_sums(self._terms(X))

    def explain(self, X: Floats) -> MarginExplanation:
        """Return each column's part, the intercept as the base."""
        terms, start = self._terms(X), self.sum_of_centres
        moved = terms - self.weights * self.centres
        change, end = row_sums(moved), self.floor + row_sums(terms)
        near = np.abs(change) < 1e-9 * start
        steepness = np.where(near, 1 / start, np.log(end / start) / np.where(near, 1.0, change))
        parts = self.slope * moved * steepness[:, None]
        return MarginExplanation(self.intercept, parts, self.value(X))

    @property
    def sum_of_centres(self) -> float:
        """What is at stake at the centres, the floor included."""
        return self.floor + float(self.weights @ self.centres)

    def _terms(self, X: Floats) -> Floats:
        return self.weights * _from_zero(X)


def fit_yields(X: Floats, size: Floats, *, written: Floats, weight: Floats) -> Floats:
    """Return the share (p,) of each column's money that audits book, from the sizes (n,) of their findings.

    Poisson regression with an identity link and a gamma prior around the written yields, by expectation and
    maximisation (Dempster, Laird and Rubin 1977): yields stay above 0. Audits weigh alike, whatever their
    size: an amount counts in proportion to what was at stake.
    """
    used = np.flatnonzero(written)
    at_stake = _from_zero(X[:, used]) * written[used]
    sums = at_stake.sum(axis=1)
    rows = sums > 0
    if not rows.any():
        return written
    shares, ratio = at_stake[rows] / sums[rows, None], size[rows] / sums[rows]
    relative = np.ones(len(used))
    hits, mass = PRIOR_AUDITS, PRIOR_AUDITS + weight[rows] @ shares
    for _ in range(ROUNDS):
        booked = np.minimum(ratio, LARGEST_RATIO * float(np.average(ratio, weights=weight[rows])))
        seen = (weight[rows] * booked / (shares @ relative)) @ shares
        relative = (relative * seen + hits) / mass
    yields = written.copy()
    yields[used] *= relative
    return yields


@dataclass(frozen=True)
class Stakes:
    """What is at stake for each trader and what it trades, as logarithms to draw lines on."""

    at_stake: LogSum
    trade: LogSum

    def line(self, intercept: float, on_stake: float, on_trade: float) -> Sum:
        """Return intercept + on_stake x log(S) + on_trade x log(V), from the centres."""
        return Sum(
            (
                replace(self.at_stake, intercept=intercept, slope=on_stake),
                replace(self.trade, slope=on_trade),
            )
        )

    def design(self, X: Floats) -> Floats:
        """Return 1, log S and log V (n, 3)."""
        return np.column_stack([np.ones(len(X)), self.at_stake.value(X), self.trade.value(X)])

    def chance_line(
        self, X: Floats, adjusted: Floats, *, weight: Floats, odds: float, by_size: float | None
    ) -> Sum:
        """Fit the log-odds of an adjustment on what is at stake, from `odds` times the written line on.

        Where it is given, the line begins to rise with size by `by_size` in place of what is written.
        """
        prior, ridge = self._begin(CHANCE_LINE, by_size)
        prior[0] += np.log(odds)
        return self.line(*logistic(self.design(X), adjusted, weight=weight, ridge=ridge, prior=prior))

    def amount_line(self, X: Floats, size: Floats, *, weight: Floats, by_size: float | None) -> Sum:
        """Fit the log of the amount of an adjustment on what is at stake, from the written line on.

        Where it is given, the line begins to rise with size by `by_size` in place of what is written.
        """
        hit = size > 0
        prior, ridge = self._begin(AMOUNT_LINE, by_size)
        fitted = power(
            self.design(X)[hit],
            size[hit],
            variance=2.0,
            weight=weight[hit],
            ridge=AMOUNT_DISPERSION * ridge,
            prior=prior,
        )
        return self.line(*fitted)

    def _begin(self, written: Floats, by_size: float | None) -> tuple[Floats, Floats]:
        """Return the line to begin with, its intercept that at the centres, and what holds it there."""
        centre = np.log([self.at_stake.sum_of_centres, self.trade.sum_of_centres])
        slopes = written[1:] if by_size is None else np.full(2, by_size / 2)
        ridge = RIDGE if by_size is None else LIKE_RIDGE
        return np.array([written[0] + written[1:] @ centre, *slopes]), ridge


def rise_by_size(line: Sum) -> float:
    """Return how a line on stakes rises with the logarithm of a trader who is larger in all."""
    return sum(term.slope for term in line.terms if isinstance(term, LogSum))


def fit_stakes(X: Floats, size: Floats, *, written: Floats, traded: int, weight: Floats) -> Stakes:
    """Learn what is at stake from the sizes (n,) of findings, 0 where there was none.

    `written` (p,) are the written yields of the columns, 0 for most; `traded` is the column of the value that
    is traded.
    """
    prior = OVERLAP * written
    prior[traded] = max(prior[traded], TRADE_YIELD)
    yields = fit_yields(X, size, written=prior, weight=weight)
    centres = _from_zero(X).mean(axis=0) if len(X) else np.zeros(len(written))
    one = np.zeros(len(written))
    one[traded] = 1.0
    floor = FLOOR_SHARE * float(centres[traded]) or SMALLEST
    return Stakes(
        LogSum(0.0, 1.0, yields, centres, floor * yields[traded]), LogSum(0.0, 1.0, one, centres, floor)
    )


def _from_zero(X: Floats) -> Floats:
    """Return amounts as they are at stake: an empty one and one below 0 are nothing."""
    return np.maximum(np.nan_to_num(X, nan=0.0), 0.0)
