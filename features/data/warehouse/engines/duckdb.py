"""DuckDB: a file of tables that is only read, and the embedded engine that reads folders."""

import threading
from collections.abc import Sequence

import duckdb
import ibis
import pyarrow as pa
from ibis.backends import BaseBackend
from ibis.expr import types as ir

from features.data.warehouse.engines.adapter import Adapter

VIEW_SECONDS = 30.0
"""How long it may take to count the rows of a view: one can be written that never ends."""
IS_VIEW = (
    "SELECT count(*) FROM duckdb_views() WHERE view_name = ? AND schema_name = coalesce(?, current_schema())"
)
ALL_NAMES = (
    "SELECT table_schema || '.' || table_name FROM information_schema.tables "
    "WHERE table_schema NOT IN ('information_schema', 'pg_catalog')"
)
NAMES = "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"


def _table_names(engine: BaseBackend) -> set[str]:
    """Return the names of the tables and views; Ibis 12 lists them by a call that DuckDB deprecates."""
    return {name for (name,) in engine.con.execute(NAMES).fetchall()}


def _all_names(engine: BaseBackend) -> set[str]:
    return {name for (name,) in engine.con.execute(ALL_NAMES).fetchall()}


def _open_table(engine: BaseBackend, name: str, schema: str | None) -> ir.Table:
    """Return a table, or a view whose rows can be counted in `VIEW_SECONDS`."""
    rows = engine.table(name, database=schema) if schema else engine.table(name)
    [(is_view,)] = engine.con.execute(IS_VIEW, [name, schema]).fetchall()
    if is_view:
        _count(engine, rows)
    return rows


def _count(engine: BaseBackend, rows: ir.Table) -> None:
    deadline = threading.Timer(VIEW_SECONDS, engine.con.interrupt)
    deadline.start()
    try:
        rows.count().to_pyarrow()
    except duckdb.InterruptException as error:
        raise duckdb.Error(f"its rows cannot be counted in {VIEW_SECONDS:g} seconds") from error
    finally:
        deadline.cancel()


def _read(engine: BaseBackend, statement: str, schema: ibis.Schema) -> pa.Table:
    return engine.con.sql(statement).to_arrow_table().cast(schema.to_pyarrow())


def _row_hash(values: Sequence[ir.Value]) -> ir.IntegerValue:
    """Return the hash of a row as a struct: ten times as fast as that of its text."""
    return ibis.struct({f"value_{index}": value for index, value in enumerate(values)}).hash()


DUCKDB = Adapter(
    name="duckdb",
    table_names=_table_names,
    all_names=_all_names,
    open_table=_open_table,
    read=_read,
    row_hash=_row_hash,
    errors=lambda: (duckdb.Error,),
)
