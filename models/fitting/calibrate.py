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
Fit = Callable[[Floats, Floats, Floats], Floats]


@dataclass(frozen=True)
class Prior:
    """The calibration expected before any audit is held against it: the margin as it is, and `effects`."""

    effects: Floats


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
    margin: Floats, adjusted: Floats, training: TrainingRows, *, prior: Prior | None = None
) -> CalibrationMap:
    """Fit the log-odds of an adjustment on the margin (Platt 1999) and on the circumstances."""
    rows = np.arange(len(margin))

    def fit(design: Floats, ridge: Floats, centre: Floats) -> Floats:
        return logistic(design, adjusted, weight=training.weight, ridge=ridge, prior=centre)

    ridge = training.circumstances.ridge(CHANCE_DEVIATIONS)
    return _fit_map(fit, margin, rows, training, ridge=ridge, dispersion=1.0, prior=prior)


def amount_map(
    margin: Floats,
    amount: Floats,
    training: TrainingRows,
    *,
    variance: float = 2.0,
    prior: Prior | None = None,
) -> CalibrationMap:
    """Fit the log of the mean amount, of the rows that have one, on the margin and on the circumstances."""
    rows = np.flatnonzero(amount > 0) if variance == 2.0 else np.arange(len(amount))
    weight = training.weight[rows]

    def fit(design: Floats, ridge: Floats, centre: Floats) -> Floats:
        return power(design, amount[rows], variance=variance, weight=weight, ridge=ridge, prior=centre)

    def fit_with(dispersion: float) -> CalibrationMap:
        ridge = training.circumstances.ridge(MONEY_DEVIATIONS, dispersion=dispersion)
        return _fit_map(fit, margin, rows, training, ridge=ridge, dispersion=dispersion, prior=prior)

    first = fit_with(1.0)
    if not weight.any():
        return first
    mean = np.exp(first.of(margin, training.design)[rows])
    spread = float(np.average((amount[rows] - mean) ** 2 / mean**variance, weights=weight))
    return fit_with(spread)


def _fit_map(
    fit: Fit,
    margin: Floats,
    rows: np.ndarray,
    training: TrainingRows,
    *,
    ridge: Floats,
    dispersion: float,
    prior: Prior | None,
) -> CalibrationMap:
    """Fit on some rows; a slope below 0, or of too few rows, is 0: the margin then has no effect."""
    one, values, design = np.ones((len(rows), 1)), margin[rows, None], training.design[rows]
    effects = prior.effects if prior else np.zeros(design.shape[1])
    if prior or (len(rows) >= FEWEST_FOR_SLOPE and np.ptp(values) > 0):
        centre = float(values.mean()) if len(rows) else 0.0
        drawn = dispersion * IDENTITY_RIDGE if prior else np.zeros(2)
        coefficients = fit(
            np.hstack([one, values - centre, design]),
            np.concatenate([drawn, ridge]),
            np.array([centre, 1.0, *effects]) if prior else np.zeros(2 + len(effects)),
        )
        if coefficients[1] > 0:
            return CalibrationMap(
                float(coefficients[0] - coefficients[1] * centre), float(coefficients[1]), coefficients[2:]
            )
    coefficients = fit(
        np.hstack([one, design]), np.concatenate([np.zeros(1), ridge]), np.array([0.0, *effects])
    )
    return CalibrationMap(float(coefficients[0]), 0.0, coefficients[1:])


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
