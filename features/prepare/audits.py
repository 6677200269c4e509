"""Audit states: what was known of each audit and its findings, from when until when."""

import ibis
from ibis.expr import types as ir

from features import exact
from features.data.contract.required import FINDING_TYPES
from features.prepare.corrections import with_corrections

ASSESSED = ("assessed", "reduced", "cancelled")
TAXES = ("duty", "vat", "excise", "levy")
CULPABILITY = ("error", "negligence", "fraud")
BY_TYPE = {kind: f"assessed_{kind}" for kind in FINDING_TYPES}
BY_CULPABILITY = {degree: f"assessed_as_{degree}" for degree in CULPABILITY}
MONEY = (
    "assessed",
    "gross_assessed",
    "overturned",
    "penalties",
    "collected",
    *BY_TYPE.values(),
    *BY_CULPABILITY.values(),
)


def states(audits: ir.Table, findings: ir.Table) -> ir.Table:
    """Return one row for each audit and day on which more became known of it.

    A state holds from the day after `known_on` (rows known before a cutoff count) until `superseded_on`, so
    that as of each day there is one. `happened_on` is the day of opening. An audit `is_closed` once its
    closing is known; `closed_on` and `hours_spent` are empty until then. One that was abandoned never closes.

    A state holds the money so far, of duty, VAT, excise and levies: `assessed`, net of what was reduced or
    cancelled; of it, each finding type in `assessed_<type>` and each fault in `assessed_as_<culpability>`;
    `gross_assessed`, the additional revenue as first assessed; `overturned`, what was reduced or cancelled,
    as a positive number; `collected`, net of refunds. `penalties` stand apart; interest is left out. From the
    day after a correction is known, the corrected event no longer counts.
    """
    events = _opening(audits).union(_closing(audits)).union(_money(audits, findings))
    daily = events.group_by("audit_id", "known_on").aggregate(
        **{name: exact.total(events[name]) for name in ("closes", *MONEY)}
    )
    in_time = ibis.window(group_by="audit_id", order_by="known_on")
    until_now = ibis.window(group_by="audit_id", order_by="known_on", rows=(None, 0))
    running = daily.select(
        "audit_id",
        "known_on",
        is_closed=daily.closes.sum().over(until_now) > 0,
        superseded_on=daily.known_on.lead().over(in_time),
        **{name: daily[name].sum().over(until_now) for name in MONEY},
    )
    described = audits.drop("known_on", "status").rename(closing="closed_on", hours="hours_spent")
    joined = running.join(described, "audit_id")
    return joined.mutate(
        happened_on=joined.opened_on,
        closed_on=joined.is_closed.ifelse(joined.closing, ibis.null("date")),
        hours_spent=joined.is_closed.ifelse(joined.hours, ibis.null("float64")),
    ).drop("closing", "hours")


def _opening(audits: ir.Table) -> ir.Table:
    return _event(audits, known_on=audits.known_on)


def _closing(audits: ir.Table) -> ir.Table:
    closed = audits.filter(audits.status == "closed", audits.closed_on.notnull())
    return _event(closed, known_on=ibis.greatest(closed.closed_on, closed.known_on), closes=1.0)


def _money(audits: ir.Table, findings: ir.Table) -> ir.Table:
    """Return what each event of the ledger brought, and its reverse once it was corrected."""
    openings = audits.select("audit_id", opening_known_on="known_on")
    rows = with_corrections(findings).join(openings, "audit_id")
    rows = rows.mutate(known_on=ibis.greatest(rows.known_on, rows.opening_known_on))
    booked = _booked(rows)
    corrected = rows.filter(rows.superseded_on.notnull())
    undone = _booked(corrected.mutate(known_on=ibis.greatest(corrected.known_on, corrected.superseded_on)))
    return booked.union(undone.mutate(**{name: -undone[name] for name in MONEY}))


def _booked(rows: ir.Table) -> ir.Table:
    taxed = rows.tax_type.isin(TAXES)
    assessed = taxed & rows.event.isin(ASSESSED)
    counted = {
        "assessed": assessed,
        "gross_assessed": taxed & (rows.event == "assessed") & (rows.amount > 0),
        "penalties": (rows.tax_type == "penalty") & rows.event.isin(ASSESSED),
        "collected": taxed & rows.event.isin(("collected", "refunded")),
        **{name: assessed & (rows.finding_type == kind) for kind, name in BY_TYPE.items()},
        **{name: assessed & (rows.culpability == degree) for degree, name in BY_CULPABILITY.items()},
    }
    overturned = taxed & rows.event.isin(ASSESSED[1:])
    return _event(
        rows,
        known_on=rows.known_on,
        overturned=overturned.ifelse(-rows.amount, 0.0),
        **{name: where.ifelse(rows.amount, 0.0) for name, where in counted.items()},
    )


def _event(rows: ir.Table, *, known_on: ir.DateValue, **amounts: ir.NumericValue | float) -> ir.Table:
    """Return what became known of an audit on a day; amounts that are not given are zero."""
    columns = {name: amounts.get(name, 0.0) for name in ("closes", *MONEY)}
    values = {name: ibis.literal(v) if isinstance(v, float) else v for name, v in columns.items()}
    return rows.select("audit_id", known_on=known_on, **values)
