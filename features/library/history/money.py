"""Money of the past: what audits of the trader assessed, and what that says of its value now."""

from ibis.expr import types as ir

from features import exact
from features.feature import Decorator, Example, combined, feature
from features.library.history.inputs import FINDINGS
from features.library.literature import ARMENIA, DATE, WCO_AUDIT
from features.unit import Unit


@feature(
    source="audits",
    unit=Unit.SHARE,
    indicator="shrunk_adjustment_rate",
    reference=f"{WCO_AUDIT}; {ARMENIA}",
    inputs=FINDINGS,
    label="Share of its own audits with additional revenue",
    phrase="{value} of the audits of this trader brought additional revenue.",
    why="The more often a trader was adjusted before, the likelier it is again.",
    monotone=1,
    example=Example("is_closed assessed", [(True, 500.0), (True, 0.0), (False, 50.0)], 0.5),
)
def past_hit_share(audits: ir.Table) -> ir.FloatingScalar:
    """Closed audits of which more than nothing stands / closed audits; empty where none is closed."""
    hits = audits.count(where=audits.is_closed & (audits.assessed > 0))
    return exact.share(hits, audits.count(where=audits.is_closed))


@feature(
    source="audits",
    unit=Unit.MONEY,
    indicator="shrunk_yield_per_value",
    reference=f"{WCO_AUDIT}; {ARMENIA}",
    inputs=FINDINGS,
    label="Assessed per audit",
    phrase="An audit of this trader assessed {value} on average.",
    why="What past audits brought in is the plainest forecast of the next: the more it was, the more it "
    "will be.",
    monotone=1,
    example=Example("is_closed assessed", [(True, 500.0), (True, -20.0), (False, 50.0)], 240.0),
)
def assessed_per_audit(audits: ir.Table) -> ir.FloatingScalar:
    """Net money assessed / closed audits; empty where none is closed."""
    closed = audits.is_closed
    return exact.share(audits.assessed.sum(where=closed), audits.count(where=closed))


@feature(
    source="audits",
    unit=Unit.SHARE,
    indicator="shrunk_adjustment_rate",
    reference=WCO_AUDIT,
    inputs=FINDINGS,
    label="Share of its own audits with a refund",
    phrase="{value} of the audits of this trader gave money back.",
    why="Who paid too much before, through careless declarations, may be owed money again: the oftener, the "
    "likelier.",
    monotone=-1,
    example=Example("is_closed assessed", [(True, 500.0), (True, -20.0), (False, -50.0)], 0.5),
)
def past_refund_share(audits: ir.Table) -> ir.FloatingScalar:
    """Closed audits of which less than nothing stands / closed audits; empty where none is closed."""
    refunds = audits.count(where=audits.is_closed & (audits.assessed < 0))
    return exact.share(refunds, audits.count(where=audits.is_closed))


@combined(
    months=24,
    unit=Unit.MONEY,
    indicator="shrunk_yield_per_value",
    reference=DATE,
    label="Expected by its record",
    phrase="At the yield of its own audits and of those of its sector and size, the customs value of "
    "{window} would bring {value}.",
    why="What past audits brought in on the goods they covered is the plainest forecast of the next: the "
    "more it was, the more it will be.",
    monotone=1,
    example=Example("yield_on_value customs_value_24m", [(0.01, 5000.0)], 50.0),
)
def record_money(yield_on_value: ir.FloatingValue, customs_value_24m: ir.FloatingValue) -> ir.Value:
    """Audit yield on value x customs value of 24 months."""
    return yield_on_value * customs_value_24m


def _from_record(finding_type: str, fault: str) -> Decorator:
    """Make a yield x customs value the feature of the money expected from one type of findings.

    Audits were chosen, and find more than others would: half is expected.
    """
    return combined(
        months=24,
        unit=Unit.MONEY,
        indicator="shrunk_yield_per_value",
        reference=DATE,
        label=f"Expected by its record from {finding_type}",
        phrase="At the yield of its own audits and of those of its sector and size, the customs value of "
        f"{{window}} would bring {{value}} for {fault}.",
        why="What past audits brought in on the goods they covered is the plainest forecast of the next: the "
        "more it was, the more it will be.",
        finding_type=finding_type,
        monotone=1,
        prior_yield=0.5,
        example=Example(f"{finding_type}_yield customs_value_24m", [(0.01, 5000.0)], 50.0),
    )


@_from_record("valuation", "values declared too low")
def valuation_record_money(
    valuation_yield: ir.FloatingValue, customs_value_24m: ir.FloatingValue
) -> ir.Value:
    """Audit yield from valuation x customs value of 24 months."""
    return valuation_yield * customs_value_24m


@_from_record("classification", "wrong tariff codes")
def classification_record_money(
    classification_yield: ir.FloatingValue, customs_value_24m: ir.FloatingValue
) -> ir.Value:
    """Audit yield from classification x customs value of 24 months."""
    return classification_yield * customs_value_24m


@_from_record("origin", "wrong origins and preferences")
def origin_record_money(origin_yield: ir.FloatingValue, customs_value_24m: ir.FloatingValue) -> ir.Value:
    """Audit yield from origin x customs value of 24 months."""
    return origin_yield * customs_value_24m


@_from_record("quantity", "wrong quantities")
def quantity_record_money(quantity_yield: ir.FloatingValue, customs_value_24m: ir.FloatingValue) -> ir.Value:
    """Audit yield from quantity x customs value of 24 months."""
    return quantity_yield * customs_value_24m


@_from_record("procedure", "misused procedures and reliefs")
def procedure_record_money(
    procedure_yield: ir.FloatingValue, customs_value_24m: ir.FloatingValue
) -> ir.Value:
    """Audit yield from procedure x customs value of 24 months."""
    return procedure_yield * customs_value_24m
