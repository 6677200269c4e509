"""The units in which columns and features are measured, and how a person reads them."""

import math
from collections.abc import Callable, Mapping
from enum import StrEnum


class Unit(StrEnum):
    """What one unit of a number means to the person who reads it."""

    MONEY = "money"
    KILOGRAM = "kg"
    RATE = "fraction"
    PROBABILITY = "probability"
    HOUR = "h"
    SHARE = "share"
    COUNT = "count"
    DAY = "days"
    MONTH = "months"
    YEAR = "years"
    LOG_RATIO = "log ratio"
    RATIO = "ratio"
    NAT = "nats"
    FLAG = "yes or no"


UNKNOWN = "unknown"
LARGEST = 700.0
"""The exponential of more is no number."""


def shown(value: float | None, unit: Unit) -> str:
    """Return a number as a person reads it in a sentence.

    >>> shown(0.1234, Unit.SHARE), shown(-0.35, Unit.LOG_RATIO), shown(1234567.8, Unit.MONEY)
    ('12.3 %', '0.70 times', '1,234,568')
    """
    return UNKNOWN if value is None or math.isnan(value) else WRITTEN[unit](value)


def _percent(value: float) -> str:
    return f"{100 * value:,.1f} %"


def _counted(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"


WRITTEN: Mapping[Unit, Callable[[float], str]] = {
    Unit.MONEY: lambda value: f"{value:,.0f}",
    Unit.KILOGRAM: lambda value: f"{value:,.0f} kg",
    Unit.RATE: _percent,
    Unit.PROBABILITY: _percent,
    Unit.SHARE: _percent,
    Unit.HOUR: lambda value: f"{_counted(value)} hours",
    Unit.COUNT: _counted,
    Unit.DAY: lambda value: f"{_counted(value)} days",
    Unit.MONTH: lambda value: f"{_counted(value)} months",
    Unit.YEAR: lambda value: f"{_counted(value)} years",
    Unit.LOG_RATIO: lambda value: f"{math.exp(min(value, LARGEST)):,.2f} times",
    Unit.RATIO: lambda value: f"{value:,.2f}",
    Unit.NAT: lambda value: f"{value:.2f}",
    Unit.FLAG: lambda value: "yes" if value else "no",
}
