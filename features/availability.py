"""Availability: what stands in the way of an audit of a trader on a day, or in favour of it."""

from collections.abc import Sequence
from datetime import date

import ibis
import pyarrow as pa
import pyarrow.compute as pc
from ibis.expr import types as ir

from features.as_known import known_before, uncancelled
from features.data.warehouse import Warehouse
from features.spine import months_before
from features.successors import under_current_numbers

OFFICE_MONTHS = 12
DESCRIPTION = ("size_band", "sector", "region", "aeo_status", "aeo_revalidation_due")


def availability(warehouse: Warehouse, trader_ids: pa.ChunkedArray, cutoff: date) -> pa.Table:
    """Return a row a trader, in the order of `trader_ids`, as known before `cutoff`.

    - `size_band`, `sector`, `region`, `aeo_status`: its last description, empty where there is none;
      `aeo_revalidation_due`: the day by which its authorisation must be looked at again.
    - `office_code`: the customs office where most of its lines of the last 12 months were accepted, the first
      by name of several; of all its lines where it had none in these months.
    - `last_opened_on`: the day on which its last audit was opened, empty where there was none.
    - `is_audited`: whether an audit of it is planned or open; `is_tax_audited`: whether one by the tax
      administration is open; `tax_audit_from`, `tax_audit_to`: the first and the last day on which it
      means to be at the trader, empty where it has not said.
    """
    parts = [
        last_descriptions(warehouse, cutoff, DESCRIPTION),
        offices(warehouse, cutoff),
        _audited(warehouse, cutoff),
    ]
    columns: dict[str, pa.ChunkedArray] = {"trader_id": trader_ids}
    if warehouse.has("tax_audits.trader_id"):
        parts.append(_tax_audited(warehouse, cutoff))
    else:
        absent = {"is_tax_audited": pa.bool_(), "tax_audit_from": pa.date32(), "tax_audit_to": pa.date32()}
        columns |= {
            name: pa.chunked_array([pa.nulls(len(trader_ids), kind)]) for name, kind in absent.items()
        }
    for part in parts:
        table = part.to_pyarrow()
        row_indices = pc.index_in(trader_ids, table["trader_id"])
        columns |= {name: table[name].take(row_indices) for name in table.column_names if name != "trader_id"}
    flags = {name: columns[name].fill_null(False) for name in ("is_audited", "is_tax_audited")}
    return pa.table(columns | flags)


def last_descriptions(warehouse: Warehouse, cutoff: date, columns: Sequence[str]) -> ir.Table:
    """Return trader_id and `columns` of the last description of each trader known before `cutoff`."""
    rows = warehouse.table("traders")
    known = rows.filter(known_before(rows, cutoff), rows.valid_from < cutoff)
    latest = {name: known[name].argmax(known.valid_from) for name in columns}
    return known.group_by("trader_id").aggregate(**latest)


def offices(warehouse: Warehouse, cutoff: date) -> ir.Table:
    """Return trader_id and office_code, the office that each trader belongs to: see `availability`."""
    lines = warehouse.table("declarations")
    recent = lines.accepted_on >= months_before(cutoff, OFFICE_MONTHS)
    own = lines.filter(uncancelled(lines, cutoff), lines.version == 0)
    known = under_current_numbers(own, warehouse.optional_table("links"), cutoff)
    counted = known.group_by("trader_id", "office_code").aggregate(
        recent=recent.ifelse(1, 0).sum(), all=known.count()
    )
    order = (counted.recent.desc(), counted["all"].desc(), counted.office_code.asc())
    first = counted.mutate(place=ibis.row_number().over(group_by=counted.trader_id, order_by=order))
    return first.filter(first.place == 0).select("trader_id", "office_code")


def _audited(warehouse: Warehouse, cutoff: date) -> ir.Table:
    """Return the last opening of each trader's audits, and whether one is not finished.

    An audit that was abandoned stands in nobody's way.
    """
    audits = warehouse.table("audits")
    own = audits.filter(known_before(audits, cutoff), audits.status != "abandoned")
    known = under_current_numbers(own, warehouse.optional_table("links"), cutoff)
    unfinished = known.closed_on.isnull() | (known.closed_on >= cutoff)
    opened = (known.opened_on < cutoff).ifelse(known.opened_on, ibis.null("date"))
    return known.group_by("trader_id").aggregate(last_opened_on=opened.max(), is_audited=unfinished.any())


def _tax_audited(warehouse: Warehouse, cutoff: date) -> ir.Table:
    """Return whether the tax administration audits each trader, and when it means to be there.

    Of several audits under way the days are those from the first to the last.
    """
    rows = warehouse.table("tax_audits")
    own = rows.filter(known_before(rows, cutoff), rows.opened_on < cutoff)
    known = under_current_numbers(own, warehouse.optional_table("links"), cutoff)
    latest = {name: known[name].argmax(known.known_on) for name in ("planned_from", "planned_to")}
    is_open = known.closed_on.isnull() | (known.closed_on >= cutoff)
    states = known.group_by("trader_id", "tax_audit_id").aggregate(
        is_open=is_open.argmax(known.known_on), **latest
    )
    under_way = states.filter(states.is_open)
    return under_way.group_by("trader_id").aggregate(
        is_tax_audited=under_way.is_open.any(),
        tax_audit_from=under_way.planned_from.min(),
        tax_audit_to=under_way.planned_to.max(),
    )


def begun(warehouse: Warehouse, plan: str, cutoff: date) -> pa.Table:
    """Return trader_id, opened_on and is_done of the audits of a plan that had begun before `cutoff`.

    An audit that was closed or abandoned is done.
    """
    audits = warehouse.table("audits")
    own = audits.filter(
        known_before(audits, cutoff),
        audits.selection_run_id == plan,
        audits.status != "planned",
        audits.opened_on < cutoff,
    )
    is_done = (own.status == "abandoned") | (own.closed_on < cutoff).fill_null(False)
    return own.select("trader_id", "opened_on", is_done=is_done).order_by("trader_id").to_pyarrow()


def hours_spent(warehouse: Warehouse, cutoff: date) -> pa.Table:
    """Return trader_id, treatment and hours_spent of the audits whose closing was known before `cutoff`."""
    audits = warehouse.table("audits")
    closed = audits.filter(known_before(audits, cutoff), audits.status == "closed", audits.closed_on < cutoff)
    return closed.select("trader_id", "treatment", "hours_spent").order_by("trader_id").to_pyarrow()
