"""The array types of the simulation, and the two ways every table of arrays is cut."""

from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.integer[Any]]
Flags = NDArray[np.bool_]
Array = NDArray[Any]

Rows = TypeVar("Rows")


def columns(table: object) -> dict[str, Any]:
    """Return the columns of a dataclass: arrays of one length, or dataclasses of such arrays."""
    return {column.name: getattr(table, column.name) for column in fields(cast(Any, table))}


def take(table: Rows, rows: Array) -> Rows:
    """Return the `rows` (indices or a mask) of a dataclass of columns, as copies."""
    if not is_dataclass(table):
        return cast(Rows, cast(Any, table)[rows])
    build: Any = type(table)
    return cast(Rows, build(**{name: take(values, rows) for name, values in columns(table).items()}))


def stack(first: Rows, *others: Rows) -> Rows:
    """Return the rows of all the tables, one below the other."""
    if not is_dataclass(first):
        return cast(Rows, np.concatenate(cast(Any, (first, *others))))
    tables = [columns(table) for table in (first, *others)]
    build: Any = type(first)
    return cast(Rows, build(**{name: stack(*(table[name] for table in tables)) for name in tables[0]}))


def group_positions(groups: Whole) -> Whole:
    """Return 0, 1, 2, … within each run of equal `groups`, which must stand together."""
    if groups.size == 0:
        return groups.astype(np.int64)
    starts = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]])
    lengths = np.diff(np.r_[starts, groups.size])
    return np.arange(groups.size) - np.repeat(starts, lengths)
