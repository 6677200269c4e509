"""Small generalised linear models with offsets in their design and a ridge, by Newton's method.

scikit-learn's take no offset and penalise every column alike; calibration needs a free slope beside shrunken
effects.
"""

from collections.abc import Callable

import numpy as np

from models.prediction import Floats

STEPS = 200
LONGEST_STEP = 2.0
SMALL = 1e-10
Derivatives = Callable[[Floats], tuple[Floats, Floats]]
"""The gradient of a log-likelihood along the margin (n,), and its expected curvature, not below 0."""


def sigmoid(margin: Floats) -> Floats:
    """Return 1 / (1 + exp(-margin)) without overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * margin)), np.float64)


def logistic(
    design: Floats, y: Floats, *, weight: Floats, ridge: Floats, prior: Floats | None = None
) -> Floats:
    """Return the coefficients of the log-odds of `y` in [0, 1].

    Each column of `design` has its ridge, which draws its coefficient towards `prior`, 0 where not given.
    """

    def derivatives(margin: Floats) -> tuple[Floats, Floats]:
        chance = sigmoid(margin)
        return weight * (y - chance), weight * chance * (1 - chance)

    return _newton(design, derivatives, ridge=ridge, prior=prior)


def power(
    design: Floats,
    y: Floats,
    *,
    variance: float,
    weight: Floats,
    ridge: Floats,
    prior: Floats | None = None,
) -> Floats:
    """Return the coefficients of log E[y] where Var[y] ~ E[y] ** variance: 1 Poisson, 1.5 Tweedie, 2 gamma.

    The first column must be the intercept; `y` is not negative. Fisher scoring.
    """
    unit = float(np.average(y, weights=weight)) if len(y) else 1.0
    scaled = y / unit
    before = None if prior is None else prior - np.log(unit) * (np.arange(len(prior)) == 0)

    def derivatives(margin: Floats) -> tuple[Floats, Floats]:
        mean = np.exp(np.clip(margin, -30.0, 30.0))
        return weight * (scaled - mean) * mean ** (1 - variance), weight * mean ** (2 - variance)

    coefficients = _newton(design, derivatives, ridge=ridge, prior=before)
    coefficients[0] += np.log(unit)
    return coefficients


def _newton(
    design: Floats, derivatives: Derivatives, *, ridge: Floats, prior: Floats | None = None
) -> Floats:
    centre = np.zeros(design.shape[1]) if prior is None else prior
    coefficients = centre.copy()
    for _ in range(STEPS):
        gradient, curvature = derivatives(design @ coefficients)
        hessian = (design * curvature[:, None]).T @ design + np.diag(ridge + SMALL)
        step = np.linalg.solve(hessian, design.T @ gradient - ridge * (coefficients - centre))
        step *= min(1.0, LONGEST_STEP / max(float(np.abs(step).max()), SMALL))
        coefficients = coefficients + step
        if float(np.abs(step).max()) < SMALL:
            break
    return coefficients
