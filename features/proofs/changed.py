"""Changed tables: in another order, with less in them, or with numbers at the ends of their domain."""

import math
from collections.abc import Callable, Iterable, Mapping
from functools import partial

import numpy as np

from features.data.contract import TABLES, ColumnType
from features.data.contract.rule import LARGEST_NUMBER, LARGEST_RATE
from features.proofs.draw import Draw
from features.proofs.tables import Row, Tables
from features.unit import Unit

RATES = (0.0, 0.1, LARGEST_RATE)
SIZES = (0.0, 1e-6, 1e-4, 0.01, 1.0, 1e13, LARGEST_NUMBER)


def with_rows(tables: Tables, name: str, change: Callable[[Row], Row]) -> Tables:
    """Return the tables with each row of one of them changed."""
    return tables | {name: [change(row) for row in tables[name]]}


def shuffled(tables: Tables, seed: int) -> Tables:
    """Return the same rows in another order."""
    draw = Draw(seed)
    return {name: draw.sample(rows, len(rows)) for name, rows in tables.items()}


def without(tables: Tables, column: str) -> Tables:
    """Return the tables without a table, or without a column named as `table.column`."""
    table, _, name = column.partition(".")
    if not name:
        return {each: rows for each, rows in tables.items() if each != table}
    bare = [{each: value for each, value in row.items() if each != name} for row in tables[table]]
    return tables | {table: bare}


def emptied(tables: Tables, columns: Iterable[str]) -> Tables:
    """Return what a build reads where columns, as `table.column`, are missing: columns without a value."""
    for each in columns:
        table, _, name = each.partition(".")
        tables = with_rows(tables, table, partial(_emptied, name=name))
    return tables


def _emptied(row: Row, *, name: str) -> Row:
    return row | {name: None}


def permuted(tables: Tables, column: str, *, seed: int) -> Tables:
    """Return the tables with the values of a column, named as `table.column`, dealt to other rows."""
    table, _, name = column.partition(".")
    values = [row[name] for row in tables[table]]
    dealt = iter(Draw(seed).sample(values, len(values)))
    return with_rows(tables, table, lambda row: row | {name: next(dealt)})


def extreme(tables: Tables, *, seed: int) -> Tables:
    """Return the tables with every number at one end of its domain or the other, signs as they are."""
    rng = np.random.default_rng(seed)
    for name, table in TABLES.items():
        units = {column.name: column.unit for column in table.columns if column.kind is ColumnType.NUMBER}
        tables = with_rows(tables, name, partial(_extreme, units=units, rng=rng))
    return tables


def _extreme(row: Row, *, units: Mapping[str, Unit | None], rng: np.random.Generator) -> Row:
    drawn = dict(row)
    for name, unit in units.items():
        if row.get(name) is None or unit is Unit.PROBABILITY:
            continue
        size = float(rng.choice(RATES if unit is Unit.RATE else SIZES))
        drawn[name] = math.copysign(size, row[name])
    return drawn
