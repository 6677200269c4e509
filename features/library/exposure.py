"""Exposure: how much a trader imports, pays and has at stake, and how steadily."""

import math
from datetime import date

import ibis
from ibis.expr import types as ir

from features import exact
from features.feature import Example, combined, feature
from features.prepare.lines import log_ratio
from features.unit import Unit

PCA = "WCO Guidelines for Post-Clearance Audit, vol. 2"
SILENCE_DAYS = 180
SPIKE = 2.0
"""A month is a spike when it brings at least this many times the trader's mean month."""
FEWEST_MONTHS = 6
ENLARGED = 2.0**20
"""Sums are taken in millionths. Of shares of months they would be wrong by 1 in 100,000, of their squares by
more, so shares are enlarged where the unit falls out; a square stays below 9 million million."""
SMALLEST_SPREAD = 0.1
"""Of the mean month: where trade was steadier than that, a departure is measured by this instead."""


@feature(
    source="lines",
    months=(3, 12, 24),
    empty=0.0,
    unit=Unit.MONEY,
    indicator="value_12m",
    reference=f"{PCA}; CBP Focused Assessment: volume and value of imports",
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
    months=(12,),
    empty=0.0,
    unit=Unit.MONEY,
    indicator="taxes_12m",
    reference=PCA,
    inputs="declarations.duty_assessed",
    label="Duty",
    phrase="Duty of {value} was assessed in {window}.",
    why="Duty already at this level can be short by a part of it, or has been avoided where it is small.",
    example=Example("duty_assessed", [(12.0,), (30.0,)], 42.0),
)
def duty(lines: ir.Table) -> ir.FloatingScalar:
    """Total duty assessed."""
    return lines.duty_assessed.sum()


@feature(
    source="lines",
    months=(12,),
    empty=0.0,
    unit=Unit.MONEY,
    indicator="taxes_12m",
    reference=PCA,
    inputs="declarations.vat_assessed",
    label="Import VAT",
    phrase="Value added tax of {value} was assessed on imports in {window}.",
    why="Value added tax follows the customs value: what is missing in one is missing in the other.",
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
    reference=PCA,
    inputs="declarations.excise_assessed",
    label="Excise",
    phrase="Excise of {value} was assessed in {window}.",
    why="Excise goods carry high taxes, so that a wrong quantity or code costs much.",
    example=Example("excise_assessed", [(None,), (80.0,), (5.0,)], 85.0),
)
def excise(lines: ir.Table) -> ir.FloatingScalar:
    """Total excise assessed; a line without an amount bears none."""
    return lines.excise_assessed.sum()


@feature(
    source="lines",
    months=(3, 12, 24),
    unit=Unit.RATE,
    indicator="effective_rate",
    reference=f"{PCA}; DATE: tax ratio (Kim et al., KDD 2020)",
    inputs="declarations.customs_value declarations.duty_assessed declarations.vat_assessed",
    label="Taxes paid on the value",
    phrase="Duty, value added tax and excise were {value} of the customs value in {window}.",
    why="Low-taxed codes, preferences and reliefs lower the rate, and each can be claimed wrongly.",
    example=Example("taxes customs_value", [(20.0, 100.0), (0.0, 300.0)], 0.05),
)
def effective_rate(lines: ir.Table) -> ir.FloatingScalar:
    """All taxes / customs value."""
    return exact.share(lines.taxes.sum(), lines.customs_value.sum())


@feature(
    source="sector_rates",
    unit=Unit.RATE,
    indicator="effective_rate",
    reference=f"{PCA}; DATE: tax ratio (Kim et al., KDD 2020)",
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
    reference=f"{PCA}; DATE: tax ratio (Kim et al., KDD 2020)",
    label="Taxes paid, beside its sector",
    phrase="The taxes paid on the customs value differ by {value} from what the sector pays.",
    why="Paying less than others in the same trade points to low codes, low values or wrong claims.",
    example=Example("effective_rate_12m sector_rate", [(0.12, 0.18)], -0.06),
)
def effective_rate_gap(effective_rate_12m: ir.FloatingValue, sector_rate: ir.FloatingValue) -> ir.Value:
    """The trader's rate less the middle of its sector: below zero where it pays less."""
    return effective_rate_12m - sector_rate


@feature(
    source="lines",
    months=(3, 12),
    empty=0.0,
    unit=Unit.COUNT,
    indicator="activity",
    reference=PCA,
    inputs="declarations.declaration_id",
    label="Declarations",
    phrase="{value} declarations were made in {window}.",
    why="Many small declarations and few large ones go wrong in different ways.",
    example=Example("declaration_id", [("D1",), ("D1",), ("D2",)], 2.0),
)
def declaration_count(lines: ir.Table) -> ir.IntegerScalar:
    """Declarations with at least one line."""
    return lines.declaration_id.nunique()


@feature(
    source="lines",
    months=(12,),
    empty=0.0,
    unit=Unit.COUNT,
    indicator="activity",
    reference=PCA,
    inputs="declarations.item_number",
    label="Lines",
    phrase="{value} goods items were declared in {window}.",
    why="Each line can be wrong by itself.",
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
    reference=PCA,
    inputs="declarations.accepted_on",
    label="Months with declarations",
    phrase="There were declarations in {value} calendar months of {window}.",
    why="An occasional importer knows the rules less than a steady one, and leaves fewer traces.",
    example=Example("month", [(date(2024, 3, 1),), (date(2024, 3, 1),), (date(2024, 5, 1),)], 2.0),
)
def active_months(lines: ir.Table) -> ir.IntegerScalar:
    """Calendar months with at least one line."""
    return lines.month.nunique()


@feature(
    source="lines",
    months=(12, 24),
    unit=Unit.MONEY,
    indicator="revenue_at_stake",
    reference="Fisman and Wei, Tax Rates and Tax Evasion, Journal of Political Economy, 2004",
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


@feature(
    source="lines",
    months=(24,),
    unit=Unit.LOG_RATIO,
    indicator="growth",
    reference="CBP Focused Assessment: volume and value of imports",
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


@feature(
    source="months",
    months=(24,),
    unit=Unit.RATIO,
    indicator="growth",
    reference="CBP Focused Assessment: volume and value of imports",
    inputs="declarations.customs_value",
    label="Recent months against earlier ones",
    phrase="The last three months depart from the usual month by {value} times its usual variation.",
    why="A sudden rise or fall comes with new goods, new sellers or a trader about to vanish.",
    example=Example(
        "months_ago value_share",
        [(1, 0.25), (2, 0.25), (4, 0.125), (6, 0.125), (8, 0.125), (9, 0.125)],
        math.sqrt(2),
    ),
)
def recent_departure(months: ir.Table) -> ir.FloatingScalar:
    """(mean of the last 3 months - mean of those before) / standard deviation of those before.

    Calendar months that are seen whole count, from the trader's first, silent ones as zero; at least six
    before the last three. Where trade was very steady, a tenth of its mean stands for the deviation.
    """
    whole, recent, shares = _whole(months), months.months_ago <= 3, months.value_share * ENLARGED
    earlier = months.months_ago.max(where=whole) - 3
    mean, spread = _moments(shares, whole & ~recent, count=earlier)
    departure = shares.sum(where=whole & recent).fill_null(0.0) / 3 - mean
    return (earlier >= FEWEST_MONTHS).ifelse(
        departure / ibis.greatest(spread, SMALLEST_SPREAD * mean).nullif(0.0), ibis.null("float64")
    )


@feature(
    source="months",
    months=(24,),
    unit=Unit.RATIO,
    indicator="burstiness",
    reference="This project",
    inputs="declarations.customs_value declarations.accepted_on",
    label="Unevenness of monthly value",
    phrase="The customs value of a month varies by {value} of its mean, over {window}.",
    why="Trade in bursts is harder to follow, and fits traders made for a few consignments.",
    example=Example("months_ago value_share", [(1, 0.25), (2, 0.25), (5, 0.25), (8, 0.25)], 1.0),
)
def value_unevenness(months: ir.Table) -> ir.FloatingScalar:
    """Standard deviation / mean over whole calendar months since the trader's first, silent ones as zero."""
    whole, shares = _whole(months), months.value_share * ENLARGED
    count = months.months_ago.max(where=whole)
    mean, spread = _moments(shares, whole, count=count)
    return (count >= FEWEST_MONTHS).ifelse(spread / mean.nullif(0.0), ibis.null("float64"))


@feature(
    source="months",
    months=(24,),
    unit=Unit.DAY,
    indicator="burstiness",
    reference="This project",
    inputs="declarations.accepted_on",
    label="Longest silence",
    phrase="The longest time without a declaration, between two months with some, was {value} in {window}.",
    why="After a long silence the goods, the people and the rules may have changed.",
    example=Example("silent_days", [(None,), (12,), (75,)], 75.0),
)
def longest_silence(months: ir.Table) -> ir.IntegerScalar:
    """The most days from the last line of a month to the first of the next month with any."""
    return months.silent_days.max()


@feature(
    source="lines",
    months=(24,),
    unit=Unit.DAY,
    indicator="burstiness",
    reference="This project",
    inputs="declarations.accepted_on",
    label="Days since the last declaration",
    phrase="The last declaration was made {value} ago.",
    why="A trader that has stopped may be gone before an audit can recover anything.",
    example=Example(
        "happened_on cutoff",
        [(date(2024, 6, 1), date(2024, 7, 1)), (date(2024, 6, 21), date(2024, 7, 1))],
        10.0,
    ),
)
def days_since_last_line(lines: ir.Table) -> ir.IntegerScalar:
    """Days from the last line to the cutoff."""
    return lines.cutoff.max().delta(lines.happened_on.max(), unit="day")


@feature(
    source="months",
    months=(24,),
    empty=0.0,
    unit=Unit.FLAG,
    indicator="burstiness",
    reference="This project",
    inputs="declarations.customs_value declarations.accepted_on",
    label="Sudden return after silence",
    phrase="After half a year of silence a month of unusually high value followed: {value}.",
    why="A shell that wakes up for a few large consignments is a known pattern of evasion.",
    example=Example("silent_days value_share", [(None, 0.125), (20, 0.125), (200, 0.75)], 1.0),
)
def silence_then_spike(months: ir.Table) -> ir.FloatingValue:
    """Whether a month after 180 silent days or more brought at least twice the mean of the other months."""
    highest = months.value_share.max(where=months.silent_days >= SILENCE_DAYS)
    others = (1.0 - highest) / (months.count() - 1).cast("float64").nullif(0.0)
    return (highest >= SPIKE * others).fill_null(False).ifelse(1.0, 0.0)


@feature(
    source="lines",
    months=(3, 12),
    unit=Unit.SHARE,
    indicator="special_regime_share",
    reference=f"{PCA}; CBP Focused Assessment: special trade programs",
    inputs="declarations.customs_value declarations.procedure_code",
    label="Under a special procedure",
    phrase="{value} of the customs value came in under another procedure than plain import, in {window}.",
    why="Suspension and relief have conditions that are checked only afterwards.",
    finding_type="procedure",
    monotone=1,
    example=Example(
        "procedure_code customs_value",
        [("4000", 300.0), ("5100", 60.0), ("4051", 40.0), ("KR2111", 9.0)],
        0.25,
    ),
)
def special_procedure_share(lines: ir.Table) -> ir.FloatingScalar:
    """Value share of lines other than 40 00, home use after no earlier procedure (box 37 of the SAD).

    Codes that do not begin with a digit are national: nothing is said of them.
    """
    code = lines.procedure_code
    of_sad = code.substr(0, 1).isin(tuple("0123456789"))
    return exact.share_where(
        lines.customs_value,
        of_sad.ifelse((code != "40") & (code.substr(0, 4) != "4000"), ibis.null("boolean")),
    )


def _whole(months: ir.Table) -> ir.BooleanColumn:
    """Whether all of a calendar month lies in the 24 months before the cutoff, whatever its day."""
    return months.months_ago.between(1, 23)


def _moments(
    amounts: ir.FloatingColumn, where: ir.BooleanValue, *, count: ir.IntegerScalar
) -> tuple[ir.FloatingScalar, ir.FloatingScalar]:
    """Return the mean and the standard deviation over `count` months; one without a row is a zero."""
    number = count.cast("float64").nullif(0.0)
    mean = amounts.sum(where=where) / number
    variance = (amounts * amounts).sum(where=where) / number - mean * mean
    return mean, (variance > 0).ifelse(variance, 0.0).sqrt()
