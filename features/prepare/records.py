"""The other tables as rows with two clocks: controls, tax returns, payments, ties, descriptions."""

from collections.abc import Sequence

import ibis
from ibis.expr import types as ir


def states_of(rows: ir.Table, key: Sequence[str], *, happened_on: str) -> ir.Table:
    """Add `happened_on` and `superseded_on` to rows of which each later one of a key replaces the earlier."""
    later = rows.known_on.lead().over(ibis.window(group_by=list(key), order_by="known_on"))
    return rows.mutate(happened_on=rows[happened_on], superseded_on=later)


def events_of(rows: ir.Table, *, happened_on: str) -> ir.Table:
    """Add `happened_on` and an empty `superseded_on` to rows that stay as they are."""
    return rows.mutate(happened_on=rows[happened_on], superseded_on=ibis.null("date"))


def descriptions(traders: ir.Table) -> ir.Table:
    """Return what was known of each trader, from when until when; of two, the later valid one holds.

    A description counts from the day it is both valid and known.
    """
    counts_from = ibis.greatest(traders.valid_from, traders.known_on)
    later = ibis.window(group_by="trader_id", order_by="valid_from", rows=(1, None))
    dated = traders.mutate(known_on=counts_from)
    return dated.mutate(happened_on=dated.valid_from, superseded_on=dated.known_on.min().over(later))


def controls(controls: ir.Table, declarations: ir.Table) -> ir.Table:
    """Return the controls of each trader's declarations."""
    owners = declarations.group_by("declaration_id").aggregate(trader_id=declarations.trader_id.min())
    return events_of(controls.join(owners, "declaration_id"), happened_on="controlled_on")


def amendments(declarations: ir.Table) -> ir.Table:
    """Return each amendment with the change in taxes from the version before, `tax_change`."""
    versions = ibis.window(group_by=["declaration_id", "item_number"], order_by="version")
    taxes = (
        declarations.duty_assessed + declarations.vat_assessed + declarations.excise_assessed.fill_null(0.0)
    )
    rows = declarations.mutate(tax_change=taxes - taxes.lag().over(versions))
    later = rows.filter(rows.version > 0)
    return later.mutate(happened_on=later.known_on, superseded_on=ibis.null("date"))


def ties(links: ir.Table) -> ir.Table:
    """Return the ties of each trader, seen from it: `tied_id` at the other end, until the tie ends."""
    there = links.select(
        "link_type", "valid_from", "valid_to", "known_on", trader_id="from_id", tied_id="to_id"
    )
    back = links.select(
        "link_type", "valid_from", "valid_to", "known_on", trader_id="to_id", tied_id="from_id"
    )
    both = there.union(back)
    return both.mutate(
        happened_on=both.valid_from,
        superseded_on=(both.valid_to + ibis.interval(days=1)).cast("date"),
    )
