"""Brokers: through whom the trader declares, and what audits of their other clients found."""

from datetime import date

from ibis.expr import types as ir

from features import exact
from features.data.contract.rule import LARGEST_RATE
from features.feature import Example, feature
from features.library.history.inputs import FINDINGS, RECORD
from features.library.literature import BROKERS, DATE
from features.unit import Unit

BROKER = "declarations.declarant_id declarations.customs_value"


@feature(
    source="brokers",
    months=(12,),
    unit=Unit.PROBABILITY,
    indicator="broker_finding_rate",
    reference=f"{DATE}; {BROKERS}",
    inputs=f"{BROKER} {FINDINGS}",
    label="Findings with its brokers",
    phrase="Of audits of other traders served by the brokers used in {window}, {value} found something.",
    why="Brokers carry good and bad habits from one client to the next: the more was found with the others, "
    "the more may be found here.",
    monotone=1,
    example=Example("finding_rate customs_value", [(0.2, 300.0), (0.6, 100.0), (None, 50.0)], 0.3),
)
def broker_finding_rate(brokers: ir.Table) -> ir.FloatingScalar:
    """Mean of the brokers' finding rates, weighted by the customs value declared through them."""
    return exact.weighted_mean(brokers.finding_rate, brokers.customs_value)


@feature(
    source="brokers",
    months=(24,),
    unit=Unit.COUNT,
    indicator="broker_churn",
    reference=BROKERS,
    inputs=BROKER,
    label="Brokers used",
    phrase="Brokers used in {window}: {value}.",
    why="The more brokers are used, the less any of them sees the whole trade.",
    tends=1,
    example=Example("declarant_id", [("B1",), ("B2",)], 2.0),
)
def brokers_used(brokers: ir.Table) -> ir.IntegerScalar:
    """Number of brokers through whom lines were declared; empty where no broker is named."""
    return brokers.count()


@feature(
    source="brokers",
    months=(12, 24),
    unit=Unit.SHARE,
    indicator="broker_churn",
    reference=BROKERS,
    inputs=BROKER,
    label="Share of the main broker",
    phrase="{value} of the customs value of {window} went through the main broker.",
    why="The less goes through the main broker, the less any single broker sees the trade whole.",
    tends=-1,
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
    why="Traders leave brokers who ask questions, and follow those who do not: the more are new, the more "
    "there is to explain.",
    tends=1,
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
    source="brokers",
    months=(24,),
    unit=Unit.MONEY,
    indicator="broker_finding_rate",
    reference=f"{DATE}; {BROKERS}",
    inputs=f"declarations.declarant_id {RECORD}",
    label="Expected by the record of its brokers",
    phrase="At what audits of other clients of its brokers assessed per customs value, the value of {window} "
    "would bring {value}.",
    why="Brokers carry good and bad habits from one client to the next: the more was assessed with the "
    "others, the more may be here.",
    monotone=1,
    example=Example("finding_yield customs_value", [(0.02, 300.0), (0.1, 100.0), (None, 50.0)], 16.0),
)
def broker_record_money(brokers: ir.Table) -> ir.FloatingScalar:
    """Σ customs value through a broker x what audits of its other clients assessed per value in scope.

    That counts up to the largest rate of duty.
    """
    return (brokers.finding_yield.clip(-LARGEST_RATE, LARGEST_RATE) * brokers.customs_value).sum()
