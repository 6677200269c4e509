"""Spark: it has no temporary tables, so a table is materialised as a checkpoint behind a view."""

from collections.abc import Sequence

import ibis
from ibis.backends import BaseBackend
from ibis.expr import types as ir

from features.data.warehouse.engines.adapter import Adapter, materialised_name, row_text


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]
def xxhash64(text: str) -> int:
    """Spark's hash of 64 bits; the one that Ibis takes has 32."""
    raise NotImplementedError  # Spark has it


def _materialise(engine: BaseBackend, table: ir.Table) -> ir.Table:
    """Compute a table and store it for this session.

    A checkpoint forgets what the table was made of: cached tables of cached tables carry plans that grow
    until they no longer fit in memory.
    """
    engine._run_pre_execute_hooks(table)
    rows = engine._session.sql(engine.compile(table)).localCheckpoint()
    name = materialised_name()
    rows.createTempView(name)
    return engine.table(name)


def _drop(engine: BaseBackend, materialised: ir.Table) -> None:
    engine.drop_view(materialised.op().name)


def _row_hash(values: Sequence[ir.Value]) -> ir.IntegerValue:
    return xxhash64(row_text(values))


SPARK = Adapter(name="pyspark", materialise=_materialise, drop=_drop, row_hash=_row_hash)
