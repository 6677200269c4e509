"""Assignments: what plans assigned to whom, as known on a day."""

from datetime import date

import ibis
import pyarrow as pa
from ibis.expr import types as ir

from features.as_known import known_before
from features.data.warehouse import Warehouse


def last_assignments(warehouse: Warehouse, plan: str, cutoff: date) -> ir.Table | None:
    """Return the last state of each trader's assignment by a plan known before `cutoff`.

    None where the administration has no such table.
    """
    rows = warehouse.optional_table("assignments")
    if rows is None:
        return None
    known = rows.filter(rows.plan_id == plan, known_before(rows, cutoff))
    newest = ibis.row_number().over(group_by=known.trader_id, order_by=known.known_on.desc())
    return known.mutate(age=newest).filter(ibis._.age == 0).drop("age")


def declined(warehouse: Warehouse, plan: str, cutoff: date) -> pa.ChunkedArray:
    """Return the traders whose treatment by a plan was declined, as known before `cutoff`."""
    last = last_assignments(warehouse, plan, cutoff)
    if last is None:
        return pa.chunked_array([pa.array([], pa.string())])
    own = last.filter(last.declined_because.notnull())
    return own.order_by("trader_id").to_pyarrow()["trader_id"]
