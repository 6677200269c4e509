"""Months with declarations: how long ago each was, and after how long a silence."""

import ibis
from ibis.expr import types as ir

from features.prepare import goods
from features.prepare.prepared import Prepared


def monthly(rows: ir.Table, prepared: Prepared) -> ir.Table:
    """Bring lines to one row a calendar month, with more than `goods.by` gives.

    - `months_ago`: 0 for the month in which the cutoff lies, of which a part is seen; 1 for the one before;
    - `silent_days`: the days since the trader's last line in an earlier month, empty in the first.
    """
    months = goods.by("month")(rows, prepared)
    in_order = ibis.window(group_by=goods.SPINE_KEY, order_by="month")
    return months.mutate(
        months_ago=_number(months.cutoff) - _number(months.month),
        silent_days=months.first_on.delta(months.last_on.lag().over(in_order), unit="day"),
    )


def _number(day: ir.DateValue) -> ir.IntegerValue:
    return day.year().cast("int64") * 12 + day.month()
