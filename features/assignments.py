"""Assignments: what plans assigned to whom, and what traders corrected by themselves since, as known then."""

from datetime import date

import ibis
import pyarrow as pa
from ibis.expr import types as ir

from features import exact
from features.as_known import in_force, known_before
from features.data.warehouse import Warehouse
from features.prepare.records import amendments

ANSWER_MONTHS = 18
"""Months after a plan was accepted in which what a trader amends by itself counts as an answer: a year in
which letters go out, and half a year to answer."""


def last_assignments(warehouse: Warehouse, plan: str | None, cutoff: date) -> ir.Table | None:
    """Return the last state of each trader's assignment by a plan, or by each plan, known before `cutoff`.

    None where the administration has no such table.
    """
    rows = warehouse.optional_table("assignments")
    if rows is None:
        return None
    known = rows.filter(known_before(rows, cutoff), True if plan is None else rows.plan_id == plan)
    newest = ibis.row_number().over(group_by=[known.plan_id, known.trader_id], order_by=known.known_on.desc())
    return known.mutate(age=newest).filter(ibis._.age == 0).drop("age")


def declined(warehouse: Warehouse, plan: str, cutoff: date) -> pa.ChunkedArray:
    """Return the traders whose treatment by a plan was declined, as known before `cutoff`."""
    last = last_assignments(warehouse, plan, cutoff)
    if last is None:
        return pa.chunked_array([pa.array([], pa.string())])
    own = last.filter(last.declined_because.notnull())
    return own.order_by("trader_id").to_pyarrow()["trader_id"]


def own_amendments(warehouse: Warehouse, cutoff: date) -> pa.Table:
    """Return what traders amended by themselves after plans assigned a letter to them, or none.

    A row an assignment that was first known `ANSWER_MONTHS` or more before `cutoff`: plan_id, trader_id,
    treatment, role, the probability of each treatment, expected_yield; `amended`, the taxes that the
    trader's own amendments added in these months, and `amended_before`, in as many months before. Empty where
    there are no assignments.
    """
    rows = warehouse.optional_table("assignments")
    if rows is None:
        return pa.table({})
    known = rows.filter(known_before(rows, cutoff))
    newest = ibis.row_number().over(group_by=[known.plan_id, known.trader_id], order_by=known.known_on.asc())
    first = known.mutate(age=newest, assigned_on=known.known_on).filter(ibis._.age == 0)
    months = ibis.interval(months=ANSWER_MONTHS)
    over = first.filter((first.assigned_on + months).cast("date") <= ibis.literal(cutoff))
    declared = warehouse.table("declarations").semi_join(over, "trader_id")
    changes = amendments(declared)
    own = changes.filter(changes.amended_by == "trader", in_force(changes, cutoff))
    dated = own.select("trader_id", "happened_on", "tax_change").join(
        over.select("plan_id", "trader_id", "assigned_on"), "trader_id"
    )
    near = dated.filter(
        dated.happened_on <= (dated.assigned_on + months).cast("date"),
        dated.happened_on > (dated.assigned_on - months).cast("date"),
    )
    sums = near.group_by("plan_id", "trader_id").aggregate(
        amended=exact.total((near.happened_on > near.assigned_on).ifelse(near.tax_change, 0.0)),
        amended_before=exact.total((near.happened_on > near.assigned_on).ifelse(0.0, near.tax_change)),
    )
    joined = over.left_join(sums, ["plan_id", "trader_id"])
    amounts = {name: joined[name].fill_null(0.0) for name in ("amended", "amended_before")}
    chances = [name for name in over.columns if name.startswith("probability_")]
    columns = ("plan_id", "trader_id", "treatment", "role", *chances, "expected_yield")
    return joined.select(*columns, **amounts).order_by("plan_id", "trader_id").to_pyarrow()
