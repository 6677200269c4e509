"""Rows of controls, tax returns, payments, ties and descriptions, each with its day and when it was known."""

from collections.abc import Sequence

import ibis
from ibis.expr import types as ir

from features.successors import SUCCESSOR

ITEM = ("declaration_id", "item_number")
BASE_COLUMNS = ("trader_id", "happened_on", "known_on", "superseded_on")
"""The columns of every table of rows: see `features.prepare`."""


def states_of(
    rows: ir.Table, key: Sequence[str], *, happened_on: str, order_by: str = "known_on"
) -> ir.Table:
    """Add `happened_on` and `superseded_on` to rows of which each later one of a key replaces the earlier.

    Later is what comes later in `order_by`; it replaces the earlier from the day on which it is known, and a
    row that becomes known only after its successor never holds.
    """
    later = ibis.window(group_by=list(key), order_by=order_by, rows=(1, None))
    return rows.mutate(happened_on=rows[happened_on], superseded_on=rows.known_on.min().over(later))


def events_of(rows: ir.Table, *, happened_on: str) -> ir.Table:
    """Add `happened_on` and an empty `superseded_on` to rows that stay as they are."""
    return rows.mutate(happened_on=rows[happened_on], superseded_on=ibis.null("date"))


def descriptions(traders: ir.Table) -> ir.Table:
    """Return what was known of each trader, from when until when; of two, the later valid one holds.

    A description counts from the day it is both valid and known.
    """
    dated = traders.mutate(known_on=ibis.greatest(traders.valid_from, traders.known_on))
    return states_of(dated, ["trader_id"], happened_on="valid_from", order_by="valid_from")


def controls(controls: ir.Table, declarations: ir.Table) -> ir.Table:
    """Return the controls of each trader's declarations, known when both are.

    The trader is the one named by the first versions that became known first.
    """
    naming = declarations.filter(declarations.version == 0).semi_join(controls, "declaration_id")
    naming = naming.select("declaration_id", "trader_id", named_on="known_on")
    first = naming.group_by("declaration_id").aggregate(named_on=naming.named_on.min())
    owners = naming.join(first, ["declaration_id", "named_on"])
    owners = owners.group_by("declaration_id", "named_on").aggregate(trader_id=owners.trader_id.min())
    joined = controls.join(owners, "declaration_id")
    known = joined.mutate(known_on=ibis.greatest(joined.known_on, joined.named_on)).drop("named_on")
    return events_of(known, happened_on="controlled_on")


def amendments(declarations: ir.Table) -> ir.Table:
    """Return each amendment with the change in taxes from the version before, `tax_change`.

    The change is known when both versions are, and counts until the declaration is cancelled. Amended items
    are few, so only their versions are sorted.
    """
    amended = declarations.filter(declarations.version > 0).select(*ITEM).distinct()
    versions = declarations.semi_join(amended, ITEM)
    taxes = versions.duty_assessed + versions.vat_assessed + versions.excise_assessed.fill_null(0.0)
    before = ibis.window(group_by=ITEM, order_by="version")
    until_now = ibis.window(group_by=ITEM, order_by="version", rows=(None, 0))
    rows = versions.mutate(
        tax_change=taxes - taxes.lag().over(before), known_on=versions.known_on.max().over(until_now)
    )
    later = rows.filter(rows.version > 0)
    return later.mutate(happened_on=later.known_on, superseded_on=later.cancelled_on)


def ties(links: ir.Table) -> ir.Table:
    """Return the ties of each trader, seen from it: `tied_id` at the other end, until the tie ends.

    A tie holds through its last day. A successor is no other trader, and so no tie.
    """
    common = ["link_type", "valid_from", "valid_to", "known_on"]
    apart = links.filter(links.from_id != links.to_id, links.link_type != SUCCESSOR)
    there = apart.select(*common, trader_id="from_id", tied_id="to_id")
    back = apart.select(*common, trader_id="to_id", tied_id="from_id")
    both = there.union(back)
    return both.mutate(
        happened_on=both.valid_from,
        superseded_on=(both.valid_to + ibis.interval(days=1)).cast("date"),
    )
