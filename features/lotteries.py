"""Lotteries: what plans assigned to whom, the visits made for them, and how their money grew."""

from datetime import date

import ibis
import pyarrow as pa
import pyarrow.compute as pc

from features.as_known import in_force, known_before
from features.assignments import last_assignments
from features.availability import last_descriptions, offices
from features.data.contract.required import FINDING_TYPES
from features.data.warehouse import Warehouse
from features.outcomes import outcomes
from features.prepare.audits import TAXES, states
from features.prepare.corrections import with_corrections

VISITS = ("field", "joint")
"""The treatments by which compliance is measured: of the whole business, at the trader."""
DESCRIBED_BY = ("size_band", "sector", "region", "aeo_status")
EMPTY = pa.schema(
    [
        *((name, pa.string()) for name in ("plan_id", "trader_id", "treatment", "role")),
        *((name, pa.float64()) for name in ("expected_yield", "chance")),
        ("is_declined", pa.bool_()),
        ("assigned_on", pa.date32()),
    ]
)
"""The columns of what was assigned, where there is no table of assignments."""
FAULT = ("audit_id", "finding_type", "declaration_id", "item_number")
"""What makes two findings the same fault."""
AMOUNTS = ("yield_amount", *(f"{kind}_amount" for kind in FINDING_TYPES))


def assigned(warehouse: Warehouse, cutoff: date) -> pa.Table:
    """Return the last state of what each plan assigned to each trader, known before `cutoff`.

    Columns: plan_id, trader_id, treatment, role, expected_yield, `chance` of a visit, 0 where there was none
    or nobody knows it, `is_declined`, and `assigned_on`, the day on which the plan was first known. Without a
    table of assignments there is no row.
    """
    last = last_assignments(warehouse, None, cutoff)
    if last is None:
        return EMPTY.empty_table()
    rows = warehouse.table("assignments")
    known = rows.filter(known_before(rows, cutoff))
    first = known.group_by("plan_id").aggregate(assigned_on=known.known_on.min())
    chance = last.probability_field.fill_null(0.0) + last.probability_joint.fill_null(0.0)
    full = last.mutate(chance=chance, is_declined=last.declined_because.notnull()).join(first, "plan_id")
    return full.select(EMPTY.names).order_by("plan_id", "trader_id").to_pyarrow()


def visits(warehouse: Warehouse, cutoff: date) -> pa.Table:
    """Return the visits whose opening was known before `cutoff`, planned ones too, by opening day.

    Columns: audit_id, trader_id, selection_run_id, selection_channel, inclusion_probability, team_id,
    opened_on, `closed_on`, empty for what was not closed by then, `is_abandoned`, and `AMOUNTS`, the money so
    far of what was closed.
    """
    audits = warehouse.table("audits")
    known = audits.filter(known_before(audits, cutoff), audits.treatment.isin(VISITS))
    closed = outcomes(warehouse, cutoff=cutoff).select("audit_id", "closed_on", *AMOUNTS)
    left = known.select(
        "audit_id",
        "trader_id",
        "selection_run_id",
        "selection_channel",
        "inclusion_probability",
        "team_id",
        "opened_on",
        is_abandoned=(known.status == "abandoned") & (known.closed_on < cutoff).fill_null(True),
    )
    return (
        left.left_join(closed, "audit_id")
        .drop("audit_id_right")
        .order_by("opened_on", "audit_id")
        .to_pyarrow()
    )


def growth(warehouse: Warehouse, cutoff: date) -> pa.Table:
    """Return audit_id, closed_on, known_on and assessed: the net money of closed visits as it grew."""
    audits = warehouse.table("audits")
    known = audits.filter(known_before(audits, cutoff), audits.treatment.isin(VISITS))
    rows = states(known, warehouse.table("findings"))
    closed = rows.filter(known_before(rows, cutoff), rows.is_closed)
    return (
        closed.select("audit_id", "closed_on", "known_on", "assessed")
        .order_by("audit_id", "known_on")
        .to_pyarrow()
    )


def audited_twice(warehouse: Warehouse, cutoff: date) -> pa.Table | None:
    """Return what both audits found of each visit that was audited twice, known before `cutoff`.

    A row a visit and finding type: audit_id, finding_type, `first`, `second`, `both`: goods items on which
    the first audit, the second, and both found a fault; a visit with none has one row of zeros. What either
    booked without a goods item counts on neither side: nobody knows whether it is the same.
    None where the administration has no such table.
    """
    seconds = warehouse.optional_table("second_audits")
    if seconds is None:
        return None
    closed = outcomes(warehouse, cutoff=cutoff).select("audit_id")
    again = seconds.filter(known_before(seconds, cutoff)).semi_join(closed, "audit_id")
    ledger = with_corrections(warehouse.table("findings"))
    assessed = ledger.filter(
        known_before(ledger, cutoff),
        in_force(ledger, cutoff),
        ledger.event == "assessed",
        ledger.tax_type.isin(TAXES),
    ).semi_join(again, "audit_id")
    repeated = again.filter(again.fault_number > 0)
    sides = [
        rows.select(*FAULT, side=ibis.literal(side)).drop_null(FAULT[2:]).distinct()
        for side, rows in (("first", assessed), ("second", repeated))
    ]
    faults = sides[0].union(sides[1])
    items = faults.group_by(*FAULT).aggregate(
        first=(faults.side == "first").any().cast("int64"),
        second=(faults.side == "second").any().cast("int64"),
    )
    by_type = items.group_by("audit_id", "finding_type").aggregate(
        first=items["first"].sum(),
        second=items.second.sum(),
        both=(items["first"] * items.second).sum(),
    )
    visits_made = again.select("audit_id").distinct()
    counts = visits_made.left_join(by_type, "audit_id").select(
        visits_made.audit_id,
        by_type.finding_type,
        **{name: by_type[name].fill_null(0) for name in ("first", "second", "both")},
    )
    return counts.order_by("audit_id", "finding_type").to_pyarrow()


def offices_of(warehouse: Warehouse, trader_ids: pa.ChunkedArray, cutoff: date) -> pa.ChunkedArray:
    """Return the office that each trader belonged to as known before `cutoff`, else an empty text."""
    table = offices(warehouse, cutoff).to_pyarrow()
    return table["office_code"].take(pc.index_in(trader_ids, table["trader_id"])).fill_null("")


def described(warehouse: Warehouse, trader_ids: pa.ChunkedArray, cutoff: date) -> dict[str, pa.ChunkedArray]:
    """Return by attribute the last description of each trader known before `cutoff`, else an empty text."""
    table = last_descriptions(warehouse, cutoff, DESCRIBED_BY).to_pyarrow()
    rows = pc.index_in(trader_ids, table["trader_id"])
    return {name: table[name].take(rows).fill_null("") for name in DESCRIBED_BY}
