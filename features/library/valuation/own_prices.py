"""Own prices: unit prices that fall, vary or differ between a trader's own sellers."""

from ibis.expr import types as ir

from features import exact
from features.feature import Example, feature
from features.library.literature import DATE, WCO_AUDIT
from features.library.valuation.inputs import PRICED
from features.unit import Unit


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
    why="The further one's own prices fall all at once, with the same seller, the more points to "
    "undervaluation that began.",
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
    why="The further one's own prices fall for good, with the same seller, the more points to "
    "undervaluation that began.",
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
    months=(12, 24),
    unit=Unit.LOG_RATIO,
    indicator="own_price_spread",
    reference=DATE,
    inputs=PRICED,
    label="Spread of own unit prices",
    phrase="For goods of one kind and origin, the upper quarter of own unit prices in {window} was {value} "
    "the lower quarter.",
    why="The wider prices for the like are spread, the more points to values or quantities that are made "
    "up, or to goods under the wrong code.",
    tends=1,
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
    inputs=f"{PRICED} declarations.seller_id",
    label="Price gap between own sellers",
    phrase="For goods of one kind and origin, the dearest seller's middle price was {value} the cheapest's.",
    why="The further two sellers' prices for the like are apart, the more points to a second invoice, or to "
    "a price bent by a tie.",
    tends=1,
    finding_type="valuation",
    example=Example("customs_value seller_gap", [(300.0, 0.2), (100.0, 1.0)], 0.4),
)
def seller_price_split(goods: ir.Table) -> ir.FloatingScalar:
    """Value-weighted mean gap of log middle prices between the dearest and the cheapest seller of a good."""
    return exact.weighted_mean(goods.seller_gap, goods.customs_value)
