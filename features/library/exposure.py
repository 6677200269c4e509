"""Exposure: how much a trader imports, pays and has at stake."""

from datetime import date

from ibis.expr import types as ir

from features.feature import Example, feature
from features.prepare.lines import log_ratio
from features.unit import Unit


@feature(
    source="lines",
    months=(3, 12, 24),
    empty=0.0,
    unit=Unit.MONEY,
    indicator="value_12m",
    reference="WCO Guidelines for Post-Clearance Audit, vol. 2",
    inputs="declarations.customs_value",
    label="Customs value",
    phrase="Goods worth {value} were declared in {window}.",
    why="What can be adjusted grows with what is imported.",
    monotone=1,
    example=Example("customs_value", [(100.0,), (250.0,)], 350.0),
)
def customs_value(lines: ir.Table) -> ir.FloatingScalar:
    """Total customs value."""
    return lines.customs_value.sum()


@feature(
    source="lines",
    months=(24,),
    unit=Unit.LOG_RATIO,
    indicator="growth",
    reference="CBP Focused Assessment",
    inputs="declarations.customs_value",
    label="Growth of customs value",
    phrase="The customs value of the last 12 months is {value} that of the 12 months before.",
    why="Procedures and knowledge lag behind fast growth.",
    example=Example(
        "customs_value happened_on from_12m",
        [(300.0, date(2023, 5, 1), date(2023, 1, 1)), (100.0, date(2022, 5, 1), date(2023, 1, 1))],
        1.0986122886681098,
    ),
)
def value_growth(lines: ir.Table) -> ir.FloatingScalar:
    """ln(value of the last 12 months / value of the 12 months before), empty unless both are above zero."""
    late = lines.happened_on >= lines.from_12m
    return log_ratio(lines.customs_value.sum(where=late), lines.customs_value.sum(where=~late))
