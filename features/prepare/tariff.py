"""What the tariff says of a line: the general rate of its code, and the rates of the sibling codes."""

import ibis
from ibis.expr import types as ir

FACTS = frozenset({"general_rate", "highest_sibling_rate", "lowest_sibling_rate"})


def general_rates(tariff: ir.Table) -> ir.Table:
    """Return the most-favoured-nation rates as steps: hs_code, hs4, valid_from, ends_on (exclusive), rate.

    A rate holds until the next one of its code begins, or the day after its own last day.
    """
    general = tariff.filter(tariff.preference_code.isnull())
    following = general.valid_from.lead().over(ibis.window(group_by="hs_code", order_by="valid_from"))
    after_last = (general.valid_to + ibis.interval(days=1)).cast("date")
    return general.select(
        "hs_code",
        "valid_from",
        "rate",
        hs4=general.hs_code.substr(0, 4),
        ends_on=ibis.least(following, after_last),
    )


def sibling_rates(rates: ir.Table) -> ir.Table:
    """Return, for each heading and day of change, the highest and lowest rate in force in it."""
    days = rates.select("hs4", from_on=rates.valid_from).distinct()
    heading = rates.rename(code_hs4="hs4")
    pairs = days.join(heading, days.hs4 == heading.code_hs4)
    in_force = pairs.filter(
        pairs.valid_from <= pairs.from_on, pairs.ends_on.isnull() | (pairs.ends_on > pairs.from_on)
    )
    steps = in_force.group_by("hs4", "from_on").aggregate(
        highest_sibling_rate=in_force.rate.max(), lowest_sibling_rate=in_force.rate.min()
    )
    following = steps.from_on.lead().over(ibis.window(group_by="hs4", order_by="from_on"))
    return steps.mutate(until_on=following)


def with_tariff(lines: ir.Table, tariff: ir.Table) -> ir.Table:
    """Add `general_rate`, `highest_sibling_rate` and `lowest_sibling_rate` as in force on acceptance."""
    rates = general_rates(tariff)
    siblings = sibling_rates(rates)
    own = rates.select(rate_code="hs_code", rate_from="valid_from", rate_ends="ends_on", general_rate="rate")
    headings = siblings.rename(sibling_hs4="hs4")
    with_own = lines.left_join(
        own,
        [
            lines.hs_code == own.rate_code,
            lines.accepted_on >= own.rate_from,
            own.rate_ends.isnull() | (lines.accepted_on < own.rate_ends),
        ],
    )
    joined = with_own.left_join(
        headings,
        [
            with_own.hs4 == headings.sibling_hs4,
            with_own.accepted_on >= headings.from_on,
            headings.until_on.isnull() | (with_own.accepted_on < headings.until_on),
        ],
    )
    return joined.select(*lines.columns, *sorted(FACTS))
