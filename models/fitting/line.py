"""Linear margins learned from audits: ridge regression, points above thresholds, sums of columns."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from models.fitting.margin import SCALES, LinearMargin
from models.prediction import Floats

PENALTIES = np.logspace(0, 6, 13)
MOST_DEVIATIONS = 4.0
FIRST_POINT, FULL_POINT = 0.85, 0.99


def ridge_margin(X: Floats, y: Floats, *, weight: Floats) -> LinearMargin:
    """Fit ridge regression on standardised signed logarithms; the penalty by generalised cross-validation.

    A column counts in units of its own middle size, so that money weighs alike in every currency.

    Values are drawn to within `MOST_DEVIATIONS` of the mean, so that no trader is extrapolated to the moon.
    """
    from sklearn.linear_model import RidgeCV

    units = _middle_sizes(X)
    scale = SCALES["signed_log"](X / units)
    filled = ~np.isnan(scale).all(axis=0)
    centres, spreads = np.zeros(X.shape[1]), np.ones(X.shape[1])
    centres[filled] = np.nanmean(scale[:, filled], axis=0)
    spreads[filled] = np.nanstd(scale[:, filled], axis=0)
    spreads[spreads < 1e-12] = 1.0
    margin = LinearMargin(
        intercept=0.0,
        weights=np.zeros(X.shape[1]),
        low=units * _unlogged(centres - MOST_DEVIATIONS * spreads),
        high=units * _unlogged(centres + MOST_DEVIATIONS * spreads),
        units=units,
        centres=centres,
        spreads=spreads,
        scale="signed_log",
    )
    fitted = RidgeCV(alphas=PENALTIES).fit(margin.scaled(X), y, sample_weight=weight)
    weights = np.asarray(fitted.coef_, np.float64)
    return replace(margin, intercept=float(fitted.intercept_), weights=weights)


def points_margin(X: Floats, *, directions: Sequence[int]) -> LinearMargin:
    """Give each feature with a direction up to one point: none at the 85th percentile, one at the 99th.

    For a feature whose risk falls with it, none at the 15th, one at the 1st.
    """
    rising = np.where(np.asarray(directions) < 0, -X, X)
    filled = ~np.isnan(rising).all(axis=0)
    first, full = np.zeros(X.shape[1]), np.zeros(X.shape[1])
    first[filled] = np.nanquantile(rising[:, filled], FIRST_POINT, axis=0)
    full[filled] = np.nanquantile(rising[:, filled], FULL_POINT, axis=0)
    counts = (np.asarray(directions) != 0) & (full > first)
    sign = np.where(np.asarray(directions) < 0, -1.0, 1.0)
    ends = np.sort([sign * first, sign * full], axis=0)
    return LinearMargin(
        intercept=0.0,
        weights=counts.astype(np.float64),
        low=ends[0],
        high=ends[1],
        units=np.ones(X.shape[1]),
        centres=sign * first,
        spreads=np.where(counts, sign * (full - first), 1.0),
        scale="same",
    )


def columns_margin(X: Floats, *, columns: Sequence[int], scale: str) -> LinearMargin:
    """Add up some columns on a scale; an empty value counts as the least.

    On the logarithmic scale a value counts as no less than the least above 0.
    """
    largest = np.finfo(np.float64).max
    weights = np.zeros(X.shape[1])
    weights[list(columns)] = 1.0
    low = np.array([_least(column, above_zero=scale == "log") for column in X.T])
    centres = SCALES[scale](low)
    return LinearMargin(
        intercept=float(centres[list(columns)].sum()),
        weights=weights,
        low=low,
        high=np.full(X.shape[1], largest),
        units=np.ones(X.shape[1]),
        centres=centres,
        spreads=np.ones(X.shape[1]),
        scale=scale,
    )


def _least(column: Floats, *, above_zero: bool) -> float:
    known = column[column > 0] if above_zero else column[~np.isnan(column)]
    if not len(known):
        return 1.0 if above_zero else 0.0
    return float(known.min())


def _middle_sizes(X: Floats) -> Floats:
    """Return the median size of each column's values beside 0, 1 where it has none."""
    sizes = np.where(X == 0, np.nan, np.abs(X))
    middle, some = np.ones(X.shape[1]), ~np.isnan(sizes).all(axis=0)
    middle[some] = np.nanmedian(sizes[:, some], axis=0)
    return middle


def _unlogged(values: Floats) -> Floats:
    return np.asarray(np.sign(values) * np.expm1(np.minimum(np.abs(values), 700.0)), np.float64)
