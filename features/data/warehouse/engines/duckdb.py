"""DuckDB: a file of tables that is only read, and the embedded engine that reads folders."""

import duckdb
from ibis.backends import BaseBackend

from features.data.warehouse.engines.adapter import Adapter

NAMES = "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"


def _table_names(engine: BaseBackend) -> set[str]:
    """Return the names of the tables and views; Ibis 12 lists them by a call that DuckDB deprecates."""
    return {name for (name,) in engine.con.execute(NAMES).fetchall()}


DUCKDB = Adapter(name="duckdb", table_names=_table_names, errors=lambda: (duckdb.Error,))
