"""Matrices: rows of any table by the names of its columns, or of an array by position, as float64."""

from collections import Counter
from collections.abc import Sequence
from typing import Protocol, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.data.contract.rule import LARGEST_WHOLE
from features.errors import SettingError, did_you_mean, listed
from models.prediction import Floats


class ArrowStream(Protocol):
    """A table, or a column, that hands itself on by Arrow's C interface: pyarrow's, pandas', polars'."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return the stream as a capsule."""


MatrixLike: TypeAlias = Floats | pa.Table | ArrowStream | Sequence[Sequence[float]]
VectorLike: TypeAlias = Floats | pa.Array | ArrowStream | Sequence[float]


def read_rows(X: MatrixLike) -> pa.Table | NDArray[np.generic]:
    """Return a table, of whatever library it is, as Arrow's, and all else as an array of numbers."""
    return read_table(X) if hasattr(X, "__arrow_c_stream__") else _numbers(X, what="rows")


def read_table(table: object) -> pa.Table:
    """Return a table, of whatever library it is, as Arrow's; the index of a pandas frame is no column of it.

    Raises `SettingError` for what is no table, and where two columns have one name.
    """
    try:
        read = pa.table(table)
    except (ValueError, TypeError, NotImplementedError, pa.ArrowException) as error:
        raise SettingError(
            f"The {_kind(table)} cannot be read as a table: {error}.",
            expected="a table of pyarrow, pandas or polars, each column of one type and with its own name.",
            advice="Select the columns that are needed, and give each one type.",
        ) from error
    if repeated := [name for name, times in Counter(read.column_names).items() if times > 1]:
        raise SettingError(
            f"The table has {len(repeated)} names of columns more than once: {listed(repeated)}.",
            expected="one column for each name.",
            advice="Rename or drop the others.",
        )
    index = (read.schema.pandas_metadata or {}).get("index_columns", ())
    return read.drop_columns([name for name in read.column_names if name in index])


def column_names(X: pa.Table | NDArray[np.generic]) -> tuple[str, ...]:
    """Return the names of the columns: a table's own, else x0, x1 and so on."""
    if isinstance(X, pa.Table):
        return tuple(X.column_names)
    return tuple(f"x{number}" for number in range(np.shape(X)[1]))


def as_matrix(X: MatrixLike, *, names: Sequence[str] | None = None) -> Floats:
    """Return the rows as a matrix (n, p) of float64, NaN where a value is unknown.

    `names` are the columns a model was fitted with. A table's columns are taken by these names, whatever
    their order, and its others are left alone; an array's are taken by position and must be as many. Whole
    numbers, decimals, true and false become float64 exactly, or the nearest. Raises `SettingError` where a
    column is not there, is not of numbers, or a value is infinite.
    """
    rows = read_rows(X)
    if isinstance(rows, pa.Table):
        wanted = tuple(names or rows.column_names)
        matrix = _from_table(rows, wanted)
    else:
        matrix = rows.astype(np.float64, copy=False)
        _require_shape(matrix, names)
        wanted = tuple(names or column_names(matrix))
    if np.isinf(matrix).any():
        infinite = [wanted[column] for column in np.flatnonzero(np.isinf(matrix).any(axis=0))]
        raise SettingError(
            f"The rows hold an infinite value in {listed(infinite)}.",
            expected="numbers, and NaN where a value is unknown.",
            advice="Find where a division by zero came in.",
        )
    return matrix


def _from_table(table: pa.Table, names: Sequence[str]) -> Floats:
    present = set(table.column_names)
    if lacking := [name for name in names if name not in present]:
        raise SettingError(
            f"The table lacks {len(lacking)} of the {len(names)} columns: {listed(lacking)}.",
            expected="a column for each feature the model was fitted with, by its name, in any order.",
            advice="Build the features with the same feature set."
            + did_you_mean(lacking[0], present - set(names)),
        )
    if not names:
        raise SettingError(
            "The table has no column.",
            expected="a column for each feature.",
            advice="Select the features to learn from.",
        )
    return np.column_stack([_floats(table[name], what=f"column {name}") for name in names])


def _require_shape(matrix: Floats, names: Sequence[str] | None) -> None:
    if matrix.ndim != 2 or not matrix.shape[1] or (names is not None and matrix.shape[1] != len(names)):
        raise SettingError(
            f"The rows are an array of shape {matrix.shape}.",
            expected="two dimensions" + (f" and {len(names)} columns." if names is not None else "."),
            advice="Pass one row a trader and one column a feature; columns of an array go by position.",
        )


def _floats(column: pa.ChunkedArray, *, what: str) -> Floats:
    """Return a column of Arrow's as float64, NaN where it is empty."""
    kind, types = column.type, pa.types
    if types.is_decimal(kind):
        column = column.cast(pa.string())  # Arrow's own cast to float64 misses the nearest one time in eight
    elif not any(
        is_number(kind)
        for is_number in (types.is_floating, types.is_integer, types.is_boolean, types.is_null)
    ):
        raise SettingError(
            f"The {what} holds {kind}.",
            expected="numbers, true and false, and nothing where a value is unknown.",
            advice="Make numbers of texts, days and categories yourself: how is part of the model.",
        )
    try:
        values = column.cast(pa.float64())
    except pa.ArrowInvalid as error:
        raise _too_large(what) from error
    return np.asarray(values.fill_null(float("nan")).to_numpy(), np.float64)


def _numbers(values: object, *, what: str) -> NDArray[np.generic]:
    """Return an array of numbers; hidden values of a masked one are NaN."""
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise _no_numbers(f"{_kind(values)} of rows of different lengths", what) from error
    if array.dtype.kind not in "biuf":
        raise _no_numbers(f"{_kind(values)} of {array.dtype}", what)
    if array.dtype.kind in "iu" and array.size and max(-int(array.min()), int(array.max())) > LARGEST_WHOLE:
        raise _too_large(f"array of {what}")
    if isinstance(values, np.ma.MaskedArray):
        return np.where(np.ma.getmaskarray(values), np.nan, array)
    return array


def _no_numbers(shown: str, what: str) -> SettingError:
    return SettingError(
        f"The {what} are {shown}.",
        expected="a table of pyarrow, pandas or polars, or an array of numbers, NaN where one is unknown.",
        advice="Make numbers of texts, days and categories yourself: how is part of the model.",
    )


def _too_large(what: str) -> SettingError:
    return SettingError(
        f"The {what} holds whole numbers beyond {LARGEST_WHOLE:,}.",
        expected="numbers that float64 holds exactly.",
        advice="Leave identifiers out; convert to float64 yourself if the rounding does no harm.",
    )


def as_vector(values: VectorLike, *, what: str) -> Floats:
    """Return a column, whatever library it is of, or an array as float64."""
    if hasattr(values, "__arrow_c_stream__") or hasattr(values, "__arrow_c_array__"):
        return _floats(pa.chunked_array(values), what=f"column of {what}")
    return _numbers(values, what=what).astype(np.float64, copy=False)


def _kind(values: object) -> str:
    return f"{type(values).__module__.partition('.')[0]}.{type(values).__name__}"
