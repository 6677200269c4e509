"""Features with a leak planted in each: what the proof of the future must find, or it proves nothing."""

from collections.abc import Callable
from dataclasses import replace

import ibis
from ibis.expr import types as ir

from features.build import FeatureSet
from features.library import LIBRARY
from features.prepare import Prepared, RowKind
from features.prepare.lines import first_of_quarter, log_ratio
from features.prepare.records import events_of

Total = Callable[[ir.Table], ir.NumericScalar]


def event_date(prepared: Prepared) -> ir.Table:
    """Controls count from the day they were made, not from the day they became known."""
    controls, lines = prepared.table("controls"), prepared.table("declarations")
    owners = lines.filter(lines.version == 0).select("declaration_id", "trader_id").distinct()
    rows = controls.join(owners, "declaration_id")
    return events_of(rows.mutate(known_on=rows.controlled_on), happened_on="controlled_on")


def joined_findings(prepared: Prepared) -> ir.Table:
    """Findings are joined to their audits without asking when they became known."""
    findings = prepared.table("findings").select("audit_id", "amount")
    return events_of(prepared.table("audits").join(findings, "audit_id"), happened_on="opened_on")


def last_version(prepared: Prepared) -> ir.Table:
    """The last version of a line stands for all that were known before."""
    lines = prepared.table("declarations")
    item = ibis.window(group_by=["declaration_id", "item_number"])
    first_known = lines.known_on.min().over(item)
    last = lines.mutate(known_on=first_known, last=lines.version.max().over(item))
    return events_of(last.filter(last.version == last.last), happened_on="accepted_on")


def same_quarter(prepared: Prepared) -> ir.Table:
    """Peers are those of the line's own quarter, which has not ended at the cutoff."""
    lines = prepared.table("declarations")
    priced = lines.mutate(
        quarter=first_of_quarter(lines.accepted_on), price=log_ratio(lines.customs_value, lines.net_mass_kg)
    )
    peers = priced.group_by("hs_code", "quarter").aggregate(middle=priced.price.median())
    rows = priced.join(peers, ["hs_code", "quarter"])
    return events_of(rows.mutate(amount=rows.price - rows.middle), happened_on="accepted_on")


def closing_told(prepared: Prepared) -> ir.Table:
    """The day of closing is read from the audit's row, whenever it closed."""
    audits = prepared.table("audits")
    closed = audits.closed_on.notnull().cast("float64")
    return events_of(audits.mutate(amount=closed), happened_on="opened_on")


def cancellation_told(prepared: Prepared) -> ir.Table:
    """A line is left out that is ever cancelled."""
    lines = prepared.table("declarations")
    return events_of(lines.filter(lines.cancelled_on.isnull()), happened_on="accepted_on")


def _sum(column: str) -> Total:
    return lambda rows: rows[column].sum()


LEAKS: dict[str, tuple[Callable[[Prepared], ir.Table], Total]] = {
    "event_date": (event_date, _sum("revenue_delta")),
    "joined_findings": (joined_findings, _sum("amount")),
    "last_version": (last_version, _sum("customs_value")),
    "same_quarter": (same_quarter, _sum("amount")),
    "closing_told": (closing_told, _sum("amount")),
    "cancellation_told": (cancellation_told, _sum("customs_value")),
}
KINDS = {name: RowKind(row=read.__doc__ or "", read=read) for name, (read, _) in LEAKS.items()}
LEAKY = FeatureSet(
    tuple(
        replace(LIBRARY.features[0], name=name, source=name, months=None, function=total)
        for name, (_, total) in LEAKS.items()
    )
)
