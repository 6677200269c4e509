"""Prediction intervals: localised conformal intervals for money that is mostly zero.

The money of an audit is 0 with chance 1 - p. Else it is an adjustment, upward with chance `up`, of the size
A R: A is the size that the model expects, and R how the sizes of audits not seen compared with it, where A
was about the same. An interval holds 0 and leaves out the largest adjustments, a share a of all audits:
additional revenue above it and refunds below it, half each, or all of one kind where there are fewer.

If the model were right, a = 1 - coverage would do. So each audit not seen is scored by the smallest a that
leaves it out, and a is, for each amount of predicted money, the largest share that leaves out no more than
1 - coverage of the audits with about that money (weighted conformal prediction, Tibshirani and others 2019;
localised, Guan 2023). Audits that follow the model count beside them, `PRIOR_AUDITS` in number, so that 0, 30
and 3,000 audits are one path.

Where adjustments are so rare that 0 alone would be covered often enough, the interval still holds the
smallest quarter of them and covers more than asked: an interval is never a point.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from models.prediction import Floats

LEVELS = np.linspace(0.0, 1.0, 101)
NODES = (np.arange(9) + 0.5) / 9
"""Positions, in the order of size or of predicted money, at which distributions are estimated."""
BANDWIDTH = 0.12
"""Audits this far from a node, as a share of all, count for 0.6 of one at the node."""
PRIOR_AUDITS = 20.0
PRIOR_ADJUSTED = 10.0
PRIOR_DEVIATION = 1.6
"""Of the logarithm of R before any audit is known: nine in ten within a factor of 14 of the middle."""
PRIOR_RATIOS = np.exp(
    PRIOR_DEVIATION * np.array([NormalDist().inv_cdf((k + 0.5) / 40) for k in range(40)])
    - PRIOR_DEVIATION**2 / 2
)
ALWAYS_INSIDE = 0.25
"""The share of adjustments that every interval holds: more would cover over 0.93 where p is 0.1."""
SMALLEST = 1e-9


@dataclass(frozen=True)
class Sizes:
    """Quantiles of R at `LEVELS`, a row for each expected size of which `nodes` are the logarithms."""

    nodes: Floats
    ratios: Floats

    @property
    def spread(self) -> float:
        """The squared coefficient of variation of R: how far adjustments lie from their expected size."""
        middle = (self.ratios[:, 1:] + self.ratios[:, :-1]) / 2
        return float(np.mean(middle**2) / np.mean(middle) ** 2 - 1)

    def at(self, level: Floats, amount: Floats) -> Floats:
        """Return the sizes at a level of their distributions (n,), given the expected sizes."""
        row, weight = _between_nodes(amount, self.nodes)
        position = np.clip(level, 0.0, 1.0) * (len(LEVELS) - 1)
        column = np.minimum(position.astype(np.intp), len(LEVELS) - 2)
        step = position - column
        lower, upper = (
            self.ratios[each, column] * (1 - step) + self.ratios[each, column + 1] * step
            for each in (row, np.minimum(row + 1, len(self.nodes) - 1))
        )
        return np.asarray(amount * (lower * (1 - weight) + upper * weight), np.float64)

    def levels(self, size: Floats, amount: Floats) -> Floats:
        """Return the levels at which sizes lie (n,), given the expected sizes."""
        row, weight = _between_nodes(amount, self.nodes)
        next_row = np.minimum(row + 1, len(self.nodes) - 1)
        curves = self.ratios[row] * (1 - weight[:, None]) + self.ratios[next_row] * weight[:, None]
        pairs = zip(size / amount, curves, strict=True)
        return np.array([np.interp(ratio, curve, LEVELS) for ratio, curve in pairs], np.float64)


@dataclass(frozen=True)
class Interval:
    """The share of audits left out, `outside`, by predicted money of which `nodes` are the logarithms.

    Of traders `probability` is that of an adjustment, `amount` its expected size, above 0, and `up` the share
    of adjustments that are upward, each (n,).
    """

    coverage: float
    nodes: Floats
    outside: Floats
    sizes: Sizes

    def between(self, *, probability: Floats, amount: Floats, up: Floats) -> tuple[Floats, Floats]:
        """Return the ends of the interval, each (n,): low is at most 0, high at least 0."""
        outside = np.interp(_log_money(probability, amount), self.nodes, self.outside)
        outside = np.minimum(outside, (1 - ALWAYS_INSIDE) * probability)
        upward, downward = probability * up, probability * (1 - up)
        return (
            -self._end(_left_out(outside, own=downward, other=upward), downward, amount) + 0.0,
            self._end(_left_out(outside, own=upward, other=downward), upward, amount),
        )

    def between_if_adjusted(self, *, amount: Floats, up: Floats) -> tuple[Floats, Floats]:
        """Return the ends between which an adjustment lies, if there is one, with equal tails, each (n,)."""
        tail = (1 - self.coverage) / 2
        return self._adjustment(tail, amount, up), self._adjustment(1 - tail, amount, up)

    def values(self) -> dict[str, Any]:
        """Return the interval as data."""
        return {
            "coverage": self.coverage,
            "nodes": self.nodes.tolist(),
            "outside": self.outside.tolist(),
            "sizes": {"nodes": self.sizes.nodes.tolist(), "ratios": self.sizes.ratios.tolist()},
        }

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> "Interval":
        """Return the interval of such data."""
        sizes = Sizes(**{name: np.array(each, np.float64) for name, each in values["sizes"].items()})
        nodes, outside = (np.array(values[name], np.float64) for name in ("nodes", "outside"))
        return cls(values["coverage"], nodes, outside, sizes)

    def _end(self, left_out: Floats, chance: Floats, amount: Floats) -> Floats:
        """Return the size beyond which a share of audits lies, of adjustments that have this chance."""
        level = 1 - left_out / np.maximum(chance, SMALLEST)
        return np.where(left_out < chance, self.sizes.at(level, amount), 0.0)

    def _adjustment(self, level: float, amount: Floats, up: Floats) -> Floats:
        """Return the adjustment at a level of its distribution: refunds, then additional revenue."""
        down = 1 - up
        refund = self.sizes.at(1 - level / np.maximum(down, SMALLEST), amount)
        gain = self.sizes.at((level - down) / np.maximum(up, SMALLEST), amount)
        return np.where(level < down, -refund, gain)


def fit_interval(
    y: Floats,
    *,
    probability: Floats,
    amount: Floats,
    up: Floats,
    weight: Floats,
    coverage: float,
) -> Interval:
    """Fit the interval on money and predictions of audits that the model had not seen (n,); see `Interval`.

    `weight` is how much each audit represents the traders that are predicted. An audit is scored against
    sizes of which its own is one: to leave it out changed coverage by 0.01 with 100 audits, by 0 with 300.
    """
    sizes, rows = _fit_sizes(y, amount), np.flatnonzero(y)
    scores = np.full(len(y), np.inf)
    scores[rows] = _scores(sizes, y[rows], probability[rows], amount[rows], up[rows])
    nodes, nearness = _localised(_log_money(probability, amount))
    represents = weight / max(float(weight.mean()), SMALLEST) if len(y) else weight
    outside = [_outside(scores, near * represents, share=1 - coverage) for near in nearness]
    return Interval(coverage, nodes, np.array(outside), sizes)


def _scores(sizes: Sizes, y: Floats, probability: Floats, amount: Floats, up: Floats) -> Floats:
    """Return the smallest share that leaves each adjusted audit out."""
    larger = probability * np.where(y > 0, up, 1 - up) * (1 - sizes.levels(np.abs(y), amount))
    other = probability * np.where(y > 0, 1 - up, up)
    return np.minimum(2 * larger, larger + other)


def _left_out(outside: Floats, *, own: Floats, other: Floats) -> Floats:
    """Return what one kind of adjustment bears of a share: half, or what the other is too rare for."""
    return np.minimum(own, np.maximum(outside / 2, outside - other))


def _outside(scores: Floats, weight: Floats, *, share: float) -> float:
    """Return the largest threshold below which no more than a share of the weight scores.

    The audit predicted counts as one below it; `PRIOR_AUDITS` have scores evenly spread from 0 to 1.
    """
    order = np.argsort(scores, kind="stable")
    below = 1.0 + np.append(0.0, np.cumsum(weight[order]))
    free = (share * (weight.sum() + 1.0 + PRIOR_AUDITS) - below) / PRIOR_AUDITS
    return max(0.0, float(np.minimum(np.append(scores[order], np.inf), free).max()))


def _fit_sizes(y: Floats, amount: Floats) -> Sizes:
    """Fit the sizes on the adjusted audits, of which `PRIOR_ADJUSTED` with `PRIOR_RATIOS` are assumed."""
    adjusted = y != 0
    ratios = np.concatenate([np.abs(y[adjusted]) / amount[adjusted], PRIOR_RATIOS])
    nodes, nearness = _localised(np.log(amount[adjusted]))
    prior = np.full((len(nodes), len(PRIOR_RATIOS)), PRIOR_ADJUSTED / len(PRIOR_RATIOS))
    order = np.argsort(ratios, kind="stable")
    weight = np.hstack([nearness, prior])[:, order]
    levels = (np.cumsum(weight, axis=1) + (1 - weight) / 2) / (weight.sum(axis=1, keepdims=True) + 1)
    return Sizes(nodes, np.array([np.interp(LEVELS, each, ratios[order]) for each in levels]))


def _localised(values: Floats) -> tuple[Floats, Floats]:
    """Return the values at `NODES`, and how near each value is to each of them (nodes, n)."""
    if not len(values):
        return np.zeros(1), np.zeros((1, 0))
    ends = (np.searchsorted(np.sort(values), values, side=side) for side in ("left", "right"))
    position = sum(ends) / (2 * len(values))
    distance = (position - NODES[:, None]) / BANDWIDTH
    return np.quantile(values, NODES), np.exp(-0.5 * distance**2)


def _between_nodes(amount: Floats, nodes: Floats) -> tuple[np.ndarray, Floats]:
    """Return the node at or below each amount, and the weight of the next one."""
    position = np.interp(np.log(amount), nodes, np.arange(len(nodes), dtype=np.float64))
    row = position.astype(np.intp)
    return row, position - row


def _log_money(probability: Floats, amount: Floats) -> Floats:
    return np.asarray(np.log(np.maximum(probability, SMALLEST)) + np.log(amount), np.float64)
