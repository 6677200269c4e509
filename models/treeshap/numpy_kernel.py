"""The kernel in NumPy, for machines without a compiler: the operations of `kernel.c` in their order."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.prediction import Floats
from models.treeshap.forest import Forest

ROWS_AT_ONCE = 1024
ZERO = float(np.float32(1e-35))
"""LightGBM takes numbers that are no larger for 0."""
Mask = NDArray[np.bool_]


class _Split(NamedTuple):
    """A row of `models.treeshap.forest.SPLIT`."""

    threshold: float
    leaf: Sequence[float]
    share: Sequence[float]
    share_above: float
    feature: int
    above: int
    child: Sequence[int]
    first_word: int
    words: int
    missing_left: int
    zero_is_missing: int


def explain(forest: Forest, X: Floats) -> tuple[Floats, Floats]:
    """Return the sums of the TreeSHAP values (n, features) over all trees, and each booster's raw score.

    The scores (n, boosters) are those of LightGBM, bit for bit. A row has the same bits alone and among
    others, here and in the compiled kernel.
    """
    phi, values = np.zeros(X.shape), np.zeros((len(X), forest.boosters))
    for first in range(0, len(X), ROWS_AT_ONCE):
        rows = slice(first, first + ROWS_AT_ONCE)
        x = np.where(np.abs(X[rows]) <= ZERO, 0.0, X[rows]).T
        of_rows, scores = np.zeros(x.shape), np.zeros((forest.boosters, x.shape[1]))
        for stump, start, count, order, booster in forest.trees.tolist():
            if not count:
                scores[booster] += stump
                continue
            splits = [_Split(*split) for split in forest.splits[start : start + count].tolist()]
            passes = _passes(splits, forest.words, x)
            scores[booster] += _reached(splits, passes)
            for y, rest, weight in forest.rules[order, :order].tolist():
                _walk(splits, passes, of_rows, y=y, rest=rest, weight=weight)
        phi[rows], values[rows] = of_rows.T, scores.T
    return phi, values


def _passes(splits: Sequence[_Split], words: NDArray[np.uint32], x: Floats) -> list[Mask]:
    """Return which rows pass all splits by its feature, to the left and the right child of each split."""
    passes: list[Mask] = []
    for split in splits:
        column = x[split.feature]
        left = _goes_left(split, words, column)
        right = ~left
        if split.above >= 0:
            left, right = left & passes[split.above], right & passes[split.above]
        passes += [left, right]
    return passes


def _goes_left(split: _Split, words: NDArray[np.uint32], column: Floats) -> Mask:
    if split.words:
        known = (column > -1.0) & (column < 32.0 * split.words)
        category = np.where(known, column, 0.0).astype(np.int64)
        bits = words[split.first_word + category // 32] >> (category % 32).astype(np.uint32)
        return np.asarray(known & ((bits & np.uint32(1)) == 1))
    missing = np.isnan(column)
    if split.zero_is_missing:
        missing |= column == 0.0
    return np.where(missing, bool(split.missing_left), column <= split.threshold)


def _reached(splits: Sequence[_Split], passes: list[Mask]) -> Floats:
    """Return the value (n,) of the leaf that each row reaches, from the leaves up."""
    reached: list[Any] = [None] * (2 * len(splits) + 1)
    for n in reversed(range(len(splits))):
        split = splits[n]
        below = [
            split.leaf[side] if split.child[side] >= len(splits) else reached[split.child[side]]
            for side in (0, 1)
        ]
        reached[n] = np.where(passes[2 * n], *below)
    return np.asarray(reached[0], np.float64)


def _walk(
    splits: Sequence[_Split], passes: list[Mask], phi: Floats, *, y: float, rest: float, weight: float
) -> None:
    """Add, for one node of the quadrature, what the features have of a tree: once down and once up."""
    products: list[Any] = [1.0] * (2 * len(splits) + 1)
    for n, split in enumerate(splits):
        if split.above >= 0:
            out = 1.0 / (split.share_above * rest)
            within = 1.0 / (split.share_above * rest + y)
            products[n] = products[n] * np.where(passes[split.above], within, out)
        for side in (0, 1):
            out = split.share[side] * rest * split.leaf[side]
            within = (split.share[side] * rest + y) * split.leaf[side]
            products[split.child[side]] = products[n] * np.where(passes[2 * n + side], within, out)
    sums, out = products, -weight / rest
    for n in reversed(range(len(splits))):
        split = splits[n]
        left, right = sums[split.child[0]], sums[split.child[1]]
        sums[n] = left + right
        in_left, in_right = (weight * (1.0 - share) / (share * rest + y) for share in split.share)
        term = np.where(passes[2 * n], in_left, out) * left
        term = term + np.where(passes[2 * n + 1], in_right, out) * right
        if split.above >= 0:
            within = weight * (1.0 - split.share_above) / (split.share_above * rest + y)
            term = term - np.where(passes[split.above], within, out) * sums[n]
        phi[split.feature] += term
