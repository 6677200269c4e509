"""Calibration on audits that the margins have not seen: slopes, effects of circumstances, and the total.

Each fit has an intercept, a slope along the margin that is not below 0, and a shrunken effect for each
circumstance.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models.fitting.circumstances import CHANCE_DEVIATIONS, MONEY_DEVIATIONS
from models.fitting.glm import logistic, power
from models.fitting.training_rows import TrainingRows
from models.prediction import Floats

FEWEST_FOR_SLOPE = 10
TOTAL_DEVIATION = 0.1
"""Prior relative deviation of the total from the money found."""
IDENTITY_RIDGE = np.array([1.0, 1 / 0.3**2])
"""A margin that begins with a written line needs no more than this deviation of intercept and slope."""
FIXED = 1e9
"""A ridge that holds a coefficient where it is."""
Fit = Callable[[Floats, Floats, Floats], Floats]
"""Fits coefficients for a design (n, k), with the ridge and the prior of each."""


@dataclass(frozen=True)
class CalibrationMap:
    """intercept + slope x margin + the design's effects."""

    intercept: float
    slope: float
    effects: Floats

    def of(self, margin: Floats, design: Floats) -> Floats:
        """Return the calibrated margin under each row's circumstances."""
        return self.intercept + self.slope * margin + design @ self.effects


def chance_map(
    margin: Floats, adjusted: Floats, training: TrainingRows, *, trusted: bool = False
) -> CalibrationMap:
    """Fit the log-odds of an adjustment on the margin (Platt 1999) and on the circumstances.

    A `trusted` margin is expected to be right as it is, so that few audits leave it so.
    """
    fit, rows = _chance_fit(adjusted, training), np.arange(len(margin))
    ridge = training.circumstances.ridge(CHANCE_DEVIATIONS)
    return _fit_map(fit, margin, rows, training.design, ridge=ridge, trust=float(trusted))


def amount_map(
    margin: Floats,
    amount: Floats,
    training: TrainingRows,
    *,
    variance: float = 2.0,
    trusted: bool = False,
) -> CalibrationMap:
    """Fit the log of the mean amount, of the rows that have one, on the margin and on the circumstances.

    A `trusted` margin is expected to be right as it is, so that few audits leave it so.
    """
    rows = np.flatnonzero(amount > 0) if variance == 2.0 else np.arange(len(amount))
    fit, weight = _amount_fit(amount, training, rows, variance=variance), training.weight[rows]

    def fit_with(dispersion: float) -> CalibrationMap:
        ridge = training.circumstances.ridge(MONEY_DEVIATIONS, dispersion=dispersion)
        trust = dispersion if trusted else 0.0
        return _fit_map(fit, margin, rows, training.design, ridge=ridge, trust=trust)

    first = fit_with(1.0)
    if not weight.any():
        return first
    mean = np.exp(first.of(margin, training.design)[rows])
    spread = (amount[rows] - mean) ** 2 / mean**variance
    return fit_with(float(np.average(spread, weights=weight)))


def _fit_map(
    fit: Fit, margin: Floats, rows: np.ndarray, design: Floats, *, ridge: Floats, trust: float
) -> CalibrationMap:
    """Fit on some rows, drawn towards the margin as it is by `trust` times `IDENTITY_RIDGE`.

    A slope below 0, or of too few rows where the margin is not trusted, is 0: it then has no effect.
    """
    one, values, none = np.ones((len(rows), 1)), margin[rows, None], np.zeros(design.shape[1])
    if trust or (len(rows) >= FEWEST_FOR_SLOPE and np.ptp(values) > 0):
        centre = float(values.mean()) if len(rows) else 0.0
        coefficients = fit(
            np.hstack([one, values - centre, design[rows]]),
            np.concatenate([trust * IDENTITY_RIDGE, ridge]),
            np.array([centre, 1.0, *none]) if trust else np.array([0.0, 0.0, *none]),
        )
        if coefficients[1] > 0:
            return CalibrationMap(
                float(coefficients[0] - coefficients[1] * centre), float(coefficients[1]), coefficients[2:]
            )
    without_slope = np.hstack([one, design[rows]])
    coefficients = fit(without_slope, np.append(0.0, ridge), np.append(0.0, none))
    return CalibrationMap(float(coefficients[0]), 0.0, coefficients[1:])


def chance_share(line: Floats, trees: Floats, adjusted: Floats, training: TrainingRows) -> float:
    """Return how much of the trees' correction of a line's log-odds audits not seen bear out, from 0 to 1."""
    return _share(_chance_fit(adjusted, training), line, trees)


def amount_share(line: Floats, trees: Floats, amount: Floats, training: TrainingRows) -> float:
    """Return the same of a line of the log of amounts, on the rows that have one."""
    rows = np.flatnonzero(amount > 0)
    return _share(_amount_fit(amount, training, rows, variance=2.0), line[rows], trees[rows])


def _chance_fit(adjusted: Floats, training: TrainingRows) -> Fit:
    def fit(design: Floats, ridge: Floats, prior: Floats) -> Floats:
        return logistic(design, adjusted, weight=training.weight, ridge=ridge, prior=prior)

    return fit


def _amount_fit(amount: Floats, training: TrainingRows, rows: np.ndarray, *, variance: float) -> Fit:
    def fit(design: Floats, ridge: Floats, prior: Floats) -> Floats:
        weight = training.weight[rows]
        return power(design, amount[rows], variance=variance, weight=weight, ridge=ridge, prior=prior)

    return fit


def _share(fit: Fit, line: Floats, trees: Floats) -> float:
    """Return the slope of the trees beside a line whose slope is 1."""
    design = np.column_stack([np.ones(len(line)), trees, line])
    slope = fit(design, np.array([0.0, 0.0, FIXED]), np.array([0.0, 1.0, 1.0]))[1]
    return float(np.clip(slope, 0.0, 1.0))


def total_factor(y: Floats, expected: Floats, weight: Floats) -> float:
    """Return the factor that brings the total money to the money found, shrunk by its uncertainty.

    With ratio r = found / expected and its variance s2, the factor is r ** (t2 / (t2 + s2)), t being
    `TOTAL_DEVIATION`: a few large findings do not move every trader's money, thousands of audits do.
    """
    whole = float((weight * expected).sum())
    if whole <= 0:
        return 1.0
    ratio = float((weight * y).sum()) / whole
    if ratio <= 0:
        return 1.0
    uncertain = float((weight**2 * (y - expected) ** 2).sum()) / whole**2
    certain: float = TOTAL_DEVIATION**2 / (TOTAL_DEVIATION**2 + uncertain)
    return float(ratio**certain)


def net_share(y: Floats, weight: Floats) -> float:
    """Return what is left of the money of adjustments when refunds are taken off, at least a hundredth."""
    return max(float((weight * y).sum() / (weight * np.abs(y)).sum()), 0.01)


def upward_share(y: Floats, weight: Floats) -> float:
    """Return the share of adjustments that bring additional revenue; one of these is assumed."""
    return float((weight @ (y > 0) + 1.0) / (weight @ (y != 0) + 1.0))
