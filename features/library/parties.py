"""Parties: the brokers and sellers of a trader, and the traders linked to it."""

from datetime import date

from ibis.expr import types as ir

from features import exact
from features.feature import Example, feature
from features.library.history.inputs import FINDINGS
from features.library.literature import ARMENIA, BROKERS, DATE, NETWORK, WCO_AUDIT
from features.prepare.entities import PRIOR_AUDITS
from features.unit import Unit

BROKER = "declarations.declarant_id declarations.customs_value"
SELLER = "declarations.seller_id declarations.customs_value"
LINKS = "links.from_id links.to_id links.link_type links.known_on"


@feature(
    source="brokers",
    months=(12,),
    unit=Unit.PROBABILITY,
    indicator="broker_finding_rate",
    reference=f"{DATE}; {BROKERS}",
    inputs=f"{BROKER} {FINDINGS}",
    label="Findings with its brokers",
    phrase="Of audits of other traders served by the brokers used in {window}, {value} found something.",
    why="Brokers carry good and bad habits from one client to the next.",
    monotone=1,
    example=Example("finding_rate customs_value", [(0.2, 300.0), (0.6, 100.0), (None, 50.0)], 0.3),
)
def broker_finding_rate(brokers: ir.Table) -> ir.FloatingScalar:
    """Mean of the brokers' finding rates, weighted by the customs value declared through them."""
    return exact.weighted_mean(brokers.finding_rate, brokers.customs_value)


@feature(
    source="brokers",
    months=(12,),
    unit=Unit.COUNT,
    indicator="broker_churn",
    reference=BROKERS,
    inputs=BROKER,
    label="Brokers used",
    phrase="Brokers used in {window}: {value}.",
    why="With many brokers no single one sees the whole trade.",
    example=Example("declarant_id", [("B1",), ("B2",)], 2.0),
)
def brokers_used(brokers: ir.Table) -> ir.IntegerScalar:
    """Number of brokers through whom lines were declared; empty where no broker is named."""
    return brokers.count()


@feature(
    source="brokers",
    months=(12,),
    unit=Unit.SHARE,
    indicator="broker_churn",
    reference=BROKERS,
    inputs=BROKER,
    label="Share of the main broker",
    phrase="{value} of the customs value of {window} went through the main broker.",
    why="A share that is spread shows a trade that no single broker sees whole.",
    example=Example("customs_value", [(300.0,), (100.0,)], 0.75),
)
def main_broker_share(brokers: ir.Table) -> ir.FloatingScalar:
    """Customs value through the broker with most of it, by that through all brokers."""
    return exact.share(brokers.customs_value.max(), brokers.customs_value.sum())


@feature(
    source="brokers",
    months=(24,),
    unit=Unit.COUNT,
    indicator="broker_churn",
    reference=BROKERS,
    inputs=BROKER,
    label="Brokers changed to",
    phrase="Brokers used in the last 12 months but not in the 12 before: {value}.",
    why="Traders leave brokers who ask questions, and follow those who do not.",
    example=Example(
        "first_on from_12m",
        [
            (date(2022, 9, 1), date(2023, 7, 1)),
            (date(2023, 7, 1), date(2023, 7, 1)),
            (date(2024, 2, 1), date(2023, 7, 1)),
        ],
        2.0,
    ),
)
def brokers_taken_on(brokers: ir.Table) -> ir.FloatingScalar:
    """Brokers first met in the last 12 of 24 months; empty where none was used before, so none was left."""
    fresh = brokers.first_on >= brokers.from_12m
    none_before = brokers.count(where=~fresh).cast("float64").nullif(0.0) * 0.0
    return brokers.count(where=fresh) + none_before


@feature(
    source="sellers",
    months=(24,),
    unit=Unit.PROBABILITY,
    indicator="seller_finding_rate",
    reference=WCO_AUDIT,
    inputs=f"{SELLER} {FINDINGS}",
    label="Findings with its sellers",
    phrase="Of audits of other traders who bought from the sellers of {window}, {value} found something.",
    why="Sellers who write false invoices for one buyer write them for others.",
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
    why="New sellers have no prices of their own to be compared with.",
    example=Example("recent_value is_new", [(300.0, False), (100.0, True), (0.0, False)], 0.25),
)
def new_seller_share(sellers: ir.Table) -> ir.FloatingScalar:
    """Share of the last three months' customs value, where a seller is named, from sellers new in them."""
    return exact.share_where(sellers.recent_value, sellers.is_new)


@feature(
    source="kin",
    unit=Unit.PROBABILITY,
    indicator="graph_risk",
    reference=NETWORK,
    inputs=f"{LINKS} {FINDINGS}",
    label="Findings with its kin",
    phrase="Of audits of traders tied by a group, a director or an address, {value} found something.",
    why="Families of firms share owners, books and habits.",
    monotone=1,
    example=Example(
        "by_firm audits hits other_rate",
        [(True, 2, 2, 0.3), (True, 0, 0, 0.3), (False, 5, 5, 0.3)],
        5.0 / 12.0,
    ),
)
def kin_finding_rate(linked: ir.Table) -> ir.FloatingScalar:
    """(findings of linked traders + 10 x the rate of all others) / (their audits + 10), own ones left out."""
    hits = linked.hits.sum(where=linked.by_firm) + PRIOR_AUDITS * linked.other_rate.max(where=linked.by_firm)
    return hits / (linked.audits.sum(where=linked.by_firm) + PRIOR_AUDITS)


@feature(
    source="kin",
    empty=0.0,
    unit=Unit.COUNT,
    indicator="shared_identity",
    reference=ARMENIA,
    inputs=LINKS,
    label="Traders sharing its identity",
    phrase="Other traders that share its address, director, telephone or bank account: {value}.",
    why="Firms that share such details are often one business under several names.",
    monotone=1,
    example=Example("by_identity", [(True,), (True,), (False,)], 2.0),
)
def identity_shared_with(linked: ir.Table) -> ir.IntegerScalar:
    """Number of traders linked by address, director, telephone or bank, directly or through a third."""
    return linked.count(where=linked.by_identity)


@feature(
    source="kin",
    empty=0.0,
    unit=Unit.COUNT,
    indicator="shared_identity",
    reference=ARMENIA,
    inputs=f"{LINKS} declarations.accepted_on",
    label="Kin that fell silent",
    phrase="Tied traders that imported in the last two years but not in the last six months: {value}.",
    why="Firms given up before their debts are due often go on under a new name.",
    monotone=1,
    example=Example("is_silent", [(True,), (False,)], 1.0),
)
def silent_kin(linked: ir.Table) -> ir.IntegerScalar:
    """Number of linked traders whose last line is six months to two years old: probably dissolved."""
    return linked.count(where=linked.is_silent)
