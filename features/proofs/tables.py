"""Tables in memory: rows in the contract's types, opened as a warehouse without a file."""

import contextlib
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from features.data.contract import TABLES
from features.data.mapping import Dialect
from features.data.warehouse import Source, Warehouse
from features.data.warehouse.engine import embedded
from features.data.warehouse.engines import DUCKDB

Row = dict[str, Any]
"""Values by column: the type of each is that of its column, which only the contract knows."""
Tables = dict[str, list[Row]]


@contextlib.contextmanager
def warehouse_of(tables: Tables, *, threads: int | None = None) -> Iterator[Warehouse]:
    """Open tables in memory, read as a folder of Parquet would be; the engine has so many threads."""
    with tempfile.TemporaryDirectory() as temporary:
        engine = embedded(Path(temporary))
        if threads:
            engine.con.execute(f"SET threads = {int(threads)}")
        for name, rows in tables.items():
            engine.con.from_arrow(arrow(name, rows)).create(name)
        sources = {name: Source(engine.table(name), "memory") for name in tables}
        try:
            yield Warehouse("memory", engine, DUCKDB, sources, (), Dialect())
        finally:
            engine.disconnect()


def arrow(name: str, rows: list[Row]) -> pa.Table:
    """Return rows of a table as Arrow, in all columns of the contract where there is no row.

    A column that the contract does not know gets the type of its values.
    """
    known = {field.name: field.type for field in TABLES[name].schema}
    names = column_names(rows) or TABLES[name].names
    columns = {column: [row.get(column) for row in rows] for column in names}
    return pa.table({c: pa.array(values, type=known.get(c)) for c, values in columns.items()})


def column_names(rows: Iterable[Row]) -> list[str]:
    """Return the names of all columns in the order in which they are met."""
    return list(dict.fromkeys(name for row in rows for name in row))
