"""The rule of time: which rows are known before a cutoff, and which of them are in force on it.

A cutoff is a day, and sees the world as it stood when the day before ended:

- A row is known before a cutoff if its `known_on` is strictly earlier. What becomes known on the day is not.
- It is in force on a cutoff unless something had superseded it by then: its `superseded_on` is empty, or not
  earlier. What supersedes it on the day itself is not yet known either, so the row still counts.

No other module decides what was known before a cutoff.
"""

from datetime import date

import ibis
from ibis.expr import types as ir


def known_before(rows: ir.Table, cutoff: date | ir.DateValue) -> ir.BooleanValue:
    """Return whether each row became known strictly before a cutoff, which may be a column of the rows."""
    return rows.known_on < cutoff


def known_in_earlier_quarter(rows: ir.Table, quarter: ir.DateValue) -> ir.BooleanValue:
    """Return whether rows summed by the quarter in which they became known were known before a quarter began.

    `known_quarter` and `quarter` are first days of quarters, so this is `known_before` for each row summed.
    """
    return rows.known_quarter < quarter


def in_force_in_earlier_quarter(rows: ir.Table, quarter: ir.DateValue) -> ir.BooleanValue:
    """Return whether rows so summed were known before a quarter began, and not cancelled by then.

    `cancelled_quarter` is the first day of the quarter in which they were, empty where they stand.
    """
    stand = rows.cancelled_quarter.isnull() | (rows.cancelled_quarter >= quarter)
    return known_in_earlier_quarter(rows, quarter) & stand


def in_force(rows: ir.Table, cutoff: date | ir.DateValue) -> ir.BooleanValue:
    """Return whether each row is known before a cutoff and not superseded by then."""
    return known_before(rows, cutoff) & (rows.superseded_on.isnull() | (rows.superseded_on >= cutoff))


def uncancelled(lines: ir.Table, cutoff: date | ir.DateValue) -> ir.BooleanValue:
    """Return whether each line, in whatever version, is known before a cutoff and not cancelled by then."""
    return known_before(lines, cutoff) & (lines.cancelled_on.isnull() | (lines.cancelled_on >= cutoff))


def in_force_at_quarters(rows: ir.Table, quarters: ir.Table) -> ir.Table:
    """Return the rows in force when each `cutoff_quarter` of `quarters` begins, beside it."""
    each = rows.cross_join(quarters)
    return each.filter(in_force(each, each.cutoff_quarter))


def visible_rows(rows: ir.Table, spine_rows: ir.Table, *, months: int | None) -> ir.Table:
    """Join the rows that each cutoff may see: in force on it, and of a day inside the window before it."""
    joined = rows.join(spine_rows, "trader_id")
    return joined.filter(
        in_force(joined, joined.cutoff),
        joined.happened_on < joined.cutoff,
        ibis.literal(True) if months is None else joined.happened_on >= joined[f"from_{months}m"],
    )
