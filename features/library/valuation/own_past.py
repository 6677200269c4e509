"""Own past: unit prices beside the trader's own earlier ones, however few lines there are.

The earlier price of a line is the mean of the trader's own log unit prices in the three years before, for the
same subheading, unit and origin; where there is none, of any origin; where there is none, of the heading.
"""

from math import log

from ibis.expr import types as ir

from features import exact
from features.feature import Example, feature
from features.library.at_stake import TAXES, on_missing_value
from features.library.literature import DATE
from features.library.valuation.inputs import PRICED
from features.prepare.lines import SLIP
from features.unit import Unit

USUAL = log(0.7)
"""Quality and terms move the price of like goods by three tenths without a fault that an audit would find."""


def _fall(lines: ir.Table) -> ir.FloatingColumn:
    return (lines.log_price - lines.own_log_price).clip(-SLIP, SLIP)


@feature(
    source="lines",
    months=(12, 24),
    unit=Unit.LOG_RATIO,
    indicator="own_past_price",
    reference=DATE,
    inputs=PRICED,
    label="Unit price against its own past",
    phrase="On average by value, unit prices in {window} were {value} what the trader itself had declared "
    "for like goods in the three years before.",
    why="A trader knows its prices: the further they fall under its own earlier ones, the more points to "
    "undervaluation that began. Where it has no past, prices against other traders say it.",
    finding_type="valuation",
    monotone=-1,
    example=Example(
        "log_price own_log_price customs_value",
        [(1.0, 1.5, 300.0), (2.0, 1.9, 100.0), (5.0, 1.0, 100.0), (1.0, None, 900.0)],
        (-0.5 * 300 + 0.1 * 100 + log(10.0) * 100) / 500,
    ),
)
def own_past_gap(lines: ir.Table) -> ir.FloatingScalar:
    """Value-weighted mean of ln(unit price / own earlier price), each gap limited to ten times off."""
    return exact.weighted_mean(_fall(lines), lines.customs_value)


@feature(
    source="lines",
    months=(24,),
    unit=Unit.LOG_RATIO,
    indicator="own_past_price",
    reference=DATE,
    inputs=PRICED,
    label="Unit price of the average line against its own past",
    phrase="On average over the lines of {window}, each alike, unit prices were {value} what the trader "
    "itself had declared for like goods in the three years before.",
    why="By value one large line hides many small ones: the further their prices fell, the more points to "
    "undervaluation that began.",
    finding_type="valuation",
    monotone=-1,
    example=Example("log_price own_log_price", [(1.0, 1.5), (2.0, 1.9), (1.0, None)], -0.2),
)
def own_past_line_gap(lines: ir.Table) -> ir.FloatingScalar:
    """Mean over lines of ln(unit price / own earlier price), each gap limited to ten times off."""
    return _fall(lines).mean()


@feature(
    source="lines",
    months=(24,),
    unit=Unit.SHARE,
    indicator="own_past_price",
    reference=DATE,
    inputs=PRICED,
    label="Lines well under its own past prices",
    phrase="On {value} of the lines of {window} the unit price was less than seven tenths of what the "
    "trader itself had declared for like goods in the three years before.",
    why="One cheap line is chance: the more of them, the more points to values declared too low.",
    finding_type="valuation",
    monotone=1,
    example=Example(
        "log_price own_log_price",
        [(log(2.7), log(4.0)), (log(3.0), log(4.0)), (log(2.0), None), (log(9.0), log(4.0)), (0.0, log(4.0))],
        0.5,
    ),
)
def own_past_low_share(lines: ir.Table) -> ir.FloatingScalar:
    """Share of lines, of those with an own earlier price, under seven tenths of it."""
    return exact.count_share_where(_fall(lines) < USUAL)


@feature(
    source="lines",
    months=(24,),
    unit=Unit.MONEY,
    indicator="own_past_price",
    reference=DATE,
    inputs=f"{PRICED} {TAXES}",
    label="Taxes on value missing against its own past prices",
    phrase="At seven tenths of its own earlier prices for like goods, {value} more duty and VAT would have "
    "been due on the lines of {window} declared below them.",
    why="It is the revenue at stake if the fall of its prices proves to be undervaluation. Where the trader "
    "has no past, the taxes missing against other traders' prices say it.",
    finding_type="valuation",
    monotone=1,
    prior_yield=0.1,
    example=Example(
        "log_price own_log_price duty_assessed vat_assessed",
        [
            (log(2.0), log(5.0), 10.0, 20.0),
            (log(4.5), log(5.0), 100.0, 0.0),
            (log(0.1), log(5.0), 1.0, 1.0),
            (log(0.1), None, 10.0, 0.0),
        ],
        (0.7 * 5 / 2 - 1) * 30 + 9 * 2,
    ),
)
def own_past_money(lines: ir.Table) -> ir.FloatingScalar:
    """Sum of (seven tenths of the own earlier price / unit price - 1) x duty and VAT, where above 0.

    Each counts up to ten times the value. Lines without an own earlier price add nothing; where no line has
    one, it is unknown.
    """
    shortfall = lines.own_log_price + USUAL - lines.log_price
    return on_missing_value(lines, shortfall).sum()


@feature(
    source="lines",
    months=(24,),
    unit=Unit.MONEY,
    indicator="own_past_price",
    reference=DATE,
    inputs=f"{PRICED} {TAXES}",
    label="Taxes on the mean fall of its own prices",
    phrase="If the values of {window} were too low by as much as its unit prices fell on average under its "
    "own earlier ones, {value} more duty and VAT would have been due.",
    why="Over many lines chance evens out: what remains of the fall may be undervaluation that began, and "
    "the more it is, the more is at stake.",
    finding_type="valuation",
    monotone=1,
    prior_yield=0.3,
    example=Example(
        "log_price own_log_price duty_assessed vat_assessed",
        [(1.0, 1.5, 10.0, 20.0), (2.0, 1.9, 100.0, 0.0), (1.0, None, 0.0, 70.0)],
        0.2 * 200,
    ),
)
def own_past_fall_money(lines: ir.Table) -> ir.FloatingScalar:
    """Duty and VAT x the mean over lines of ln(own earlier price / unit price), 0 where prices rose.

    Where no line has an own earlier price, it is unknown.
    """
    taxes = (lines.duty_assessed + lines.vat_assessed).sum()
    return (-_fall(lines).mean()).clip(lower=0.0) * taxes


@feature(
    source="lines",
    months=(24,),
    unit=Unit.MONEY,
    indicator="own_past_price",
    reference=DATE,
    inputs=f"{PRICED} {TAXES}",
    label="Taxes on value missing against others and its own past",
    phrase="At other traders' middle prices or seven tenths of its own earlier ones, whichever are lower, "
    "{value} more duty and VAT would have been due on the lines of {window} declared below both.",
    why="A price that is low beside both has neither a cheap source nor a habit to explain it: the more it "
    "is, the more is at stake.",
    finding_type="valuation",
    monotone=1,
    prior_yield=0.1,
    example=Example(
        "log_price own_log_price peer_middle_log_price duty_assessed vat_assessed "
        "peer_traders_log_price peer_group_log_price",
        [
            (log(2.0), log(5.0), log(3.0), 10.0, 20.0, 12, "hs6, quantity_unit"),
            (log(2.0), log(10.0), log(9.0), 1.0, 1.0, 12, "hs6, quantity_unit"),
            (log(4.0), log(5.0), log(9.0), 100.0, 0.0, 12, "hs6, quantity_unit"),
            (log(0.1), None, log(9.0), 10.0, 0.0, 12, "hs6, quantity_unit"),
        ],
        30 * 0.5 + 2 * 2.5,
    ),
)
def low_on_both_money(lines: ir.Table) -> ir.FloatingScalar:
    """Sum of the smaller shortfall, against peers' middle price and against 0.7 of one's own, x duty and VAT.

    Each counts up to ten times the value; a line that lacks either adds nothing.
    """
    own = lines.own_log_price + USUAL - lines.log_price
    peers = lines.peer_middle_log_price - lines.log_price
    return on_missing_value(lines, ((own < peers) | own.isnull()).ifelse(own, peers)).sum()
