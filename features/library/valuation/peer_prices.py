"""Peer prices: unit prices compared with those of other traders for like goods."""

from math import log

from ibis.expr import types as ir

from features import exact
from features.feature import Example, feature
from features.library.literature import DATE
from features.library.valuation.inputs import PRICED
from features.prepare.lines import SLIP
from features.unit import Unit

PEERS = "peer_traders_log_price peer_group_log_price"
"""Read by no feature: they show an auditor with how many others, and with which, a line was compared."""
HS6 = "hs6, quantity_unit, origin_country"


def _price_gap(lines: ir.Table) -> ir.FloatingColumn:
    return (lines.log_price - lines.peer_middle_log_price).clip(-SLIP, SLIP)


@feature(
    source="lines",
    months=(3, 12, 24),
    unit=Unit.LOG_RATIO,
    indicator="unit_price_gap",
    reference=DATE,
    inputs=PRICED,
    label="Unit price against other traders",
    phrase="On average by value, unit prices in {window} were {value} the middle price that other traders "
    "declared for like goods.",
    why="Prices well under those of others point to values declared too low.",
    finding_type="valuation",
    monotone=-1,
    example=Example(
        f"log_price peer_middle_log_price customs_value {PEERS}",
        [
            (1.0, 1.5, 300.0, 12, HS6),
            (2.0, 1.9, 100.0, 8, HS6),
            (5.0, 1.0, 100.0, 8, HS6),
            (1.0, None, 900.0, None, None),
        ],
        (-0.5 * 300 + 0.1 * 100 + log(10.0) * 100) / 500,
    ),
)
def price_gap(lines: ir.Table) -> ir.FloatingScalar:
    """Value-weighted mean of ln(unit price / peers' middle price), each gap limited to ten times off."""
    return exact.weighted_mean(_price_gap(lines), lines.customs_value)


@feature(
    source="priced_lines",
    months=(12,),
    unit=Unit.LOG_RATIO,
    indicator="unit_price_gap",
    reference=DATE,
    inputs=PRICED,
    label="Middle unit price against other traders",
    phrase="Half of the customs value was declared at {value} the middle price of other traders for like "
    "goods, or less.",
    why="Prices under those of others on the bulk of the goods point to values declared too low.",
    finding_type="valuation",
    monotone=-1,
    example=Example("price_gap share_up_to", [(-0.7, 0.3), (-0.2, 0.6), (0.4, 1.0)], -0.2),
)
def middle_price_gap(lines: ir.Table) -> ir.FloatingScalar:
    """Value-weighted median of ln(unit price / peers' middle price)."""
    return lines.price_gap.min(where=lines.share_up_to >= 0.5)


@feature(
    source="lines",
    months=(3, 12, 24),
    unit=Unit.SHARE,
    indicator="share_below_p10",
    reference=DATE,
    inputs=PRICED,
    label="Value at very low unit prices",
    phrase="{value} of the customs value in {window} was declared at a unit price under that of nine in ten "
    "other traders for like goods.",
    why="Goods at prices hardly anybody else gets point to values declared too low.",
    finding_type="valuation",
    monotone=1,
    example=Example(
        f"log_price peer_low_log_price customs_value {PEERS}",
        [
            (1.0, 1.2, 300.0, 12, HS6),
            (2.0, 1.2, 100.0, 12, HS6),
            (1.2, 1.2, 200.0, 12, HS6),
            (1.0, None, 900.0, None, None),
        ],
        0.5,
    ),
)
def low_price_share(lines: ir.Table) -> ir.FloatingScalar:
    """Share of value, of that with peers, under the price that a tenth of other traders stay under."""
    return exact.share_where(lines.customs_value, lines.log_price < lines.peer_low_log_price)


@feature(
    source="lines",
    months=(3, 12, 24),
    unit=Unit.MONEY,
    indicator="undervalue_money",
    reference=DATE,
    inputs=f"{PRICED} declarations.duty_rate",
    label="Duty on value missing against other traders' prices",
    phrase="At the middle prices of other traders, {value} more duty would have been due on the lines "
    "declared below them in {window}.",
    why="It is the duty at stake if low prices prove to be undervaluation.",
    finding_type="valuation",
    monotone=1,
    example=Example(
        f"log_price peer_middle_log_price customs_value duty_rate {PEERS}",
        [
            (log(3.0), log(5.0), 300.0, 0.1, 12, HS6),
            (log(8.0), log(5.0), 800.0, 0.1, 12, HS6),
            (log(0.1), log(5.0), 10.0, 0.1, 12, HS6),
            (log(0.1), None, 10.0, 0.1, None, None),
        ],
        0.1 * (500 - 300) + 0.1 * (100 - 10),
    ),
)
def undervalue_duty(lines: ir.Table) -> ir.FloatingScalar:
    """Sum of (peers' middle price x quantity - value) x duty rate, where above 0, up to ten times the value.

    Lines without peers add nothing; where no line has any, it is unknown.
    """
    missing = (-_price_gap(lines)).clip(0.0, SLIP).exp() - 1.0
    return (missing * lines.customs_value * lines.duty_rate).sum()
