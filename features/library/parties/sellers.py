"""Sellers: from whom the trader buys, and what audits of their other customers found."""

from datetime import date

from ibis.expr import types as ir

from features import exact
from features.feature import Example, feature
from features.library.history.inputs import FINDINGS
from features.library.literature import WCO_AUDIT
from features.unit import Unit

SELLER = "declarations.seller_id declarations.customs_value"


@feature(
    source="sellers",
    months=(24,),
    unit=Unit.PROBABILITY,
    indicator="seller_finding_rate",
    reference=WCO_AUDIT,
    inputs=f"{SELLER} {FINDINGS}",
    label="Findings with its sellers",
    phrase="Of audits of other traders who bought from the sellers of {window}, {value} found something.",
    why="Sellers who write false invoices for one buyer write them for others: the more was found with the "
    "others, the more may be found here.",
    monotone=1,
    example=Example("finding_rate customs_value", [(0.2, 300.0), (0.6, 100.0)], 0.3),
)
def seller_finding_rate(sellers: ir.Table) -> ir.FloatingScalar:
    """Mean of the sellers' finding rates, weighted by the customs value bought from them."""
    return exact.weighted_mean(sellers.finding_rate, sellers.customs_value)


@feature(
    source="sellers",
    months=(24,),
    unit=Unit.SHARE,
    indicator="seller_finding_rate",
    reference=WCO_AUDIT,
    inputs=SELLER,
    label="Value from new sellers",
    phrase="{value} of the customs value of the last 3 months came from sellers not met before in {window}.",
    why="New sellers have no prices of their own to be compared with: the more comes from them, the less "
    "can be compared.",
    tends=1,
    example=Example("recent_value is_new", [(300.0, False), (100.0, True), (0.0, False)], 0.25),
)
def new_seller_share(sellers: ir.Table) -> ir.FloatingScalar:
    """Share of the last three months' customs value, where a seller is named, from sellers new in them."""
    return exact.share_where(sellers.recent_value, sellers.is_new)


@feature(
    source="sellers",
    months=(24,),
    unit=Unit.COUNT,
    indicator="seller_finding_rate",
    reference=WCO_AUDIT,
    inputs=SELLER,
    label="Sellers",
    phrase="Sellers named in {window}: {value}.",
    why="With a few sellers prices can be agreed, with many they must be found: the fewer sellers, the more "
    "can be agreed.",
    tends=-1,
    example=Example("seller_id", [("S1",), ("S2",)], 2.0),
)
def sellers_used(sellers: ir.Table) -> ir.IntegerScalar:
    """Number of sellers bought from; empty where none is named."""
    return sellers.count()


@feature(
    source="sellers",
    months=(24,),
    unit=Unit.SHARE,
    indicator="seller_finding_rate",
    reference=WCO_AUDIT,
    inputs=SELLER,
    label="Share of the main seller",
    phrase="{value} of the customs value of {window} was bought from the main seller.",
    why="Who buys from one seller is often its daughter, or can agree on a second invoice: the more comes "
    "from one, the likelier that is.",
    tends=1,
    example=Example("customs_value", [(300.0,), (100.0,)], 0.75),
)
def main_seller_share(sellers: ir.Table) -> ir.FloatingScalar:
    """Customs value from the seller with most of it, by that from all sellers."""
    return exact.share(sellers.customs_value.max(), sellers.customs_value.sum())


@feature(
    source="sellers",
    months=(24,),
    unit=Unit.SHARE,
    indicator="seller_finding_rate",
    reference=WCO_AUDIT,
    inputs=SELLER,
    label="Value from sellers of the last year",
    phrase="{value} of the customs value of {window} came from sellers first met in the last 12 months.",
    why="A trade that changed its sellers cannot be measured by its own past: the more has changed, the "
    "less can be measured.",
    tends=1,
    example=Example(
        "customs_value first_on from_12m",
        [
            (300.0, date(2022, 9, 1), date(2023, 7, 1)),
            (100.0, date(2023, 7, 1), date(2023, 7, 1)),
        ],
        0.25,
    ),
)
def fresh_seller_share(sellers: ir.Table) -> ir.FloatingScalar:
    """Share of the value from sellers first met in the last 12 of 24 months; 1 for a trader of one year."""
    return exact.share_where(sellers.customs_value, sellers.first_on >= sellers.from_12m)
