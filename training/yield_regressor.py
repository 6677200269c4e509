"""scikit-learn: a yield model as one of its regressors, and audits split by the day on which they opened."""

from collections.abc import Iterator
from datetime import date
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from features.errors import SettingError
from features.spine import months_before
from models.base import YieldModel
from models.fitting.matrix import MatrixLike, VectorLike, as_vector, read_table
from models.hurdle import HurdleModel
from models.prediction import Explanation, Floats, Prediction
from training.backtest.metrics import gini_by


class YieldRegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A yield model in scikit-learn's words: `predict` gives the expected money of each row as one array.

    `model` is any `YieldModel`, unfitted; a `HurdleModel` where it is None. Its parameters are reached as
    `model__coverage` and so on. `fit` clones it and learns `model_`, which predicts and explains as bundles
    do. Empty values are NaN. It refuses with a ValueError, as scikit-learn's own do.
    """

    def __init__(self, model: YieldModel | None = None) -> None:
        self.model = model

    def fit(
        self,
        X: MatrixLike,
        y: VectorLike,
        sample_weight: VectorLike | None = None,
        audits: Any = None,
    ) -> Self:
        """Learn from audits and their money, as `YieldModel.fit` does."""
        matrix, money = validate_data(
            self, _frame(X), y, dtype=np.float64, ensure_all_finite="allow-nan", y_numeric=True
        )
        weight = sample_weight
        if weight is not None:
            weight = _check_sample_weight(weight, matrix, dtype=np.float64, ensure_non_negative=True)
        unfitted = HurdleModel() if self.model is None else clone(self.model)
        try:
            self.model_ = unfitted.fit(self._named(matrix), money, sample_weight=weight, audits=audits)
        except SettingError as error:
            raise ValueError(str(error)) from error
        return self

    def predict(self, X: MatrixLike) -> Floats:
        """Return the money (n,) that an audit of each row is expected to bring."""
        return self._outcome(X).expected

    def predict_probability(self, X: MatrixLike) -> Floats:
        """Return the probability (n,) that an audit of each row ends in an adjustment, up or down."""
        return self._outcome(X).probability

    def predict_interval(self, X: MatrixLike) -> Floats:
        """Return the ends (n, 2) between which the money lies with the model's coverage."""
        outcome = self._outcome(X)
        return np.column_stack([outcome.low, outcome.high])

    def explain(self, X: MatrixLike) -> Explanation:
        """Return what each feature adds to the money of each row."""
        return self._fitted().explain(self._rows(X))

    def _outcome(self, X: MatrixLike) -> Prediction:
        return self._fitted().predict(self._rows(X))

    def _fitted(self) -> YieldModel:
        check_is_fitted(self)
        return self.model_

    def _rows(self, X: MatrixLike) -> MatrixLike:
        matrix = validate_data(self, _frame(X), dtype=np.float64, ensure_all_finite="allow-nan", reset=False)
        return self._named(matrix)

    def _named(self, matrix: Floats) -> MatrixLike:
        """Return the matrix as a table where names are known: features at stake are found by them."""
        names = getattr(self, "feature_names_in_", None)
        return matrix if names is None else pa.table(dict(zip(names, matrix.T, strict=True)))

    def __sklearn_tags__(self) -> Any:
        """Return the tags: empty values are allowed, and the score of a test on normal noise may be poor."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.regressor_tags.poor_score = True
        return tags


class AuditDaySplit:
    """Folds by rolling origin, for `cv=` of scikit-learn: learn what had closed, test on what opens then.

    - `audits`: a table with `opened_on` and `closed_on`, a row for each row that is split.
    - `n_splits` folds of `months` each; the last ends on the day after the newest audit opened, so that an
      audit closed on the day of a fold or later is not learned from, and none is in both parts.

    In a random split an audit's neighbours in time tell its outcome.
    """

    def __init__(self, audits: Any, *, n_splits: int = 4, months: int = 6) -> None:
        self.audits, self.n_splits, self.months = audits, n_splits, months

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:  # noqa: ARG002  scikit-learn's
        """Return how many folds there are."""
        return self.n_splits

    def split(
        self,
        X: Any,
        y: Any = None,  # noqa: ARG002  scikit-learn's
        groups: Any = None,  # noqa: ARG002  as above
    ) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Yield the positions to learn from and to test on, the oldest fold first.

        Raises `SettingError` where the rows are not as many as the audits, or a fold has none to learn from
        or to test on.
        """
        opened, closed = (_days(self.audits, name) for name in ("opened_on", "closed_on"))
        if len(X) != len(opened):
            raise SettingError(
                f"There are {len(X)} rows to split and {len(opened)} audits.",
                expected="the audits of these rows, in the same order.",
                advice="Filter rows and audits together.",
            )
        end: date = (opened.max() + np.timedelta64(1, "D")).item()
        for step in range(self.n_splits, 0, -1):
            day, until = (
                np.datetime64(months_before(end, months * self.months), "D") for months in (step, step - 1)
            )
            learned = np.flatnonzero(closed < day)
            tested = np.flatnonzero((opened >= day) & (opened < until))
            if not len(learned) or not len(tested):
                raise SettingError(
                    f"The fold of {day} would learn from {len(learned)} audits and test on {len(tested)}.",
                    expected="audits closed before its day and audits opened from then on.",
                    advice="Choose fewer or shorter folds.",
                )
            yield learned, tested


def yield_gini(y_true: VectorLike, y_pred: VectorLike) -> float:
    """Return the Gini coefficient of the yield in the order predicted: `make_scorer` takes it.

    1 is the order of the outcomes, 0 one by chance. Money is heavy-tailed: what R² says rests on a handful
    of audits.
    """
    money, by = as_vector(y_true, what="outcomes"), as_vector(y_pred, what="predictions")
    return float(gini_by(money, by=by, weight=np.ones_like(money)))


def _frame(X: MatrixLike) -> Any:
    """Return a table of Arrow's as a frame, whose names scikit-learn reads; all else as it is."""
    return X.to_pandas() if isinstance(X, pa.Table) else X


def _days(audits: Any, name: str) -> NDArray[np.datetime64]:
    return np.asarray(read_table(audits)[name].cast(pa.date32()).to_numpy(), "datetime64[D]")
