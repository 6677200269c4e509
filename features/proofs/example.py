"""Worked examples: the rows of one as a table, and the value that the feature gives for them."""

import datetime as dt

import ibis
import pyarrow as pa
from ibis.expr import types as ir

from features.data.contract import TABLES
from features.data.warehouse.engine import execute_in_memory
from features.exact import order_free
from features.feature import Feature

CONTRACT_TYPES = {
    column.name: column.kind.ibis.to_pyarrow() for table in TABLES.values() for column in table.columns
}
PYTHON_TYPES = {
    bool: pa.bool_(),
    float: pa.float64(),
    int: pa.int64(),
    str: pa.string(),
    dt.date: pa.date32(),
}


def worked_value(feature: Feature) -> float | None:
    """Return the value of a feature for the rows of its worked example, None where it is empty."""
    rows = example_rows(feature)
    if feature.source is None:
        table = rows.select(value=feature.function(*(rows[name] for name in feature.parameters)))
    else:
        table = rows.aggregate(value=order_free(feature.function(rows)))
    [value] = execute_in_memory(table)["value"].to_pylist()
    return None if value is None else float(value)


def example_rows(feature: Feature) -> ir.Table:
    """Return the rows of a feature's worked example."""
    columns = dict(zip(feature.columns, zip(*feature.example.rows, strict=True), strict=True))
    return ibis.memtable(pa.table({name: _array(name, values) for name, values in columns.items()}))


def _array(name: str, values: tuple[object, ...]) -> pa.Array:
    given = [value for value in values if value is not None]
    return pa.array(values, PYTHON_TYPES[type(given[0])] if given else CONTRACT_TYPES[name])
