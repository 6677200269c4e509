"""Which rows are known before a day and in force on it."""

import ibis
from ibis.expr import types as ir


def visible_rows(rows: ir.Table, asked: ir.Table, *, months: int | None) -> ir.Table:
    """Join the rows that each cutoff may see: known before it, not superseded by then, inside the window."""
    joined = rows.join(asked, "trader_id")
    return joined.filter(
        joined.known_on < joined.cutoff,
        joined.superseded_on.isnull() | (joined.superseded_on >= joined.cutoff),
        joined.happened_on < joined.cutoff,
        ibis.literal(True) if months is None else joined.happened_on >= joined[f"from_{months}m"],
    )


def in_force(states: ir.Table, days: ir.Table, *, day: str) -> ir.Table:
    """Return the rows that hold on each day of a column, as known before it."""
    each = states.cross_join(days)
    return each.filter(
        each.known_on < each[day], each.superseded_on.isnull() | (each.superseded_on >= each[day])
    )
