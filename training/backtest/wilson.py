"""Wilson interval: between which shares of all audits a share of some of them lies (Wilson 1927)."""

from math import sqrt

NORMAL_95 = 1.96
"""Standard errors of a two-sided interval of 95 %."""


def wilson(share: float, n: float, *, z: float = NORMAL_95) -> tuple[float, float]:
    """Return the interval of a share of `n` rows, `z` standard errors to each side.

    Unlike the normal one it is right near 0 and 1, and stays between them.
    """
    squared = z**2 / n
    centre = (share + squared / 2) / (1 + squared)
    reach = z / (1 + squared) * sqrt(share * (1 - share) / n + squared / (4 * n))
    return max(centre - reach, 0.0), min(centre + reach, 1.0)
