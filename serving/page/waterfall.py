"""Waterfall chart: where each line's bar begins and ends, so that the last ends at the money expected."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Literal

BarKind = Literal["level", "more", "less"]
WIDTH = 100
HAIR = 0.4
"""The least a bar is wide: a small reason must still be seen."""


@dataclass(frozen=True)
class Bar:
    """One bar on a scale of 0 to `WIDTH`: from `left`, `width` wide; the next line goes on at `end`."""

    kind: BarKind
    left: float
    width: float
    end: float


@dataclass(frozen=True)
class Waterfall:
    """The bars of the base, of each change and of the total; `zero` is where no money is."""

    bars: tuple[Bar, ...]
    zero: float


def waterfall(base: float, changes: Sequence[float]) -> Waterfall:
    """Return the bars from `base` over each change to their sum.

    >>> [(bar.kind, bar.left, bar.width) for bar in waterfall(40, [60, -50]).bars]
    [('level', 0.0, 40.0), ('more', 40.0, 60.0), ('less', 50.0, 50.0), ('level', 0.0, 50.0)]
    """
    levels = list(accumulate(changes, initial=base))
    low, high = min(0.0, *levels), max(0.0, *levels)
    scale = WIDTH / ((high - low) or 1.0)
    spans = [(0.0, levels[0]), *pairwise(levels), (0.0, levels[-1])]
    kinds: list[BarKind] = ["level", *("less" if change < 0 else "more" for change in changes), "level"]
    bars = [
        _bar(kind, start=(start - low) * scale, end=(end - low) * scale)
        for kind, (start, end) in zip(kinds, spans, strict=True)
    ]
    return Waterfall(tuple(bars), -low * scale)


def _bar(kind: BarKind, *, start: float, end: float) -> Bar:
    left, right = sorted((start, end))
    width = max(right - left, HAIR)
    return Bar(kind, round(min(left, WIDTH - width), 2), round(width, 2), round(end, 2))
