"""Tax returns beside what was declared to customs in the periods they cover.

A return is filed weeks or months after its period, so it is never compared with the latest trade: the lines
counted are those accepted in its own period, in the versions that a cutoff may see.
"""

import ibis
from ibis.expr import types as ir

from features import exact
from features.as_known import in_force
from features.days import named_day
from features.prepare import goods, lines, records
from features.prepare.prepared import Prepared
from features.prepare.records import BASE_COLUMNS

PERIOD = ("period_from", "period_to")
STATED = ("turnover", "purchases_imported", "import_vat_claimed", "payments_abroad", "royalties_abroad")
DECLARED = ("customs_value", "vat_assessed", "valuation_adjustment", "taxes")
REACH = 24
LONGEST_PERIOD = 12
"""In months. Of the rare return over more, no line is read: a build may not reach back to them."""


def states(prepared: Prepared) -> ir.Table:
    """Return the tax returns, each until a later one for the same period is known."""
    key = ("trader_id", *PERIOD)
    return records.states_of(prepared.table("tax_returns"), key, happened_on="period_to", order_by="filed_on")


def filed(prepared: Prepared) -> ir.Table:
    """Return every filing, also one that a later replaced."""
    return records.events_of(prepared.table("tax_returns"), happened_on="period_to")


def compared(prepared: Prepared) -> ir.Table:
    """Return the returns of the spine's traders, and apart from them the lines accepted in their periods.

    A line beside a return is known when both are, and holds while both do.
    """
    reached = prepared.declared.accepted_on >= named_day("first_day", LONGEST_PERIOD)
    own = prepared.declared.filter(reached).semi_join(prepared.traders, "trader_id")
    trade = _daily(lines.with_validity(own, prepared.ends))
    own_returns = _comparable(states(prepared)).semi_join(prepared.traders, "trader_id")
    return _stated(own_returns).union(_beside(own_returns, trade))


def by_return(rows: ir.Table, prepared: Prepared) -> ir.Table:
    """Bring them to one row a return: what it states, and the sums of what was declared in its period.

    `is_late` is whether the period ends in the last 12 months.
    """
    return rows.group_by(*goods.ROW, *PERIOD).aggregate(
        is_late=rows.period_to.max() >= rows.from_12m.max(),
        **{name: rows[name].max() for name in STATED},
        **{name: exact.total(rows[name]).fill_null(0.0) for name in DECLARED},
    )


def first_filings(rows: ir.Table, prepared: Prepared) -> ir.Table:
    """Bring returns to one row a period, with the day on which the first for it was filed."""
    return rows.group_by(*goods.ROW, *PERIOD).aggregate(first_filed_on=rows.filed_on.min())


def multiples(prepared: Prepared) -> ir.Table:
    """Vote with turnover / customs value, over the returns of the 24 months before each cutoff's quarter.

    First versions of all traders' lines, by month and the quarter in which they became known.
    """
    comparable = _comparable(states(prepared))
    stating = comparable.filter(comparable.turnover.notnull())
    by_month = stating.mutate(period_from=stating.period_from.truncate("M").cast("date"))
    seen = _stated(by_month).union(_beside(by_month, _monthly(prepared))).cross_join(prepared.quarters)
    held = seen.filter(
        in_force(seen, seen.cutoff_quarter),
        seen.happened_on >= (seen.cutoff_quarter - ibis.interval(months=REACH)).cast("date"),
    )
    summed = held.group_by("trader_id", "cutoff_quarter").aggregate(
        turnover=exact.total(held.turnover), customs_value=exact.total(held.customs_value)
    )
    return summed.select(
        "trader_id", "cutoff_quarter", vote=summed.turnover / summed.customs_value.nullif(0.0)
    )


def _comparable(held: ir.Table) -> ir.Table:
    longest = (held.period_from + ibis.interval(months=LONGEST_PERIOD)).cast("date")
    return held.filter(held.period_to < longest).select(*BASE_COLUMNS, *PERIOD, *STATED)


def _daily(trade: ir.Table) -> ir.Table:
    """Sum the lines of a trader and day that became known, and hold, as long: they are paired as one."""
    return trade.group_by("trader_id", "accepted_on", "known_on", "superseded_on").aggregate(
        **{name: exact.total(trade[name]) for name in DECLARED}
    )


def _monthly(prepared: Prepared) -> ir.Table:
    first_versions = prepared.declared.filter(prepared.declared.version == 0)
    key = ("trader_id", "month", "known_quarter", "cancelled_quarter")
    monthly = first_versions.group_by(*key).aggregate(
        **{name: exact.total(first_versions[name]) for name in DECLARED}
    )
    return monthly.rename(accepted_on="month", known_on="known_quarter", superseded_on="cancelled_quarter")


def _stated(held: ir.Table) -> ir.Table:
    return held.mutate(**{name: ibis.null("float64") for name in DECLARED})


def _beside(held: ir.Table, trade: ir.Table) -> ir.Table:
    """Pair each return with the lines accepted in its period; what it states is left out."""
    items = trade.select(
        "trader_id", "accepted_on", *DECLARED, line_from="known_on", line_until="superseded_on"
    )
    pairs = held.join(items, "trader_id")
    inside = pairs.filter(pairs.accepted_on >= pairs.period_from, pairs.accepted_on <= pairs.period_to)
    return inside.mutate(
        known_on=ibis.greatest(inside.known_on, inside.line_from),
        superseded_on=ibis.least(inside.superseded_on, inside.line_until),
        **{name: ibis.null("float64") for name in STATED},
    ).select(*BASE_COLUMNS, *PERIOD, *STATED, *DECLARED)
