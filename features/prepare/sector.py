"""Medians among traders of the same sector and size, in the four quarters before a cutoff's quarter.

All traders have a vote, not only those of the spine, so a median does not depend on the spine. Where fewer
than `FEWEST_TRADERS` voted, the sector of any size counts, and then all traders. Votes, sectors and sizes
are those known when the quarter began; only first versions of lines count, as for `peers`.
"""

from collections.abc import Callable, Sequence
from functools import reduce

import ibis
from ibis.expr import types as ir

from features import exact
from features.as_known import in_force_at_quarters, in_force_in_earlier_quarter
from features.days import named_day
from features.prepare import records
from features.prepare.prepared import Prepared

FEWEST_TRADERS = 10
LEVELS = (("sector", "size_band"), ("sector",), ())
MONTHS = 12

Votes = Callable[[Prepared], ir.Table]
"""Gives each trader's `vote` as of each `cutoff_quarter`; an empty vote does not count."""


def usual(votes: Votes) -> Callable[[Prepared], ir.Table]:
    """Return the reader of rows (trader_id, `middle`, the median vote of its sector and size).

    A row holds from the first day of a cutoff's quarter to the last.
    """

    def read(prepared: Prepared) -> ir.Table:
        described = _described(prepared)
        all_votes = votes(prepared)
        voted = all_votes.filter(all_votes.vote.notnull()).left_join(
            described, ["trader_id", "cutoff_quarter"]
        )
        middles = [(level, _middles(voted, level)) for level in LEVELS]
        return _dated(_narrowest(_spine_cells(prepared, described), middles))

    return read


def rates(prepared: Prepared) -> ir.Table:
    """Vote with the taxes paid on the customs value."""
    year = _year(prepared)
    return year.select("trader_id", "cutoff_quarter", vote=year.taxes / year.customs_value.nullif(0.0))


def _year(prepared: Prepared) -> ir.Table:
    """Sum `customs_value` and `taxes` of all traders over the four quarters before each cutoff's quarter.

    What became known more than a year after acceptance is left out: a build may not reach back to it.
    """
    declared = prepared.declared
    lines = declared.filter(
        declared.version == 0,
        declared.known_on >= named_day("first_cutoff", MONTHS + 3),
        declared.known_on < (declared.accepted_on + ibis.interval(months=MONTHS)).cast("date"),
    )
    quarterly = _summed(lines, ["trader_id", "known_quarter", "cancelled_quarter"])
    known = quarterly.cross_join(prepared.quarters)
    within = known.filter(
        in_force_in_earlier_quarter(known, known.cutoff_quarter),
        known.known_quarter >= (known.cutoff_quarter - ibis.interval(months=MONTHS)).cast("date"),
    )
    return _summed(within, ["trader_id", "cutoff_quarter"])


def _summed(rows: ir.Table, key: Sequence[str]) -> ir.Table:
    return rows.group_by(*key).aggregate(
        customs_value=exact.total(rows.customs_value), taxes=exact.total(rows.taxes)
    )


def _described(prepared: Prepared) -> ir.Table:
    """Return sector and size of each trader as known when each cutoff's quarter began."""
    descriptions = records.descriptions(prepared.table("traders"))
    known = in_force_at_quarters(descriptions, prepared.quarters)
    return known.select("trader_id", "cutoff_quarter", "sector", "size_band")


def _spine_cells(prepared: Prepared, described: ir.Table) -> ir.Table:
    quarters = prepared.spine_rows.select("trader_id", "cutoff_quarter").distinct()
    return quarters.left_join(described, ["trader_id", "cutoff_quarter"]).select(*described.columns)


def _middles(voted: ir.Table, level: Sequence[str]) -> ir.Table:
    counted = voted.group_by(*level, "cutoff_quarter").aggregate(
        middle=voted.vote.median(), traders=voted.count()
    )
    return counted.filter(counted.traders >= FEWEST_TRADERS).drop("traders")


def _narrowest(cells: ir.Table, middles: Sequence[tuple[Sequence[str], ir.Table]]) -> ir.Table:
    """Add the `middle` of the narrowest level with enough traders; empty where even all are too few."""

    def beside(rows: ir.Table, numbered: tuple[int, tuple[Sequence[str], ir.Table]]) -> ir.Table:
        number, (level, known) = numbered
        key = (*level, "cutoff_quarter")
        renamed = known.rename({f"{name}_{number}": name for name in (*key, "middle")})
        joined = rows.left_join(renamed, [rows[name] == renamed[f"{name}_{number}"] for name in key])
        return joined.select(*rows.columns, f"middle_{number}")

    joined = reduce(beside, enumerate(middles), cells)
    middle = ibis.coalesce(*(joined[f"middle_{number}"] for number in range(len(middles))))
    return joined.select(*cells.columns, middle=middle)


def _dated(rows: ir.Table) -> ir.Table:
    """Let each row be known on the eve of its quarter, and superseded on the quarter's last day."""
    quarter = rows.cutoff_quarter
    eve = (quarter - ibis.interval(days=1)).cast("date")
    last = ((quarter + ibis.interval(months=3)).cast("date") - ibis.interval(days=1)).cast("date")
    return rows.select("trader_id", "middle", known_on=eve, happened_on=eve, superseded_on=last)
