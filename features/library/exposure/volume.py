"""Volume: values, taxes paid and duty forgone."""

from datetime import date

from ibis.expr import types as ir

from features import exact
from features.feature import Example, combined, feature
from features.library.literature import CBP, DATE, FISMAN_WEI, WCO_AUDIT
from features.unit import Unit


@feature(
    source="lines",
    months=(12, 24),
    empty=0.0,
    unit=Unit.MONEY,
    indicator="value_12m",
    reference=f"{WCO_AUDIT}; {CBP}: volume and value of imports",
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
    months=(12, 24),
    empty=0.0,
    unit=Unit.MONEY,
    indicator="taxes_12m",
    reference=WCO_AUDIT,
    inputs="declarations.duty_assessed",
    label="Duty",
    phrase="Duty of {value} was assessed in {window}.",
    why="A fault moves a part of what is due: the more duty is assessed, the more can be short of it.",
    tends=1,
    example=Example("plain_duty", [(12.0,), (30.0,)], 42.0),
)
def duty(lines: ir.Table) -> ir.FloatingScalar:
    """Total duty assessed, without levies."""
    return lines.plain_duty.sum()


@feature(
    source="lines",
    months=(12,),
    empty=0.0,
    unit=Unit.MONEY,
    indicator="taxes_12m",
    reference=WCO_AUDIT,
    inputs="levies.amount",
    label="Levies beside duty",
    phrase="Levies of {value} beside duty, such as those against dumping, were assessed in {window}.",
    why="Levies are often higher than duty, and hold for some origins and codes alone.",
    example=Example("levied", [(None,), (80.0,), (5.0,)], 85.0),
)
def levies(lines: ir.Table) -> ir.FloatingScalar:
    """Total levied beside duty, VAT and excise; a line without an amount bears none."""
    return lines.levied.sum()


@feature(
    source="lines",
    months=(24,),
    empty=0.0,
    unit=Unit.MONEY,
    indicator="taxes_12m",
    reference=WCO_AUDIT,
    inputs="declarations.vat_assessed",
    label="Import VAT",
    phrase="Value added tax of {value} was assessed on imports in {window}.",
    why="Value added tax follows the customs value: the more of it, the more a value declared too low costs.",
    tends=1,
    example=Example("vat_assessed", [(20.0,), (35.5,)], 55.5),
)
def import_vat(lines: ir.Table) -> ir.FloatingScalar:
    """Total value added tax assessed on imports."""
    return lines.vat_assessed.sum()


@feature(
    source="lines",
    months=(12,),
    empty=0.0,
    unit=Unit.MONEY,
    indicator="taxes_12m",
    reference=WCO_AUDIT,
    inputs="declarations.excise_assessed",
    label="Excise",
    phrase="Excise of {value} was assessed in {window}.",
    why="Excise goods carry high taxes: the more excise, the more a wrong quantity or code costs.",
    tends=1,
    example=Example("excise_assessed", [(None,), (80.0,), (5.0,)], 85.0),
)
def excise(lines: ir.Table) -> ir.FloatingScalar:
    """Total excise assessed; a line without an amount bears none."""
    return lines.excise_assessed.sum()


@feature(
    source="lines",
    months=(12, 24),
    unit=Unit.RATE,
    indicator="effective_rate",
    reference=f"{WCO_AUDIT}; {DATE}",
    inputs="declarations.customs_value declarations.duty_assessed declarations.vat_assessed",
    label="Taxes paid on the value",
    phrase="Duty, levies, value added tax and excise were {value} of the customs value in {window}.",
    why="Low-taxed codes, preferences and reliefs lower the rate, and each can be claimed wrongly: the "
    "lower it is, the more there is to check.",
    tends=-1,
    example=Example("taxes customs_value", [(20.0, 100.0), (0.0, 300.0)], 0.05),
)
def effective_rate(lines: ir.Table) -> ir.FloatingScalar:
    """All taxes / customs value."""
    return exact.share(lines.taxes.sum(), lines.customs_value.sum())


@feature(
    source="sector_rates",
    unit=Unit.RATE,
    indicator="effective_rate",
    reference=f"{WCO_AUDIT}; {DATE}",
    inputs="declarations.customs_value declarations.duty_assessed declarations.vat_assessed traders.sector",
    label="Taxes paid on the value by its sector",
    phrase="Traders of the same sector and size paid taxes of {value} of their customs value.",
    why="Says what the trader's own rate is to be compared with.",
    example=Example("middle", [(0.18,)], 0.18),
)
def sector_rate(sector_rates: ir.Table) -> ir.FloatingScalar:
    """The median over traders of the sector and size, in the four quarters before this one."""
    return sector_rates.middle.max()


@combined(
    unit=Unit.RATE,
    indicator="effective_rate",
    reference=f"{WCO_AUDIT}; {DATE}",
    label="Taxes paid, beside its sector",
    phrase="The share of the customs value paid in taxes is {value} [above|below] what the sector pays.",
    why="The less a trader pays beside others in the same trade, the more points to low codes, low values "
    "or wrong claims.",
    tends=-1,
    example=Example("effective_rate_12m sector_rate", [(0.12, 0.18)], -0.06),
)
def effective_rate_gap(effective_rate_12m: ir.FloatingValue, sector_rate: ir.FloatingValue) -> ir.Value:
    """The trader's rate less the middle of its sector: below zero where it pays less."""
    return effective_rate_12m - sector_rate


@feature(
    source="lines",
    months=(24,),
    empty=0.0,
    unit=Unit.COUNT,
    indicator="activity",
    reference=WCO_AUDIT,
    inputs="declarations.declaration_id",
    label="Declarations",
    phrase="{value} declarations were made in {window}.",
    why="Each declaration can be wrong by itself: the more of them, the more faults there can be.",
    tends=1,
    example=Example("declaration_id", [("D1",), ("D1",), ("D2",)], 2.0),
)
def declaration_count(lines: ir.Table) -> ir.IntegerScalar:
    """Declarations with at least one line."""
    return lines.declaration_id.nunique()


@feature(
    source="lines",
    months=(12, 24),
    empty=0.0,
    unit=Unit.COUNT,
    indicator="activity",
    reference=WCO_AUDIT,
    inputs="declarations.item_number",
    label="Lines",
    phrase="{value} goods items were declared in {window}.",
    why="Each line can be wrong by itself: the more lines, the more faults there can be.",
    tends=1,
    example=Example("item_number", [(1,), (2,)], 2.0),
)
def line_count(lines: ir.Table) -> ir.IntegerScalar:
    """Goods items declared."""
    return lines.count()


@feature(
    source="lines",
    months=(24,),
    empty=0.0,
    unit=Unit.COUNT,
    indicator="activity",
    reference=WCO_AUDIT,
    inputs="declarations.accepted_on",
    label="Months with declarations",
    phrase="There were declarations in {value} calendar months of {window}.",
    why="The more seldom a trader imports, the less it knows the rules, and the fewer traces it leaves.",
    tends=-1,
    example=Example("month", [(date(2024, 3, 1),), (date(2024, 3, 1),), (date(2024, 5, 1),)], 2.0),
)
def active_months(lines: ir.Table) -> ir.IntegerScalar:
    """Calendar months with at least one line."""
    return lines.month.nunique()


@feature(
    source="lines",
    months=(24,),
    unit=Unit.MONEY,
    indicator="revenue_at_stake",
    reference=FISMAN_WEI,
    inputs="declarations.customs_value declarations.hs_code declarations.duty_rate tariff.rate",
    label="Duty forgone below the general rate",
    phrase="At the general rates of the codes declared, {value} more duty would have been due in {window}.",
    why="This much is owed if the preferences and reliefs claimed do not stand.",
    finding_type="origin",
    monotone=1,
    example=Example(
        "customs_value general_rate duty_rate",
        [(1000.0, 0.12, 0.0), (500.0, 0.05, 0.05), (200.0, 0.05, 0.25), (900.0, None, 0.1)],
        120.0,
    ),
)
def revenue_at_stake(lines: ir.Table) -> ir.FloatingScalar:
    """Σ value x (general rate - rate applied) where above zero; lines without a general rate left out."""
    forgone = lines.general_rate - lines.duty_rate
    return (lines.customs_value * forgone.clip(lower=0.0)).sum()
