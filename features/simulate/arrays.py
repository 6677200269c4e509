"""Array types of the simulation, and operations on dataclasses of columns: take and stack rows."""

from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.integer[Any]]
Flags = NDArray[np.bool_]
Array = NDArray[Any]

Columnar = TypeVar("Columnar")
"""An array, or a dataclass of arrays of one length."""


def columns(table: object) -> dict[str, Any]:
    """Return the columns of a dataclass: arrays of one length, or dataclasses of such arrays."""
    return {column.name: getattr(table, column.name) for column in fields(cast(Any, table))}


def take(table: Columnar, rows: Array) -> Columnar:
    """Return the `rows` (indices or a mask) of a dataclass of columns, as copies."""
    if not is_dataclass(table):
        return cast(Columnar, cast(Any, table)[rows])
    build: Any = type(table)
    return cast(Columnar, build(**{name: take(values, rows) for name, values in columns(table).items()}))


def stack(first: Columnar, *others: Columnar) -> Columnar:
    """Return the rows of all the tables, one below the other."""
    if not is_dataclass(first):
        return cast(Columnar, np.concatenate(cast(Any, (first, *others))))
    tables = [columns(table) for table in (first, *others)]
    build: Any = type(first)
    return cast(Columnar, build(**{name: stack(*(table[name] for table in tables)) for name in tables[0]}))


def group_positions(groups: Whole) -> Whole:
    """Return 0, 1, 2, … within each run of equal `groups`, which must stand together."""
    if groups.size == 0:
        return groups.astype(np.int64)
    starts = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]])
    lengths = np.diff(np.r_[starts, groups.size])
    return np.arange(groups.size) - np.repeat(starts, lengths)
