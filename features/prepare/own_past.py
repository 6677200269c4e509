"""A trader's own past: the means of what it declared itself for like goods, however few lines there are.

The past of a line are the first versions of the trader's own lines that became known in the `QUARTERS` before
the line's quarter, and were not cancelled before it: those of the narrowest group in which there is one.
"""

from collections.abc import Callable, Sequence

import ibis
from ibis.expr import types as ir

from features import exact
from features.as_known import in_force_in_earlier_quarter

QUARTERS = 12
"""Three years, as what begins and goes on would soon be a short past of its own."""
LEVELS = {
    "log_price": (
        ("hs6", "quantity_unit", "origin_country"),
        ("hs6", "quantity_unit"),
        ("hs4", "quantity_unit"),
    ),
    "full_rate": (("hs4",),),
}
"""Of each measure, the groups of like goods, narrow to wide."""
FACTS = {f"own_{measure}": measure for measure in LEVELS}
"""The columns that a line gains, each the mean of a measure."""

CLOCKS = ("known_quarter", "cancelled_quarter")
Level = tuple[str, ...]
Materialise = Callable[[ir.Table], ir.Table]


def tallies(first_versions: ir.Table) -> ir.Table:
    """Return lines and total of each measure by trader, goods, and the quarters in `CLOCKS`."""
    key = (*LEVELS["log_price"][0], "hs4", "trader_id", *CLOCKS)
    return first_versions.group_by(*key).aggregate(
        **{f"lines_{measure}": first_versions[measure].count() for measure in LEVELS},
        **{f"total_{measure}": exact.total(first_versions[measure]) for measure in LEVELS},
    )


def with_own_past(
    lines: ir.Table,
    *,
    own_lines: ir.Table,
    tallied: ir.Table,
    facts: frozenset[str],
    materialise: Materialise,
) -> ir.Table:
    """Add to lines those `facts` of `FACTS` that are wanted, empty where the trader has no past.

    `own_lines` has the lines' groups, trader_id and quarter; `tallied` are the `tallies` of these traders.
    """
    for fact in sorted(facts):
        measure = FACTS[fact]
        columns = tuple(dict.fromkeys(column for level in LEVELS[measure] for column in level))
        key = (*columns, "trader_id", "quarter")
        wanted = materialise(own_lines.select(*key).distinct())
        pasts = wanted.mutate(past=ibis.null("float64"))
        for level in LEVELS[measure]:
            means = _means(tallied, wanted, level, measure=measure)
            joined = pasts.left_join(means, [*level, "trader_id", "quarter"], rname="level_{name}")
            pasts = joined.select(*key, past=ibis.coalesce(joined.past, joined.mean))
        past = materialise(pasts)
        joined = lines.left_join(past, list(key), rname="past_{name}")
        lines = joined.select(*lines.columns, joined.past.name(fact))
    return lines


def _means(tallied: ir.Table, wanted: ir.Table, level: Level, *, measure: str) -> ir.Table:
    """Return the `mean` of a measure in the quarters before each quarter that is wanted of a level."""
    group, figures = [*level, "trader_id"], (f"lines_{measure}", f"total_{measure}")
    pairs = _summed(tallied, [*group, *CLOCKS], figures).join(
        wanted.select(*group, "quarter").distinct(), group
    )
    reach = (pairs.quarter - ibis.interval(months=3 * QUARTERS)).cast("date")
    past = pairs.filter(in_force_in_earlier_quarter(pairs, pairs.quarter), pairs.known_quarter >= reach)
    summed = _summed(past, [*group, "quarter"], figures)
    lines, total = (summed[name] for name in figures)
    mean = exact.stepped(total / lines.cast("float64").nullif(0.0))
    return summed.select(*group, "quarter", mean=mean)


def _summed(rows: ir.Table, key: Sequence[str], figures: tuple[str, str]) -> ir.Table:
    lines, total = figures
    return rows.group_by(*key).aggregate(
        **{lines: rows[lines].sum().cast("int64"), total: exact.total(rows[total])}
    )
