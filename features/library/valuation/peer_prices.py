"""Peer prices: unit prices compared with those of other traders for like goods."""

from math import log

from ibis.expr import types as ir

from features import exact
from features.feature import Example, feature
from features.library.at_stake import TAXES, on_missing_value
from features.library.literature import DATE, VALUATION_AGREEMENT
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
    months=(12, 24),
    unit=Unit.LOG_RATIO,
    indicator="unit_price_gap",
    reference=DATE,
    inputs=PRICED,
    label="Unit price against other traders",
    phrase="On average by value, unit prices in {window} were {value} the middle price that other traders "
    "declared for like goods.",
    why="The lower prices are beside those of others, the more points to values declared too low.",
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
    source="lines",
    months=(12, 24),
    unit=Unit.SHARE,
    indicator="share_below_p10",
    reference=DATE,
    inputs=PRICED,
    label="Value at very low unit prices",
    phrase="{value} of the customs value in {window} was declared at a unit price under that of nine in ten "
    "other traders for like goods.",
    why="The more goods come in at prices hardly anybody else gets, the more points to values declared too "
    "low.",
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
    months=(24,),
    unit=Unit.LOG_RATIO,
    indicator="unit_price_gap",
    reference=DATE,
    inputs=PRICED,
    label="Unit price of the average line against other traders",
    phrase="On average over the lines of {window}, each alike, unit prices were {value} the middle price "
    "that other traders declared for like goods.",
    why="By value one large line hides many small ones: the lower their prices beside others', the more "
    "points to values declared too low.",
    finding_type="valuation",
    monotone=-1,
    example=Example(
        f"log_price peer_middle_log_price {PEERS}",
        [(1.0, 1.5, 12, HS6), (2.0, 1.9, 8, HS6), (1.0, None, None, None)],
        -0.2,
    ),
)
def line_price_gap(lines: ir.Table) -> ir.FloatingScalar:
    """Mean over lines of ln(unit price / peers' middle price), each gap limited to ten times off."""
    return _price_gap(lines).mean()


@feature(
    source="lines",
    months=(24,),
    unit=Unit.SHARE,
    indicator="unit_price_gap",
    reference=DATE,
    inputs=PRICED,
    label="Lines under half of other traders' price",
    phrase="On {value} of the lines of {window} the unit price was less than half the middle price that "
    "other traders declared for like goods.",
    why="Better terms seldom halve a price: the more such lines, the more points to values declared too low.",
    finding_type="valuation",
    monotone=1,
    example=Example(
        f"log_price peer_middle_log_price {PEERS}",
        [
            (log(2.0), log(5.0), 12, HS6),
            (log(3.0), log(5.0), 12, HS6),
            (log(9.0), log(5.0), 12, HS6),
            (0.0, None, None, None),
        ],
        1 / 3,
    ),
)
def half_price_share(lines: ir.Table) -> ir.FloatingScalar:
    """Share of lines, of those with peers, under half of the peers' middle price."""
    return exact.count_share_where(_price_gap(lines) < -log(2.0))


@feature(
    source="lines",
    months=(24,),
    unit=Unit.MONEY,
    indicator="undervalue_money",
    reference=DATE,
    inputs=f"{PRICED} {TAXES}",
    label="Taxes on value missing against other traders' prices",
    phrase="At the middle prices of other traders, {value} more duty and VAT would have been due on the "
    "lines of {window} declared below them.",
    why="It is the revenue at stake if low prices prove to be undervaluation.",
    finding_type="valuation",
    monotone=1,
    example=Example(
        f"log_price peer_middle_log_price duty_assessed vat_assessed {PEERS}",
        [
            (log(3.0), log(5.0), 30.0, 60.0, 12, HS6),
            (log(8.0), log(5.0), 80.0, 0.0, 12, HS6),
            (log(0.1), log(5.0), 1.0, 1.0, 12, HS6),
            (log(0.1), None, 10.0, 0.1, None, None),
        ],
        90 * (5 / 3 - 1) + 2 * 9,
    ),
)
def undervalue_money(lines: ir.Table) -> ir.FloatingScalar:
    """Sum of (peers' middle price / unit price - 1) x duty and VAT, where above 0, up to ten times the value.

    Lines without peers add nothing; where no line has any, it is unknown.
    """
    return on_missing_value(lines, lines.peer_middle_log_price - lines.log_price).sum()


@feature(
    source="lines",
    months=(24,),
    unit=Unit.MONEY,
    indicator="undervalue_money",
    reference=DATE,
    inputs=f"{PRICED} {TAXES}",
    label="Taxes on value missing against the lowest usual prices",
    phrase="At the price that nine in ten other traders reach, {value} more duty and VAT would have been due "
    "on the lines of {window} declared below it.",
    why="What lies under the prices of nearly everybody is hardly a matter of quality or terms: the more it "
    "is, the more is at stake.",
    finding_type="valuation",
    monotone=1,
    prior_yield=0.1,
    example=Example(
        f"log_price peer_low_log_price duty_assessed vat_assessed {PEERS}",
        [
            (log(3.0), log(4.5), 30.0, 60.0, 12, HS6),
            (log(5.0), log(4.5), 80.0, 0.0, 12, HS6),
            (log(0.1), None, 10.0, 0.1, None, None),
        ],
        90 * (4.5 / 3 - 1),
    ),
)
def low_price_money(lines: ir.Table) -> ir.FloatingScalar:
    """Sum of (price that a tenth of peers stay under / unit price - 1) x duty and VAT, where above 0.

    Each counts up to ten times the value. Lines without peers add nothing; where no line has any, it is
    unknown.
    """
    return on_missing_value(lines, lines.peer_low_log_price - lines.log_price).sum()


@feature(
    source="lines",
    months=(24,),
    unit=Unit.MONEY,
    indicator="overvalue_money",
    reference=VALUATION_AGREEMENT,
    inputs=f"{PRICED} {TAXES}",
    label="Taxes on value above other traders' prices",
    phrase="{value} of the duty and VAT of {window} was paid on value above the middle prices of other "
    "traders.",
    why="The more a trader declares above others, the more it may have paid too much: an audit may end in a "
    "refund.",
    tends=-1,
    finding_type="valuation",
    example=Example(
        f"log_price peer_middle_log_price duty_assessed vat_assessed {PEERS}",
        [
            (log(8.0), log(5.0), 30.0, 50.0, 12, HS6),
            (log(3.0), log(5.0), 30.0, 60.0, 12, HS6),
            (log(9.0), None, 10.0, 0.1, None, None),
        ],
        80 * (1 - 5 / 8),
    ),
)
def overvalue_money(lines: ir.Table) -> ir.FloatingScalar:
    """Sum of (1 - peers' middle price / unit price) x duty and VAT, where above 0."""
    taxes = lines.duty_assessed + lines.vat_assessed
    return ((1.0 - (-_price_gap(lines).clip(lower=0.0)).exp()) * taxes).sum()
