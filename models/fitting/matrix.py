"""Validation of inputs: rows as a matrix of float64 with NaN for empty values, targets and weights."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from features.errors import SettingError
from models.prediction import Floats

FEWEST_AUDITS = 20


def column_names(X: Floats | pa.Table) -> tuple[str, ...]:
    """Return the names of the columns: a table's own, else x0, x1 and so on."""
    if isinstance(X, pa.Table):
        return tuple(X.column_names)
    return tuple(f"x{number}" for number in range(np.shape(X)[1]))


def as_matrix(X: Floats | pa.Table, *, names: Sequence[str] | None = None) -> Floats:
    """Return the rows as a matrix (n, p) of float64.

    With `names`, the columns a model was fitted with, a table's columns are taken by name and a matrix must
    have as many. Raises `SettingError` where they are not there, or a value is infinite.
    """
    matrix = _from_table(X, names) if isinstance(X, pa.Table) else np.asarray(X, np.float64)
    if matrix.ndim != 2 or (names is not None and matrix.shape[1] != len(names)):
        raise SettingError(
            f"The rows are an array of shape {matrix.shape}.",
            expected="two dimensions" + (f" and {len(names)} columns." if names is not None else "."),
            advice="Pass one row a trader and one column a feature.",
        )
    if np.isinf(matrix).any():
        raise SettingError(
            "The rows hold an infinite value.",
            expected="numbers, and NaN where a value is unknown.",
            advice="Find where a division by zero came in.",
        )
    return matrix


def _from_table(table: pa.Table, names: Sequence[str] | None) -> Floats:
    if lacking := [name for name in names or () if name not in table.column_names]:
        raise SettingError(
            f"The table lacks {', '.join(lacking[:5])}.",
            expected="a column for each feature the model was fitted with.",
            advice="Build the features with the same feature set.",
        )
    columns = [table[name].cast(pa.float64()) for name in (names or table.column_names)]
    return np.column_stack([column.fill_null(float("nan")).to_numpy() for column in columns])


def as_target(y: Floats, *, rows: int, fewest: int = FEWEST_AUDITS) -> Floats:
    """Return the money (n,), of at least the `fewest` audits, one of them adjusted where that is above 0.

    Raises `SettingError` where it does not fit the rows, is no number, or teaches too little.
    """
    target = np.asarray(y, np.float64)
    if target.shape != (rows,) or not np.isfinite(target).all():
        raise SettingError(
            f"The outcomes have shape {target.shape}, and {np.count_nonzero(~np.isfinite(target))} "
            "of them are no numbers.",
            expected=f"one finite amount for each of the {rows} rows.",
            advice="Leave out audits that are still open: they have no outcome yet.",
        )
    if rows < fewest or (fewest and not (target != 0).any()):
        raise SettingError(
            f"There are {rows} closed audits, {int((target != 0).sum())} of them with an adjustment.",
            expected=f"at least {fewest} closed audits and one adjustment to learn from.",
            advice="Take a later day, or audit more traders first.",
        )
    return target


def as_weight(weight: Floats | None, *, rows: int) -> Floats:
    """Return the weights (n,), one each where none are given."""
    weights = np.ones(rows) if weight is None else np.asarray(weight, np.float64)
    if (
        weights.shape != (rows,)
        or not np.isfinite(weights).all()
        or (weights < 0).any()
        or (rows and not weights.any())
    ):
        raise SettingError(
            f"The weights are an array of shape {weights.shape}.",
            expected=f"one finite weight for each of the {rows} rows, none negative, some above 0.",
            advice="Leave them out to weigh all audits alike.",
        )
    return weights
