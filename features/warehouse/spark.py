"""Spark: it has no temporary tables, so what is kept is cached."""

from ibis.backends import BaseBackend
from ibis.expr import types as ir

NAME = "pyspark"


def keep(engine: BaseBackend, table: ir.Table) -> ir.Table:
    """Cache a table on the engine.

    `Table.cache` would take a table in memory, such as the spine, to Ibis' default engine.
    """
    engine._run_pre_execute_hooks(table)
    return engine._cached_table(table)
