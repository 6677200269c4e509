"""Statistics of columns, from the one scan that a check makes of a table."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from ibis.expr import types as ir

from features.data.contract import Column, ColumnType


@dataclass(frozen=True)
class ColumnStatistics:
    """How many rows fill a column, and its lowest and highest value, None where no row does.

    Days are ISO text (Python has none after the year 9999), flags 0 and 1. `magnitude` is the sum of the
    absolute values of a number, None for other types.
    """

    filled: int
    lowest: Any
    highest: Any
    magnitude: float | None

    @classmethod
    def of(cls, scan: Mapping[str, Any], name: str) -> Self:
        """Return the statistics of a column from the sums of `statistics_of`."""
        return cls(
            int(scan[f"filled_{name}"]),
            scan[f"lowest_{name}"],
            scan[f"highest_{name}"],
            scan.get(f"magnitude_{name}"),
        )


def statistics_of(value: ir.Column, column: Column) -> dict[str, ir.Scalar]:
    """Return the sums by which `ColumnStatistics.of` describes a column."""
    name = column.name
    ordered = value.cast("int32") if column.kind is ColumnType.FLAG else value
    lowest, highest = ordered.min(), ordered.max()
    if column.kind is ColumnType.DAY:
        lowest, highest = lowest.cast("string"), highest.cast("string")
    sums = {f"filled_{name}": value.count(), f"lowest_{name}": lowest, f"highest_{name}": highest}
    return sums | ({f"magnitude_{name}": value.abs().sum()} if column.kind is ColumnType.NUMBER else {})


def read_to_the_end(value: ir.Column, kind: ColumnType) -> ir.Scalar:
    """Return a sum that reads every value: a file's statistics would answer for its damaged pages."""
    if kind is ColumnType.TEXT:
        return value.length().sum()
    return value.year().sum() if kind is ColumnType.DAY else value.sum()
