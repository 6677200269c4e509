"""Rhythm: regularity, growth and interruptions of a trader's imports."""

import math
from datetime import date

import ibis
from ibis.expr import types as ir

from features.feature import Example, feature
from features.library.literature import CBP, THIS
from features.prepare.lines import log_ratio
from features.unit import Unit

SILENCE_DAYS = 180
SPIKE = 2.0
"""A month is a spike when it brings at least this many times the trader's mean month."""
FEWEST_MONTHS = 6
SMALLEST_SPREAD = 0.1
"""The smallest deviation, relative to the mean month, by which a departure is measured."""


@feature(
    source="lines",
    months=(24,),
    unit=Unit.LOG_RATIO,
    indicator="growth",
    reference=f"{CBP}: volume and value of imports",
    inputs="declarations.customs_value",
    label="Growth of customs value",
    phrase="The customs value of the last 12 months is {value} that of the 12 months before.",
    why="The faster a trader grows, the further procedures and knowledge lag behind.",
    tends=1,
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
    reference=f"{CBP}: volume and value of imports",
    inputs="declarations.customs_value",
    label="Recent months against earlier ones",
    phrase="The last three months lie {value} times the usual variation [above|below] the usual month.",
    why="The further recent trade rises above its usual course, the more is new: goods, sellers, or a trader "
    "about to vanish.",
    tends=1,
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
    whole, recent, shares = _whole(months), months.months_ago <= 3, months.value_share
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
    reference=THIS,
    inputs="declarations.customs_value declarations.accepted_on",
    label="Unevenness of monthly value",
    phrase="The customs value of a month varies by {value} of its mean, over {window}.",
    why="The more trade comes in bursts, the harder it is to follow, and the better it fits traders made "
    "for a few consignments.",
    tends=1,
    example=Example("months_ago value_share", [(1, 0.25), (2, 0.25), (5, 0.25), (8, 0.25)], 1.0),
)
def value_unevenness(months: ir.Table) -> ir.FloatingScalar:
    """Standard deviation / mean over whole calendar months since the trader's first, silent ones as zero."""
    whole, shares = _whole(months), months.value_share
    count = months.months_ago.max(where=whole)
    mean, spread = _moments(shares, whole, count=count)
    return (count >= FEWEST_MONTHS).ifelse(spread / mean.nullif(0.0), ibis.null("float64"))


@feature(
    source="months",
    months=(24,),
    unit=Unit.DAY,
    indicator="burstiness",
    reference=THIS,
    inputs="declarations.accepted_on",
    label="Longest silence",
    phrase="The longest time without a declaration, between two months with some, was {value} in {window}.",
    why="The longer a silence, the more the goods, the people and the rules may have changed.",
    tends=1,
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
    reference=THIS,
    inputs="declarations.accepted_on",
    label="Days since the last declaration",
    phrase="The last declaration was made {value} ago.",
    why="The longer a trader has stopped, the likelier it is gone before an audit can recover anything.",
    tends=-1,
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
    reference=THIS,
    inputs="declarations.customs_value declarations.accepted_on",
    label="Sudden return after silence",
    phrase="After half a year of silence a month of unusually high value followed: {value}.",
    why="A shell that wakes up for a few large consignments is a known pattern of evasion; steady trade is "
    "not.",
    tends=1,
    example=Example("silent_days value_share", [(None, 0.125), (20, 0.125), (200, 0.75)], 1.0),
)
def silence_then_spike(months: ir.Table) -> ir.FloatingValue:
    """Whether a month after 180 silent days or more brought at least twice the mean of the other months."""
    highest = months.value_share.max(where=months.silent_days >= SILENCE_DAYS)
    others = (1.0 - highest) / (months.count() - 1).cast("float64").nullif(0.0)
    return (highest >= SPIKE * others).fill_null(False).ifelse(1.0, 0.0)


def _whole(months: ir.Table) -> ir.BooleanColumn:
    """Return which calendar months lie wholly in the 24 months before the cutoff, whatever its day."""
    return months.months_ago.between(1, 23)


def _moments(
    amounts: ir.FloatingColumn, where: ir.BooleanValue, *, count: ir.IntegerScalar
) -> tuple[ir.FloatingScalar, ir.FloatingScalar]:
    """Return the mean and the standard deviation over `count` months; one without a row is a zero."""
    number = count.cast("float64").nullif(0.0)
    mean = amounts.sum(where=where) / number
    variance = (amounts * amounts).sum(where=where) / number - mean * mean
    return mean, (variance > 0).ifelse(variance, 0.0).sqrt()
