"""Valuation: prices that lie under those of others, fall, split or are rounded, and lack additions."""

from math import log, log10

from ibis.expr import types as ir

from features import exact
from features.feature import Example, feature
from features.unit import Unit

DATE = "DATE: Kim et al., Dual Attentive Tree-aware Embedding for Customs Fraud Detection, KDD 2020"
WCO_AUDIT = "WCO Guidelines for Post-Clearance Audit, vol. 2"
WCO_TRANSFER = "WCO Guide to Customs Valuation and Transfer Pricing, 2018"
BENFORD = "Cerioli et al., Newcomb-Benford law and the detection of frauds in international trade, PNAS 2019"
SLIP = log(10.0)
"""A price ten times off is a slip in the quantity, not a price: gaps count up to it."""
FEWEST_AMOUNTS = 100
PRICE_INPUTS = (
    "declarations.customs_value declarations.net_mass_kg declarations.hs_code declarations.origin_country"
)
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
    inputs=PRICE_INPUTS,
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
    inputs=PRICE_INPUTS,
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
    inputs=PRICE_INPUTS,
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
    inputs=f"{PRICE_INPUTS} declarations.duty_rate",
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


@feature(
    source="seller_goods",
    months=(12,),
    unit=Unit.LOG_RATIO,
    indicator="own_price_drift",
    reference=DATE,
    inputs="declarations.customs_value declarations.net_mass_kg declarations.hs_code declarations.seller_id",
    label="Own unit prices, last 3 months",
    phrase="Unit prices from the same sellers were in the last 3 months {value} those of the 9 months "
    "before.",
    why="A sudden fall of one's own prices, with the same seller, points to undervaluation that began.",
    finding_type="valuation",
    monotone=-1,
    example=Example(
        "late_value late_log_price early_log_price",
        [(300.0, 1.0, 1.2), (100.0, 2.0, 1.8), (50.0, 2.0, None)],
        (-0.2 * 300 + 0.2 * 100) / 400,
    ),
)
def own_price_drift(goods: ir.Table) -> ir.FloatingScalar:
    """Mean change of the log of own middle prices by subheading and seller, weighted by the latest value."""
    return exact.weighted_mean(goods.late_log_price - goods.early_log_price, goods.late_value)


@feature(
    source="seller_goods",
    months=(24,),
    unit=Unit.LOG_RATIO,
    indicator="own_price_drift",
    reference=DATE,
    inputs="declarations.customs_value declarations.net_mass_kg declarations.hs_code declarations.seller_id",
    label="Own unit prices, year on year",
    phrase="Unit prices from the same sellers were in the last 12 months {value} those of the 12 months "
    "before.",
    why="A lasting fall of one's own prices, with the same seller, points to undervaluation that began.",
    finding_type="valuation",
    monotone=-1,
    example=Example(
        "year_value year_log_price before_log_price",
        [(300.0, 1.0, 1.2), (100.0, 2.0, 1.8), (50.0, 2.0, None)],
        (-0.2 * 300 + 0.2 * 100) / 400,
    ),
)
def own_price_change(goods: ir.Table) -> ir.FloatingScalar:
    """Mean change of the log of own middle prices by subheading and seller, year on year."""
    return exact.weighted_mean(goods.year_log_price - goods.before_log_price, goods.year_value)


@feature(
    source="goods",
    months=(12,),
    unit=Unit.LOG_RATIO,
    indicator="own_price_spread",
    reference=DATE,
    inputs=PRICE_INPUTS,
    label="Spread of own unit prices",
    phrase="For goods of one kind and origin, the upper quarter of own unit prices was {value} the lower "
    "quarter.",
    why="Widely spread prices for the like point to values or quantities that are made up, or to goods "
    "declared under the wrong code.",
    finding_type="valuation",
    example=Example("customs_value price_spread", [(300.0, 0.2), (100.0, 1.0), (50.0, None)], 0.4),
)
def own_price_spread(goods: ir.Table) -> ir.FloatingScalar:
    """Value-weighted mean, over subheadings and origins, of the quartile range of own log unit prices."""
    return exact.weighted_mean(goods.price_spread, goods.customs_value)


@feature(
    source="goods_of_sellers",
    months=(24,),
    unit=Unit.LOG_RATIO,
    indicator="seller_price_split",
    reference=WCO_AUDIT,
    inputs=f"{PRICE_INPUTS} declarations.seller_id",
    label="Price gap between own sellers",
    phrase="For goods of one kind and origin, the dearest seller's middle price was {value} the cheapest's.",
    why="Two prices for the like from two sellers point to a second invoice, or to a price bent by a tie.",
    finding_type="valuation",
    example=Example("customs_value seller_gap", [(300.0, 0.2), (100.0, 1.0)], 0.4),
)
def seller_price_split(goods: ir.Table) -> ir.FloatingScalar:
    """Value-weighted mean gap of log middle prices between the dearest and the cheapest seller of a good."""
    return exact.weighted_mean(goods.seller_gap, goods.customs_value)


@feature(
    source="lines",
    months=(3, 12),
    unit=Unit.LOG_RATIO,
    indicator="freight_ratio_gap",
    reference=DATE,
    inputs="declarations.freight_amount declarations.customs_value declarations.dispatch_country "
    "declarations.transport_mode",
    label="Freight for the value against the route",
    phrase="On average by value, freight weighed in {window} {value} as much on the value as is usual on "
    "the route.",
    why="Freight that is dear for the value points to a value declared too low; cheap, to freight left out.",
    finding_type="valuation",
    example=Example(
        "log_freight_share peer_middle_log_freight_share customs_value "
        "peer_traders_log_freight_share peer_group_log_freight_share",
        [
            (-2.0, -2.5, 300.0, 9, "dispatch_country, transport_mode"),
            (-3.0, -2.5, 100.0, 9, "dispatch_country, transport_mode"),
            (None, -2.5, 900.0, 9, "dispatch_country, transport_mode"),
        ],
        0.25,
    ),
)
def freight_gap(lines: ir.Table) -> ir.FloatingScalar:
    """Value-weighted mean of ln(freight / value) less its middle among others on the route.

    Each gap is limited to ten times off.
    """
    gap = (lines.log_freight_share - lines.peer_middle_log_freight_share).clip(-SLIP, SLIP)
    return exact.weighted_mean(gap, lines.customs_value)


@feature(
    source="lines",
    months=(12,),
    unit=Unit.SHARE,
    indicator="related_party_share",
    reference=WCO_TRANSFER,
    inputs="declarations.related_party declarations.customs_value",
    label="Value from related sellers",
    phrase="{value} of the customs value of the last 12 months was bought from sellers declared as related.",
    why="Prices between related parties are set, not bargained for, and may need adjustment.",
    finding_type="valuation",
    example=Example("related_party customs_value", [(True, 100.0), (False, 300.0), (None, 900.0)], 0.25),
)
def related_party_share(lines: ir.Table) -> ir.FloatingScalar:
    """Share of value bought from sellers declared as related, of that for which it is declared."""
    return exact.share_where(lines.customs_value, lines.related_party)


@feature(
    source="tied_sellers",
    months=(12,),
    unit=Unit.SHARE,
    indicator="related_party_share",
    reference=WCO_TRANSFER,
    inputs="declarations.related_party declarations.seller_id declarations.customs_value links.link_type",
    label="Related by registers, not declared so",
    phrase="{value} of the customs value of the last 12 months was bought from sellers of the same group "
    "without declaring them as related.",
    why="A relation kept back hides a price that may not be acceptable as customs value.",
    finding_type="valuation",
    monotone=1,
    example=Example(
        "customs_value related_value is_tied",
        [(300.0, 100.0, True), (200.0, 0.0, False), (300.0, 300.0, True)],
        0.25,
    ),
)
def undeclared_tie_share(sellers: ir.Table) -> ir.FloatingScalar:
    """Share of value from sellers tied to the trader by group, on lines that do not declare it."""
    hidden = (sellers.customs_value - sellers.related_value).sum(where=sellers.is_tied)
    return exact.share(hidden, sellers.customs_value.sum())


@feature(
    source="lines",
    months=(3, 12),
    unit=Unit.SHARE,
    indicator="method_not_1_share",
    reference=WCO_AUDIT,
    inputs="declarations.valuation_method declarations.customs_value",
    label="Value not based on the price paid",
    phrase="{value} of the customs value in {window} was declared by another method than the price paid.",
    why="The fall-back methods rest on estimates and deductions that an audit can check.",
    finding_type="valuation",
    example=Example("valuation_method customs_value", [(1, 300.0), (4, 100.0), (None, 900.0)], 0.25),
)
def other_method_share(lines: ir.Table) -> ir.FloatingScalar:
    """Share of value by valuation method 2 to 6, of that with a method."""
    return exact.share_where(lines.customs_value, lines.valuation_method != 1)


@feature(
    source="lines",
    months=(12,),
    unit=Unit.SHARE,
    indicator="adjustments_absent",
    reference=WCO_TRANSFER,
    inputs="declarations.valuation_adjustment declarations.hs_code declarations.customs_value",
    label="Additions that others declare",
    phrase="On {value} of the customs value of the last 12 months, others would have declared additions to "
    "the price, such as royalties, and none were.",
    why="Royalties, licence fees and assists that others declare for such goods may have been left out.",
    finding_type="valuation",
    monotone=1,
    example=Example(
        "is_adjusted peer_mean_is_adjusted customs_value peer_traders_is_adjusted peer_group_is_adjusted",
        [
            (0.0, 0.5, 300.0, 9, "hs6"),
            (1.0, 0.5, 100.0, 9, "hs6"),
            (0.0, 0.0, 200.0, 9, "hs6"),
            (0.0, None, 900.0, None, None),
        ],
        0.25,
    ),
)
def additions_absent(lines: ir.Table) -> ir.FloatingScalar:
    """Value-weighted mean of the share of lines on which others declare additions, 0 where the line does."""
    return exact.weighted_mean((1.0 - lines.is_adjusted) * lines.peer_mean_is_adjusted, lines.customs_value)


@feature(
    source="lines",
    months=(24,),
    unit=Unit.RATIO,
    indicator="digit_anomaly",
    reference=BENFORD,
    inputs="declarations.invoice_amount",
    label="First digits of invoices",
    phrase="The first digits of invoice amounts differ by {value} from the shares that grown amounts show.",
    why="Amounts that are made up start with other digits than amounts that come out of trade.",
    finding_type="valuation",
    example=Example(
        "invoice_amount",
        [(1.0 + n,) for n in range(9)] * 12,
        sum(abs(1 / 9 - log10(1 + 1 / digit)) for digit in range(1, 10)),
    ),
)
def first_digit_distance(lines: ir.Table) -> ir.FloatingScalar:
    """Sum over digits of |share - log10(1 + 1 / digit)|, from 0 to 2; empty under 100 amounts."""
    amounts = lines.invoice_amount
    hundredths = (amounts.clip(0.0, 1e15) * 100.0).round().cast("int64")
    counted = hundredths > 0
    enough = counted.sum().cast("float64")
    enough = (enough >= FEWEST_AMOUNTS).ifelse(enough, None)
    first = hundredths.cast("string").substr(0, 1)
    shares = [((first == str(d)) & counted).sum().cast("float64") / enough for d in range(1, 10)]
    gaps = [(share - log10(1 + 1 / digit)).abs() for digit, share in enumerate(shares, start=1)]
    return sum(gaps[1:], start=gaps[0])


@feature(
    source="lines",
    months=(24,),
    unit=Unit.SHARE,
    indicator="digit_anomaly",
    reference=BENFORD,
    inputs="declarations.invoice_amount",
    label="Round invoice amounts",
    phrase="{value} of the invoice lines of the last 24 months are for round amounts, full hundreds.",
    why="Round amounts are more often agreed or made up than worked out from quantity and price.",
    finding_type="valuation",
    example=Example("invoice_amount", [(300.0,), (299.9,), (1250.0,), (0.0,)] * 50, 1 / 3),
)
def round_amount_share(lines: ir.Table) -> ir.FloatingScalar:
    """Share of invoice amounts above 0 that are full hundreds of their currency; empty under 100 amounts."""
    amounts = lines.invoice_amount
    counted = amounts > 0
    count = counted.sum().cast("float64")
    full = (counted & (amounts % 100.0 == 0)).sum()
    return exact.share(full, (count >= FEWEST_AMOUNTS).ifelse(count, None))
