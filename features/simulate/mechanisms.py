"""Mechanisms: what may make a declared tax wrong, the deliberate schemes first."""

from enum import IntEnum


class Scheme(IntEnum):
    """The deliberate schemes to pay less, in the order in which they were added to the simulation."""

    UNDERVALUE = 0
    MISCLASSIFY = 1
    FALSE_ORIGIN = 2
    UNDERDECLARE_QUANTITY = 3
    OMIT_ROYALTY = 4
    ABUSE_RELIEF = 5
    LOWER_OWN_PRICE = 6
    SWITCH_SELLER = 7
    MISDESCRIBE = 8
    OMIT_ASSIST = 9
    RUSH = 10
    PHOENIX = 11


FIRST_SCHEMES = 6
"""The schemes of the first release; later ones draw from streams of their own, so that they shift nothing."""


OVERPAY, MISTAKE = len(Scheme), len(Scheme) + 1
MECHANISMS = (*(scheme.name.lower() for scheme in Scheme), "overpay", "mistake")
"""What may make a declared tax wrong: the schemes, and what is no scheme; numbered from 0."""
