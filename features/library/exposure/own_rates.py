"""Own past: the rates that a trader pays, beside those it paid before."""

from ibis.expr import types as ir

from features.data.contract.rule import LARGEST_RATE
from features.feature import Example, combined, feature
from features.library.literature import DATE, FISMAN_WEI, VERIFICATION, WCO_AUDIT
from features.unit import Unit

GOODS = (
    "declarations.hs_code declarations.origin_country declarations.customs_value declarations.duty_assessed"
)
THEN_AND_NOW = "late_value late_taxes early_value early_heading_value early_heading_taxes"


@combined(
    unit=Unit.RATE,
    indicator="effective_rate",
    reference=f"{WCO_AUDIT}; {DATE}",
    label="Taxes paid, beside its own past",
    phrase="The share of the value paid in taxes in the last 12 months is {value} [above|below] that of the "
    "last 24 months.",
    why="The further a rate falls below its own past, the more points to new codes, origins or reliefs.",
    tends=-1,
    example=Example("effective_rate_12m effective_rate_24m", [(0.18, 0.24)], -0.06),
)
def effective_rate_change(
    effective_rate_12m: ir.FloatingValue, effective_rate_24m: ir.FloatingValue
) -> ir.Value:
    """Rate of 12 months less that of 24, of which they are a part: what lies before weighs by its value."""
    return effective_rate_12m - effective_rate_24m


@feature(
    source="headings_then_and_now",
    months=(24,),
    empty=0.0,
    unit=Unit.MONEY,
    indicator="effective_rate",
    reference=f"{FISMAN_WEI}; {DATE}",
    inputs=GOODS,
    label="Taxes below its own past",
    phrase="Goods of the last 12 months paid {value} less taxes than goods of the same headings had paid in "
    "the 12 months before.",
    why="The same goods that suddenly cost less tax have a new code, or a preference or relief they had "
    "not: the more was saved so, the more is at stake.",
    finding_type="classification",
    monotone=1,
    prior_yield=0.1,
    example=Example(
        THEN_AND_NOW,
        [
            (200.0, 20.0, 50.0, 100.0, 30.0),
            (200.0, 20.0, 0.0, 100.0, 30.0),
            (100.0, 40.0, 50.0, 100.0, 30.0),
        ],
        40.0,
    ),
)
def own_rate_fall(headings: ir.Table) -> ir.FloatingScalar:
    """Σ value of the last 12 months x (rate of the heading in the 12 before - rate paid), where above zero.

    Of origins used before; new ones stand apart. Rates fall for sound reasons too: a tenth is expected.
    """
    return (headings.early_value > 0).ifelse(_fall(headings), 0.0).sum()


@feature(
    source="headings_then_and_now",
    months=(24,),
    empty=0.0,
    unit=Unit.MONEY,
    indicator="origin_shift",
    reference=VERIFICATION,
    inputs=GOODS,
    label="Taxes saved by new origins",
    phrase="Goods of the last 12 months from origins new to the trader paid {value} less taxes than goods of "
    "the same headings had paid in the 12 months before.",
    why="The goods may come from where they came before, and only the origin be new: the more was saved so, "
    "the more is at stake.",
    finding_type="origin",
    monotone=1,
    prior_yield=0.15,
    example=Example(
        THEN_AND_NOW,
        [(200.0, 20.0, 50.0, 100.0, 30.0), (200.0, 20.0, 0.0, 100.0, 30.0), (90.0, 0.0, 0.0, 0.0, 0.0)],
        40.0,
    ),
)
def new_origin_at_stake(headings: ir.Table) -> ir.FloatingScalar:
    """As `own_rate_fall`, of origins not used for the heading in the 12 months before.

    Sellers move for sound reasons too, so something more than a tenth is expected.
    """
    return (headings.early_value > 0).ifelse(0.0, _fall(headings)).sum()


def _fall(headings: ir.Table) -> ir.FloatingColumn:
    """Return the taxes at the heading's earlier rate less those paid, 0 where the heading is new.

    The earlier rate counts up to the largest rate of duty.
    """
    earlier = headings.early_heading_taxes / headings.early_heading_value.nullif(0.0)
    return (
        (headings.late_value * earlier.clip(upper=LARGEST_RATE) - headings.late_taxes)
        .fill_null(0.0)
        .clip(lower=0.0)
    )
