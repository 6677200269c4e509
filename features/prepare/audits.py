"""Audits and what they found, as a history of states: what was known of an audit, from when until when."""

import ibis
from ibis.expr import types as ir

from features import exact

ASSESSED = ("assessed", "reduced", "cancelled")
TAXES = ("duty", "vat", "excise")


def states(audits: ir.Table, findings: ir.Table) -> ir.Table:
    """Return one row for each audit and day on which more became known of it.

    A state holds from the day after `known_on` (rows known before a cutoff count) until `superseded_on`.
    It holds `is_closed`, the money `assessed` so far net of reductions (duty, VAT and excise; penalties
    and interest apart in `penalties`), the part `overturned` (reduced or cancelled, as a positive number),
    and `collected`. `happened_on` is the day of opening.
    """
    events = _opening(audits).union(_closing(audits)).union(_money(audits, findings))
    daily = events.group_by("audit_id", "known_on").aggregate(
        **{
            name: exact.total(events[name])
            for name in ("closes", "assessed", "overturned", "penalties", "collected")
        }
    )
    until_now = ibis.window(group_by="audit_id", order_by="known_on", rows=(None, 0))
    running = daily.select(
        "audit_id",
        "known_on",
        is_closed=daily.closes.sum().over(until_now) > 0,
        superseded_on=daily.known_on.lead().over(ibis.window(group_by="audit_id", order_by="known_on")),
        **{
            name: daily[name].sum().over(until_now)
            for name in ("assessed", "overturned", "penalties", "collected")
        },
    )
    described = audits.drop("known_on", "status", "closed_on")
    return running.join(described, "audit_id").mutate(happened_on=described.opened_on)


def _opening(audits: ir.Table) -> ir.Table:
    return _event(audits, known_on=audits.known_on)


def _closing(audits: ir.Table) -> ir.Table:
    closed = audits.filter(audits.status == "closed", audits.closed_on.notnull())
    return _event(closed, known_on=ibis.greatest(closed.closed_on, closed.known_on), closes=1.0)


def _money(audits: ir.Table, findings: ir.Table) -> ir.Table:
    rows = findings.join(audits.select("audit_id", opening_known_on="known_on"), "audit_id")
    taxed, amount = rows.tax_type.isin(TAXES), rows.amount
    nothing = ibis.literal(0.0)
    return _event(
        rows,
        known_on=ibis.greatest(rows.known_on, rows.opening_known_on),
        assessed=(taxed & rows.event.isin(ASSESSED)).ifelse(amount, nothing),
        overturned=(taxed & rows.event.isin(ASSESSED[1:])).ifelse(-amount, nothing),
        penalties=((rows.tax_type == "penalty") & rows.event.isin(ASSESSED)).ifelse(amount, nothing),
        collected=(taxed & rows.event.isin(("collected", "refunded"))).ifelse(amount, nothing),
    )


def _event(rows: ir.Table, *, known_on: ir.DateValue, **amounts: ir.NumericValue | float) -> ir.Table:
    names = ("closes", "assessed", "overturned", "penalties", "collected")
    zeros = {name: ibis.literal(0.0) for name in names}
    given = {name: ibis.literal(v) if isinstance(v, float) else v for name, v in amounts.items()}
    return rows.select("audit_id", known_on=known_on, **(zeros | given))
