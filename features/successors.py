"""Successors: traders that went on under another number, from the day on which that is known.

A chain of numbers is followed over `LONGEST_CHAIN` of them; the check refuses cycles and several successors.
"""

from datetime import date
from functools import reduce

import ibis
from ibis.expr import types as ir

from features.as_known import in_force

SUCCESSOR = "successor"
LONGEST_CHAIN = 4


def successions(links: ir.Table) -> ir.Table:
    """Return predecessor_id and successor_id of each succession, and when it is known and holds."""
    rows = links.filter(links.link_type == SUCCESSOR)
    return rows.select(
        predecessor_id="from_id",
        successor_id="to_id",
        known_on=ibis.greatest(rows.known_on, rows.valid_from),
        superseded_on=(rows.valid_to + ibis.interval(days=1)).cast("date"),
    )


def with_numbers(spine_rows: ir.Table, links: ir.Table | None) -> ir.Table:
    """Return the spine once for each number that its trader had, as known before the cutoff.

    `trader_id` is the number, which its rows name, and `current_id` the trader of the spine.
    """
    own = spine_rows.mutate(current_id=spine_rows.trader_id)
    if links is None:
        return own
    known = successions(links)
    numbers = [own]
    for _ in range(LONGEST_CHAIN):
        joined = numbers[-1].join(known, numbers[-1].trader_id == known.successor_id)
        held = joined.filter(in_force(joined, joined.cutoff))
        numbers.append(held.mutate(trader_id=held.predecessor_id).select(*own.columns))
    return reduce(lambda left, right: left.union(right), numbers).distinct()


def under_current_numbers(rows: ir.Table, links: ir.Table | None, cutoff: date) -> ir.Table:
    """Return rows under the number that their trader has as known before a cutoff."""
    if links is None:
        return rows
    known = successions(links)
    return renumbered(rows, known.filter(in_force(known, cutoff)))


def renumbered(rows: ir.Table, known: ir.Table, *, column: str = "trader_id") -> ir.Table:
    """Return rows with the last of the numbers under which the trader in a column went on."""
    pairs = known.select("predecessor_id", "successor_id").distinct()
    for _ in range(LONGEST_CHAIN):
        joined = rows.left_join(pairs, rows[column] == pairs.predecessor_id)
        number = joined.successor_id.coalesce(joined[column])
        rows = joined.mutate(**{column: number}).select(*rows.columns)
    return rows
