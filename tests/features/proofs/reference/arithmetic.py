"""Numbers, of which some may be unknown. Sums are exact, as docs/features.md says."""

import math
import statistics
from collections.abc import Iterable, Sequence

Number = float | None


def total(terms: Iterable[Number]) -> float:
    return math.fsum(term for term in terms if term is not None)


def sum_or_none(terms: Iterable[Number]) -> Number:
    """The sum of the terms that are known; unknown where none is."""
    known = [term for term in terms if term is not None]
    return total(known) if known else None


def times(one: Number, other: Number) -> Number:
    return None if one is None or other is None else one * other


def step(value: float) -> float:
    """The nearest millionth of a millionth, as means of logarithms and shares are rounded."""
    return math.floor(value * 1e12 + 0.5) / 1e12


def ratio(part: float, whole: float) -> Number:
    return part / whole if whole else None


def less(one: Number, other: Number) -> Number:
    return None if one is None or other is None else one - other


def log_of(over: Number, under: Number) -> Number:
    """ln(over / under)."""
    return math.log(over / under) if over and under and over > 0 and under > 0 else None


def weighted(pairs: Iterable[tuple[Number, float]]) -> Number:
    """The mean of values by weight; a value that is not known has no weight."""
    known = [(value, weight) for value, weight in pairs if value is not None]
    return ratio(total(v * w for v, w in known), total(w for _, w in known))


def mean(values: Sequence[float]) -> float:
    return total(values) / len(values)


def quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    position = (len(ordered) - 1) * share
    low = math.floor(position)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] * (1 - (position - low)) + ordered[high] * (position - low)


def deviation(values: Sequence[float]) -> float:
    return statistics.pstdev(values)


def entropy(parts: Sequence[float]) -> Number:
    return -total(part * math.log(part) for part in parts if part) if parts else None


def concentration(parts: Sequence[float]) -> Number:
    return total(part * part for part in parts) if parts else None
