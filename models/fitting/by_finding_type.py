"""Split of the expected money by finding type, by multinomial trees or overall shares."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from features.data.contract.required import FINDING_TYPES
from models.fitting.boosting import Growth, Sample, grow
from models.fitting.margin import Trees, threads
from models.prediction import Floats, row_sums

FEWEST_ADJUSTED = 60
PRIOR_AUDITS = 5.0
ROUNDS = 200
LEARNING_RATE = 0.08


@dataclass(frozen=True)
class Split:
    """Shares of money by finding type; `trees` are absent where too few audits teach them."""

    shares: Floats
    trees: Trees | None

    def divide(self, X: Floats, expected: Floats) -> Floats:
        """Return the expected money by finding type (n, types); each row adds up to it."""
        shares = np.tile(self.shares, (len(X), 1)) if self.trees is None else self._shares(X)
        parts = expected[:, None] * shares
        largest = np.argmax(shares, axis=1)
        rows = np.arange(len(X))
        parts[rows, largest] += expected - row_sums(parts)
        return np.asarray(parts, np.float64)

    def _shares(self, X: Floats) -> Floats:
        """Softmax of the margins of the types that occur, around their overall shares."""
        [booster] = self.trees.boosters if self.trees else ()
        occurring = np.flatnonzero(self.shares > 0)
        margins = np.asarray(booster.predict(X, raw_score=True, **threads(X))).reshape(len(X), len(occurring))
        odds = np.exp(margins - margins.max(axis=1, keepdims=True))
        shares = np.zeros((len(X), len(self.shares)))
        shares[:, occurring] = odds / row_sums(odds)[:, None]
        return shares

    def values(self) -> dict[str, Any]:
        """Return what is not trees as data."""
        return {"shares": self.shares.tolist()}

    @classmethod
    def read(cls, values: Mapping[str, Any], trees: Trees | None) -> "Split":
        """Return the split of such data."""
        return cls(np.array(values["shares"], np.float64), trees)


def fit_split(X: Floats, audits: pa.Table | None, *, weight: Floats, seed: int) -> Split:
    """Learn the split from the audits' amounts by finding type; evenly spread where none are known.

    Each adjusted audit teaches with a weight of one, spread over its types as its money is (by size: a refund
    counts as an error of its type).
    """
    if audits is None:
        return Split(np.full(len(FINDING_TYPES), 1 / len(FINDING_TYPES)), None)
    amounts = np.column_stack([np.abs(audits[f"{kind}_amount"].to_numpy()) for kind in FINDING_TYPES])
    sums = amounts.sum(axis=1)
    adjusted = np.flatnonzero(sums > 0)
    parts = amounts[adjusted] / sums[adjusted, None] * weight[adjusted, None]
    prior = PRIOR_AUDITS / len(FINDING_TYPES)
    shares = (parts.sum(axis=0) + prior) / (parts.sum() + PRIOR_AUDITS)
    occurring = np.flatnonzero(parts.sum(axis=0) > 0)
    if len(adjusted) < FEWEST_ADJUSTED or len(occurring) < 2:
        return Split(shares, None)
    shares = np.where(np.isin(np.arange(len(shares)), occurring), parts.sum(axis=0) / parts.sum(), 0.0)
    return Split(shares, _trees(X[adjusted], parts[:, occurring], seed=seed))


def _trees(X: Floats, parts: Floats, *, seed: int) -> Trees:
    """Grow multinomial trees on a row for each audit and type with money, weighted by its share."""
    row, kind = np.nonzero(parts)
    growth = Growth(
        objective="multiclass",
        rounds=ROUNDS,
        learning_rate=LEARNING_RATE,
        bags=1,
        seed=seed,
        num_leaves=4,
        options={"num_class": parts.shape[1]},
    )
    sample = Sample(
        X=X[row],
        target=kind.astype(np.float64),
        weight=parts[row, kind],
        offset=None,
        monotone=(),
    )
    return grow(sample, growth)
