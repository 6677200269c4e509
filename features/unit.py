"""The units in which columns and features are measured."""

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
