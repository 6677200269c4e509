"""Related parties: traders that a trader is tied to, directly or through the same person, firm or address.

Two traders are related where one is tied to the other, or where both are tied in the same way to the same
third: a director, a parent, a bank account. A third with more than `MOST_TIED` such ties (an office block, an
agent's telephone) relates nobody. The trader's own ties count as known at the cutoff; those of the others,
and what audits found with them, as known when the cutoff's quarter began.
"""

import ibis
from ibis.expr import types as ir

from features import exact
from features.as_known import in_force_at_quarters, in_force_in_earlier_quarter, known_before
from features.prepare.entities import COUNTS
from features.prepare.lines import first_of_quarter

MOST_TIED = 50
FIRM_TIES = ("group", "director", "address")
IDENTITY_TIES = ("address", "director", "phone", "bank")
SILENT_MONTHS, RECENT_MONTHS = 6, 24


def pairs(own: ir.Table, *, ties: ir.Table, traders: ir.Table, quarters: ir.Table) -> ir.Table:
    """Return one row for each trader, cutoff and related party: `kin_id`, and by what they are tied.

    `own` are the ties that a cutoff may see, `ties` all, from both ends, `traders` the table of traders.
    """
    own_ties = own.select("trader_id", "cutoff", "cutoff_quarter", "tied_id", "link_type")
    direct = own_ties.rename(kin_id="tied_id")
    others = _thirds(ties.semi_join(own_ties, "tied_id"), quarters)
    joined = own_ties.join(others, ["tied_id", "link_type", "cutoff_quarter"])
    indirect = joined.filter(joined.kin_id != joined.trader_id).select(*direct.columns)
    parties = direct.union(indirect)
    known = _among_traders(parties, traders)
    return known.group_by("trader_id", "cutoff", "cutoff_quarter", "kin_id").aggregate(
        by_firm=known.link_type.isin(FIRM_TIES).any(),
        by_identity=known.link_type.isin(IDENTITY_TIES).any(),
    )


def _among_traders(parties: ir.Table, traders: ir.Table) -> ir.Table:
    """Leave out the parties that were not known as traders at the cutoff."""
    named = traders.group_by(kin_id="trader_id").aggregate(known_on=traders.known_on.min())
    joined = parties.join(named, "kin_id")
    return joined.filter(known_before(joined, joined.cutoff)).select(*parties.columns)


def _thirds(ties: ir.Table, quarters: ir.Table) -> ir.Table:
    """Return the traders tied to each third when a quarter begins, where they are at most `MOST_TIED`."""
    held = in_force_at_quarters(ties, quarters)
    begun = held.filter(held.happened_on < held.cutoff_quarter)
    each = begun.select("tied_id", "link_type", "cutoff_quarter", kin_id="trader_id").distinct()
    key = ["tied_id", "link_type", "cutoff_quarter"]
    few = each.group_by(*key).aggregate(tied=each.count())
    return each.semi_join(few.filter(few.tied <= MOST_TIED), key)


def with_past(
    parties: ir.Table, *, closed: ir.Table, first_versions: ir.Table, quarters: ir.Table
) -> ir.Table:
    """Add to each party what is counted of its `closed` audits (`COUNTS`), and how its trade ended.

    `other_<count>` is the mean per audit among all traders but the one of the row. A party `is_silent` where
    it imported in the 24 months before the quarter but not in the last six: the contract does not tell who
    was dissolved, and who is dissolved imports no more. `value` is its customs value of those 24 months.
    """
    known = in_force_at_quarters(closed, quarters)
    by_trader = known.group_by("trader_id", "cutoff_quarter").aggregate(
        **{name: exact.total(known[name]) for name in COUNTS}
    )
    overall = by_trader.group_by("cutoff_quarter").aggregate(
        **{f"all_{name}": exact.total(by_trader[name]) for name in COUNTS}
    )
    counted = _counted(parties, by_trader, of="kin_id", prefix="kin")
    counted = _counted(counted, by_trader, of="trader_id", prefix="own")
    everybody = [f"all_{name}" for name in COUNTS]
    counted = counted.left_join(overall, "cutoff_quarter").select(*counted.columns, *everybody)
    counted = _with_trade(counted, first_versions)
    day = counted.cutoff_quarter
    others = counted.all_audits - counted.own_audits
    return counted.select(
        *parties.columns,
        **{name: counted[f"kin_{name}"] for name in COUNTS},
        **{
            f"other_{name}": exact.share(counted[f"all_{name}"] - counted[f"own_{name}"], others)
            for name in COUNTS
        },
        value=counted.value.fill_null(0.0),
        is_silent=counted.last_import.between(
            _before(day, RECENT_MONTHS), _before(day, SILENT_MONTHS)
        ).fill_null(False),
    )


def _counted(parties: ir.Table, by_trader: ir.Table, *, of: str, prefix: str) -> ir.Table:
    counts = by_trader.rename({f"{prefix}_{name}": name for name in by_trader.columns})
    joined = parties.left_join(
        counts,
        [
            parties[of] == counts[f"{prefix}_trader_id"],
            parties.cutoff_quarter == counts[f"{prefix}_cutoff_quarter"],
        ],
    )
    filled = {f"{prefix}_{name}": joined[f"{prefix}_{name}"].fill_null(0.0) for name in COUNTS}
    return joined.select(*parties.columns, **filled)


def _with_trade(parties: ir.Table, first_versions: ir.Table) -> ir.Table:
    """Add `last_import`, the party's last day of acceptance, and `value`, its customs value of 24 months.

    Of lines known when the quarter began, and not cancelled by then.
    """
    lines = first_versions.mutate(kin_id=first_versions.trader_id).semi_join(parties, "kin_id")
    quarters = {
        "known_quarter": first_of_quarter(lines.known_on),
        "cancelled_quarter": first_of_quarter(lines.cancelled_on),
    }
    daily = lines.group_by("kin_id", "accepted_on", **quarters).aggregate(
        customs_value=exact.total(lines.customs_value)
    )
    joined = parties.select("kin_id", "cutoff_quarter").distinct().join(daily, "kin_id")
    known = joined.filter(in_force_in_earlier_quarter(joined, joined.cutoff_quarter))
    recent = known.accepted_on >= _before(known.cutoff_quarter, RECENT_MONTHS)
    trade = known.group_by("kin_id", "cutoff_quarter").aggregate(
        last_import=known.accepted_on.max(), value=exact.total(recent.ifelse(known.customs_value, 0.0))
    )
    joined = parties.left_join(trade, ["kin_id", "cutoff_quarter"])
    return joined.select(*parties.columns, "last_import", "value")


def _before(day: ir.DateValue, months: int) -> ir.DateValue:
    return (day - ibis.interval(months=months)).cast("date")
