"""Units of columns and features, and the format in which a person reads them."""

import math
from collections.abc import Callable, Mapping
from enum import StrEnum


class Unit(StrEnum):
    """The unit of a number, as a person reads it."""

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
"""The largest exponent to take: the exponential of more than 709 overflows."""


def format_value(value: float | None, unit: Unit) -> str:
    """Return a number formatted for a sentence; an entropy is said as so many of equal weight.

    >>> format_value(0.1234, Unit.SHARE), format_value(-0.35, Unit.LOG_RATIO)
    ('12.3 %', '0.70 times')
    >>> format_value(0.6931, Unit.NAT)
    '2.0'
    >>> format_value(-0.0004, Unit.SHARE)
    '0.0 %'
    >>> format_value(1234567.8, Unit.MONEY)
    '1,234,568'
    """
    if value is None or math.isnan(value):
        return UNKNOWN
    text = FORMATTERS[unit](value)
    return text if any(digit in text for digit in "123456789") else text.removeprefix("-")


def _percent(value: float) -> str:
    return f"{100 * value:,.1f} %"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"


FORMATTERS: Mapping[Unit, Callable[[float], str]] = {
    Unit.MONEY: lambda value: f"{value:,.0f}",
    Unit.KILOGRAM: lambda value: f"{value:,.0f} kg",
    Unit.RATE: _percent,
    Unit.PROBABILITY: _percent,
    Unit.SHARE: _percent,
    Unit.HOUR: lambda value: f"{_number(value)} hours",
    Unit.COUNT: _number,
    Unit.DAY: lambda value: f"{_number(value)} days",
    Unit.MONTH: lambda value: f"{_number(value)} months",
    Unit.YEAR: lambda value: f"{_number(value)} years",
    Unit.LOG_RATIO: lambda value: f"{math.exp(min(value, LARGEST)):,.2f} times",
    Unit.RATIO: lambda value: f"{value:,.2f}",
    Unit.NAT: lambda value: f"{math.exp(min(value, LARGEST)):,.1f}",
    Unit.FLAG: lambda value: "yes" if value else "no",
}
