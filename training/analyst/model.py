"""Model: what an analyst fits to the page, a hurdle with LightGBM as people use it, its total rescaled."""

from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import lightgbm as lgb
import numpy as np
import pyarrow as pa

from features.data.contract.required import FINDING_TYPES
from models.fitting.matrix import as_matrix
from models.prediction import PER_TRADER, Floats, Prediction

ANALYST = "analyst"
"""The name of the rival, among the models of a backtest."""
ROUNDS = 200
GROWTH = {
    "learning_rate": 0.05,
    "num_leaves": 8,
    "min_data_in_leaf": 20,
    "verbosity": -1,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
}
"""Smaller trees and steps than LightGBM's own defaults: what anyone would choose for a thousand audits."""
BLOCKS = 5


@dataclass(kw_only=True, eq=False)
class AnalystModel:
    """P(adjustment) x E[amount | more was due], each by boosted trees; it is tried and never serves.

    The total is scaled to the money found in cross-validation, refunds taken off. The interval reaches from
    nothing to a multiple of the expected money, so that it covers what it promises there.
    """

    kind: ClassVar[str] = ANALYST
    seed: int = 0
    coverage: float = 0.9
    feature_names_in_: tuple[str, ...] = field(init=False, repr=False)
    chance_: lgb.Booster = field(init=False, repr=False)
    amount_: lgb.Booster | None = field(init=False, repr=False)
    factor_: float = field(init=False, repr=False)
    reach_: float = field(init=False, repr=False)

    def fit(
        self,
        X: pa.Table,
        y: Floats,
        *,
        sample_weight: Floats | None = None,
        audits: pa.Table | None = None,  # noqa: ARG002  as every model's
    ) -> Self:
        """Learn from audits in order of opening: the columns of the page, and their money `y` (n,)."""
        matrix, weight = as_matrix(X), np.ones(len(y)) if sample_weight is None else sample_weight
        self.feature_names_in_ = tuple(X.column_names)
        held_out, block = np.zeros(len(y)), np.arange(len(y)) % BLOCKS
        for number in range(BLOCKS):
            rest = block != number
            self._grow(matrix[rest], y[rest], weight[rest])
            held_out[~rest] = self._money(matrix[~rest])
        self._grow(matrix, y, weight)
        predicted, total = float(weight @ held_out), float(weight @ y)
        self.factor_ = total / predicted if predicted > 0 and total > 0 else 1.0
        some = held_out > 0  # nothing is expected where no audit brought anything
        ratios = y[some] / (self.factor_ * held_out[some])
        self.reach_ = max(float(np.quantile(ratios, self.coverage)), 1.0) if some.any() else 1.0
        return self

    def predict(self, X: pa.Table) -> Prediction:
        """Predict the money of each row."""
        matrix = as_matrix(X, names=self.feature_names_in_)
        expected = self.factor_ * self._money(matrix)
        by_type = np.zeros((len(matrix), len(FINDING_TYPES)))
        by_type[:, -1] = expected
        low, high = np.zeros_like(expected), self.reach_ * expected
        columns = {name: low if name.startswith("low") else high for name in PER_TRADER}
        columns |= {"expected": expected, "probability": np.asarray(self.chance_.predict(matrix))}
        return Prediction(**columns, by_type=by_type, types=FINDING_TYPES)

    def _grow(self, matrix: Floats, y: Floats, weight: Floats) -> None:
        paid = y > 0
        self.chance_ = self._booster(matrix, (y != 0).astype(np.float64), weight, objective="binary")
        self.amount_ = (
            self._booster(matrix[paid], y[paid], weight[paid], objective="gamma") if paid.any() else None
        )

    def _booster(self, matrix: Floats, target: Floats, weight: Floats, *, objective: str) -> lgb.Booster:
        parameters: dict[str, Any] = {"objective": objective, "seed": self.seed, **GROWTH}
        return lgb.train(parameters, lgb.Dataset(matrix, target, weight=weight), num_boost_round=ROUNDS)

    def _money(self, matrix: Floats) -> Floats:
        if self.amount_ is None:
            return np.zeros(len(matrix))
        chance, amount = self.chance_.predict(matrix), self.amount_.predict(matrix)
        return np.multiply(chance, amount, dtype=np.float64)
