"""Explanations in money: contributions to the margins, priced so that they add up to the prediction.

With margins m = m0 + the sum of contributions f_j (TreeSHAP) and money y(m), feature j is worth f_j times the
mean slope of y along the straight line from m0 to m, summed over the margins. That is the Aumann-Shapley
value (Aumann and Shapley 1974; integrated gradients, Sundararajan and others 2017): by the gradient theorem
base + the sum over features = y(m).
"""

from collections.abc import Sequence

import numpy as np

from models.fitting.link import Link
from models.fitting.margin import Margin
from models.prediction import Explanation, Floats, row_sums

NODES, WEIGHTS = np.polynomial.legendre.leggauss(16)
PANEL = 4.0
"""A panel spans at most so much of a margin: the sigmoid's poles, at a distance of pi, then leave an error of
1e-17 with 16 nodes."""
ROWS_AT_ONCE = 512
"""So many rows of all features stay in the cache of a processor."""


def explain(X: Floats, *, margins: Sequence[Margin], link: Link, names: tuple[str, ...]) -> Explanation:
    """Split the money of each row of `X` (n, p) into a base and a contribution of each feature."""
    parts = [
        _explain_rows(X[row : row + ROWS_AT_ONCE], margins, link) for row in range(0, len(X), ROWS_AT_ONCE)
    ]
    base = parts[0][0] if parts else 0.0
    contributions = np.concatenate([part[1] for part in parts]) if parts else np.empty((0, len(names)))
    total = np.concatenate([part[2] for part in parts]) if parts else np.empty(0)
    return Explanation(base=base, contributions=contributions, total=total, names=names)


def _explain_rows(X: Floats, margins: Sequence[Margin], link: Link) -> tuple[float, Floats, Floats]:
    explained = [margin.explain(X) for margin in margins]
    start = np.array([each.base for each in explained])
    end = np.column_stack([each.value for each in explained])
    worth = _mean_slopes(link, start, end)
    open_sum = np.asarray(
        sum(each.contributions * worth[:, [k]] for k, each in enumerate(explained)), np.float64
    )
    base, total = float(link.money(start[None, :])[0]), link.money(end)
    return base, _closed(open_sum, total - base), total


def _closed(contributions: Floats, change: Floats) -> Floats:
    """Return contributions that add up to the change: the rounding left over goes to the large ones.

    Without it a row whose reasons are large but cancel would add up to fewer digits than it has.
    """
    size = np.abs(contributions)
    left_over = (change - row_sums(contributions)) / np.maximum(row_sums(size), np.finfo(np.float64).tiny)
    return contributions + size * left_over[:, None]


def _mean_slopes(link: Link, start: Floats, end: Floats) -> Floats:
    """Return the mean slopes (n, k) along the line from `start` (k,) to each row of `end` (n, k).

    Each row has panels of its own number, so that it gets the same bits alone and among others.
    """
    reach = np.abs(end - start).max(axis=1)
    panels = np.ones(len(end)) if link.straight else np.ceil(np.maximum(reach / PANEL, 1.0))
    slopes = np.empty_like(end)
    for number in np.unique(panels):
        rows = panels == number
        slopes[rows] = _along(link, start, end[rows], panels=int(number))
    return slopes


def _along(link: Link, start: Floats, end: Floats, *, panels: int) -> Floats:
    way = np.concatenate([(panel + (NODES + 1) / 2) / panels for panel in range(panels)])
    weight = np.tile(WEIGHTS / (2 * panels), panels)
    points = start + way[:, None, None] * (end - start)
    slopes = link.slopes(points.reshape(-1, len(start))).reshape(points.shape)
    weighted = weight[:, None, None] * slopes
    return row_sums(weighted.reshape(len(way), -1).T).reshape(end.shape)
