"""Units of columns and features, and the format in which a person reads them."""

import math
from collections.abc import Callable, Mapping
from enum import StrEnum

from features.language import ENGLISH, Language


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
PERIODS: Mapping[Unit, tuple[str, str]] = {
    Unit.HOUR: ("{number} hour", "{number} hours"),
    Unit.DAY: ("{number} day", "{number} days"),
    Unit.MONTH: ("{number} month", "{number} months"),
    Unit.YEAR: ("{number} year", "{number} years"),
}
"""How one of a unit of time is said, and several."""
LARGEST = 700.0
"""The largest exponent to take: the exponential of more than 709 overflows."""


def format_value(value: float | None, unit: Unit, language: Language = ENGLISH) -> str:
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
        return language.gettext(UNKNOWN)
    text = FORMATTERS[unit](value, language)
    return text.removeprefix("-") if reads_as_zero(text) else text


def reads_as_zero(text: str) -> bool:
    """Return whether a formatted number has no digit but 0.

    >>> reads_as_zero("0.0 %"), reads_as_zero("0.1 %")
    (True, False)
    """
    return not any(digit in text for digit in "123456789")


def _percent(value: float, language: Language) -> str:
    return language.gettext("{number} %").format(number=language.number(100 * value, 1))


def _number(value: float, language: Language) -> str:
    return language.number(value, 0 if value == round(value) else 1)


def _times(value: float, language: Language) -> str:
    times = language.number(math.exp(min(value, LARGEST)), 2)
    return language.gettext("{number} times").format(number=times)


def _period(unit: Unit) -> Callable[[float, Language], str]:
    singular, plural = PERIODS[unit]
    return lambda value, language: language.ngettext(singular, plural, value).format(
        number=_number(value, language)
    )


FORMATTERS: Mapping[Unit, Callable[[float, Language], str]] = {
    Unit.MONEY: lambda value, language: language.number(value),
    Unit.KILOGRAM: lambda value, language: language.gettext("{number} kg").format(
        number=language.number(value)
    ),
    Unit.RATE: _percent,
    Unit.PROBABILITY: _percent,
    Unit.SHARE: _percent,
    Unit.HOUR: _period(Unit.HOUR),
    Unit.COUNT: _number,
    Unit.DAY: _period(Unit.DAY),
    Unit.MONTH: _period(Unit.MONTH),
    Unit.YEAR: _period(Unit.YEAR),
    Unit.LOG_RATIO: _times,
    Unit.RATIO: lambda value, language: language.number(value, 2),
    Unit.NAT: lambda value, language: language.number(math.exp(min(value, LARGEST)), 1),
    Unit.FLAG: lambda value, language: language.gettext("yes") if value else language.gettext("no"),
}
