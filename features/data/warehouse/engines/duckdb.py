"""DuckDB: a file of tables that is only read, and the embedded engine that reads folders."""

from collections.abc import Sequence

import duckdb
import ibis
from ibis.backends import BaseBackend
from ibis.expr import types as ir

from features.data.warehouse.engines.adapter import Adapter

NAMES = "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"


def _table_names(engine: BaseBackend) -> set[str]:
    """Return the names of the tables and views; Ibis 12 lists them by a call that DuckDB deprecates."""
    return {name for (name,) in engine.con.execute(NAMES).fetchall()}


def _row_hash(values: Sequence[ir.Value]) -> ir.IntegerValue:
    """Return the hash of a row as a struct: ten times as fast as that of its text."""
    return ibis.struct({f"value_{index}": value for index, value in enumerate(values)}).hash()


DUCKDB = Adapter(name="duckdb", table_names=_table_names, row_hash=_row_hash, errors=lambda: (duckdb.Error,))
