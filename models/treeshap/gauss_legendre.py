"""Gauss-Legendre quadrature on [0, 1], rounded from decimals: the same bits on every machine."""

import math
from decimal import Decimal, localcontext
from functools import cache

DIGITS = 40
"""More than twice those of a double, so that rounding to one is right."""
NEWTON_STEPS = 8
"""Each doubles the right digits, and the start has two."""


@cache
def gauss_legendre(order: int) -> tuple[tuple[float, float, float], ...]:
    """Return (node, 1 - node, weight), which integrate polynomials up to degree 2 * order - 1 exactly.

    NumPy's nodes come from an eigenvalue problem, whose last bits depend on the processor.

    >>> gauss_legendre(1)
    ((0.5, 0.5, 1.0),)
    """
    with localcontext() as context:
        context.prec = DIGITS
        pairs = [_root_and_weight(order, number) for number in range(1, order + 1)]
        return tuple(
            (float((1 + root) / 2), float((1 - root) / 2), float(weight / 2)) for root, weight in pairs
        )


def _root_and_weight(order: int, number: int) -> tuple[Decimal, Decimal]:
    """Return a root of a Legendre polynomial on [-1, 1], counted from the largest, and its weight."""
    root = Decimal(math.cos(math.pi * (number - 0.25) / (order + 0.5)))
    for _ in range(NEWTON_STEPS):
        value, slope = _legendre(order, root)
        root -= value / slope
    _, slope = _legendre(order, root)
    return root, 2 / ((1 - root * root) * slope * slope)


def _legendre(order: int, x: Decimal) -> tuple[Decimal, Decimal]:
    """Return the value and the slope of the Legendre polynomial of an order, 1 or more."""
    before, value = Decimal(1), x
    for n in range(2, order + 1):
        before, value = value, ((2 * n - 1) * x * value - (n - 1) * before) / n
    return value, order * (x * value - before) / (x * x - 1)
