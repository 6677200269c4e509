"""Predictions and explanations: expected money, probability, interval, and contributions in money."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Floats = NDArray[np.float64]
PER_TRADER = ("expected", "probability", "low", "high", "low_if_adjusted", "high_if_adjusted")
"""The parts of a prediction that are one number a trader."""


def row_sums(parts: Floats) -> Floats:
    """Return the sum of each row, column by column.

    NumPy's own sum groups terms by the array's shape: a row alone would get other bits than among others. Its
    running sum does not.
    """
    last = np.cumsum(parts, axis=1, dtype=np.float64)[:, -1:]
    return np.asarray(last.sum(axis=1) + 0.0, np.float64)  # 0 without columns; no negative nothing


@dataclass(frozen=True)
class Prediction:
    """Predicted outcomes of a reference audit of `n` traders: a field audit by a team of average skill.

    - `expected` (n,): money, net of refunds.
    - `probability` (n,): that an adjustment, up or down, would be booked.
    - `low`, `high` (n,): between them the money of such an audit lies with at least the model's coverage
      (0.9); 0 is between them.
    - `low_if_adjusted`, `high_if_adjusted` (n,): the same of audits that end in an adjustment.
    - `by_type` (n, len(types)): `expected` split by finding type; a row adds up to it.
    """

    expected: Floats
    probability: Floats
    low: Floats
    high: Floats
    low_if_adjusted: Floats
    high_if_adjusted: Floats
    by_type: Floats
    types: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.expected)

    def __repr__(self) -> str:
        return (
            f"Prediction(rows={len(self):,}, expected={_range(self.expected, ',.0f')}, "
            f"probability={_range(self.probability, '.1%')})"
        )

    def to_pandas(self) -> Any:
        """Return a frame: the columns `PER_TRADER`, then `by_type_` and the finding type; needs pandas."""
        columns = {name: getattr(self, name) for name in PER_TRADER}
        by_type = {f"by_type_{name}": money for name, money in zip(self.types, self.by_type.T, strict=True)}
        return pa.table(columns | by_type).to_pandas()

    @cached_property
    def matrix(self) -> Floats:
        """The same as a matrix (n, 6 + types): the numbers of `PER_TRADER`, then the split by type."""
        return np.column_stack([*(getattr(self, name) for name in PER_TRADER), self.by_type])

    @classmethod
    def of_matrix(cls, matrix: Floats, types: tuple[str, ...]) -> "Prediction":
        """Return the predictions that such a matrix holds."""
        numbers = dict(zip(PER_TRADER, matrix.T, strict=False))
        prediction = cls(**numbers, by_type=matrix[:, len(PER_TRADER) :], types=types)
        vars(prediction)["matrix"] = matrix
        return prediction

    def deviation(self, spread: float) -> Floats:
        """Return the standard deviation of the money of each audit (n,).

        `spread` is the squared coefficient of variation of adjustments about their expected size
        (`models.fitting.interval.Sizes.spread`); what does not end in an adjustment is 0.
        """
        squares = self.expected**2 / np.maximum(self.probability, 1e-9) * (1 + spread)
        return np.sqrt(np.maximum(squares - self.expected**2, 1e-12))

    def taken(self, rows: Sequence[int] | slice | NDArray[np.bool_]) -> "Prediction":
        """Return the predictions of some rows."""
        return Prediction.of_matrix(self.matrix[rows], self.types)


@dataclass(frozen=True)
class ExpectedOutcome:
    """What a model expects of an audit of each of `n` traders.

    - `money` (n,): net of refunds.
    - `probability` (n,): that there is an adjustment, up or down.
    - `amount` (n,): the size of an adjustment, above 0; `upward` (n,): the chance that one brings revenue.
    """

    money: Floats
    probability: Floats
    amount: Floats
    upward: Floats


@dataclass(frozen=True)
class Explanation:
    """The expected money of `n` traders as a base and what each feature adds or takes away.

    `base + contributions.sum(axis=1)` is `total`, the prediction's `expected`. `base` is the same for all.
    `contributions` (n, len(names)) is in money; `names` are features, or groups of them.
    """

    base: float
    contributions: Floats
    total: Floats
    names: tuple[str, ...]

    def __repr__(self) -> str:
        return (
            f"Explanation(rows={len(self.total):,}, names={len(self.names):,}, base={self.base:,.0f}, "
            f"total={_range(self.total, ',.0f')})"
        )

    def to_pandas(self) -> Any:
        """Return a frame of the contributions, a column a name; needs pandas."""
        return pa.table(dict(zip(self.names, self.contributions.T, strict=True))).to_pandas()

    def to_shap(self, X: Any = None, *, labels: Mapping[str, str] | None = None) -> Any:
        """Return a `shap.Explanation`, which shap's beeswarm, waterfall and scatter draw; needs shap.

        `X` is the table that was explained, whose values give the dots their colour: pyarrow's, pandas' or
        polars'. `labels` are the words for each name.
        """
        import shap

        data = None
        if X is not None:
            data = np.column_stack([np.asarray(X[name].to_numpy(), np.float64) for name in self.names])
        return shap.Explanation(
            values=self.contributions,
            base_values=np.full(len(self.total), self.base),
            data=data,
            feature_names=[(labels or {}).get(name, name) for name in self.names],
        )

    def taken(self, rows: Sequence[int]) -> "Explanation":
        """Return the explanations of some rows."""
        return replace(self, contributions=self.contributions[rows], total=self.total[rows])

    def grouped(self, groups: Mapping[str, str]) -> "Explanation":
        """Return the explanation by group, such as family or finding type; it still adds up.

        `groups` gives the group of each name; one that it lacks stands for itself.
        """
        of_each = [groups.get(name, name) for name in self.names]
        names = tuple(dict.fromkeys(of_each))
        member = np.array([[group == name for name in names] for group in of_each], dtype=np.float64)
        return replace(self, contributions=self.contributions @ member, names=names)


def _range(values: Floats, form: str) -> str:
    """Return the lowest and the highest value as a person reads them."""
    return f"{values.min():{form}} to {values.max():{form}}" if len(values) else "none"
