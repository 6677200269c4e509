"""Spark: it has no temporary tables, so what is kept is worked out into a view of its own."""

from uuid import uuid4

from ibis.backends import BaseBackend
from ibis.expr import types as ir

NAME = "pyspark"


def keep(engine: BaseBackend, table: ir.Table) -> ir.Table:
    """Work a table out and keep it for this session.

    A checkpoint forgets what the table was made of: cached tables of cached tables carry plans that grow
    until they no longer fit in memory.
    """
    engine._run_pre_execute_hooks(table)
    kept = engine._session.sql(engine.compile(table)).localCheckpoint()
    name = f"kept_{uuid4().hex}"
    kept.createTempView(name)
    return engine.table(name)


def drop(engine: BaseBackend, kept: ir.Table) -> None:
    """Drop a table that was kept."""
    engine.drop_view(kept.op().name)
