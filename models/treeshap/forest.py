"""Forests: the trees of LightGBM's text as flat arrays, validated so that a kernel may trust them."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn, TypeVar

import numpy as np
from numpy.typing import NDArray

from features.errors import DataError
from models.treeshap.gauss_legendre import gauss_legendre

SPLIT = np.dtype(
    [
        ("threshold", np.float64),
        ("leaf", np.float64, 2),
        ("share", np.float64, 2),
        ("share_above", np.float64),
        ("feature", np.int32),
        ("above", np.int32),
        ("child", np.int32, 2),
        ("first_word", np.int32),
        ("words", np.int32),
        ("missing_left", np.int32),
        ("zero_is_missing", np.int32),
    ],
    align=True,
)
"""`struct split` of `kernel.c`, where its fields are described."""
TREE = np.dtype(
    [
        ("stump", np.float64),
        ("first_split", np.int64),
        ("splits", np.int32),
        ("order", np.int32),
        ("booster", np.int32),
    ],
    align=True,
)
"""`struct tree` of `kernel.c`."""
CATEGORICAL, DEFAULT_LEFT = 1, 2
"""Bits of LightGBM's decision types; the next two say what is missing."""
MISSING_NONE, MISSING_ZERO = 0, 1
Number = TypeVar("Number", int, float)


@dataclass(frozen=True)
class Forest:
    """The trees of some boosters of the same number of features, in their order.

    `trees` and `splits` are of `TREE` and `SPLIT`; the splits of a tree stand together, each before those
    below it. `words` are the categories that go left, as bits. `rules` (largest order + 1, largest order, 3)
    is `gauss_legendre` by order. `base` is what all trees together expect by the cover of their leaves.
    """

    features: int
    boosters: int
    trees: NDArray[np.void]
    splits: NDArray[np.void]
    words: NDArray[np.uint32]
    rules: NDArray[np.float64]
    base: float

    @property
    def largest(self) -> int:
        """The number of splits of the largest tree."""
        return int(self.trees["splits"].max(initial=0))

    @classmethod
    def read(cls, texts: Sequence[str]) -> "Forest":
        """Return the forest of one or more boosters in LightGBM's text form.

        Raises `DataError` for what is no such text and for what is not explained here: linear leaves, several
        classes, leaves without rows.
        """
        try:
            features = [_features(text) for text in texts]
            if len(set(features)) != 1:
                _refuse(f"boosters of {features} features")
            trees = [
                (booster, _tree(block, features[0]))
                for booster, text in enumerate(texts)
                for block in _blocks(text)
            ]
        except (IndexError, KeyError, ValueError, OverflowError) as error:
            _refuse(f"a field that is missing or malformed: {error}")
        return _flat(trees, features=features[0], boosters=len(texts))


@dataclass(frozen=True)
class _Tree:
    """A tree, whose splits count words from 0; one without any is worth `stump` for every row.

    `distinct` are the most features that one path meets, `expected` is the mean of the leaves by their cover.
    """

    stump: float
    splits: NDArray[np.void]
    words: tuple[int, ...]
    distinct: int
    expected: float


def _flat(trees: Sequence[tuple[int, _Tree]], *, features: int, boosters: int) -> Forest:
    """Put trees, each with the number of its booster, one after the other."""
    rows: list[tuple[float, int, int, int, int]] = []
    words: list[int] = []
    first_split = 0
    for booster, tree in trees:
        order = (tree.distinct + 1) // 2
        rows.append((tree.stump, first_split, len(tree.splits), order, booster))
        tree.splits["first_word"] += len(words)
        first_split += len(tree.splits)
        words += tree.words
    orders = {order for *_, order, _ in rows}
    rules = np.zeros((max(orders, default=0) + 1, max(orders, default=0), 3))
    for order in orders - {0}:
        rules[order, :order] = gauss_legendre(order)
    return Forest(
        features=features,
        boosters=boosters,
        trees=np.array(rows, TREE),
        splits=np.concatenate([np.empty(0, SPLIT), *(tree.splits for _, tree in trees)]),
        words=np.array(words, np.uint32),
        rules=rules,
        base=math.fsum(tree.expected for _, tree in trees),
    )


def _features(text: str) -> int:
    head = _fields(text.split("\nTree=", 1)[0])
    if head["num_tree_per_iteration"] != "1":
        _refuse(f"{head['num_tree_per_iteration']} classes")
    return int(head["max_feature_idx"]) + 1


def _blocks(text: str) -> Iterator[Mapping[str, str]]:
    for block in text.split("\nTree=")[1:]:
        yield _fields(block.split("\n\n", 1)[0])


def _fields(block: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in block.split("\n") if "=" in line)


def _numbers(text: str, kind: Callable[[str], Number], count: int) -> tuple[Number, ...]:
    numbers = tuple(map(kind, text.split()))
    if len(numbers) != count:
        _refuse(f"{len(numbers)} numbers where {count} belong")
    return numbers


def _tree(fields: Mapping[str, str], features: int) -> _Tree:
    if fields["is_linear"] != "0":
        _refuse("linear leaves")
    leaves = int(fields["num_leaves"])
    values = _numbers(fields["leaf_value"], float, leaves)
    if not all(map(math.isfinite, values)):
        _refuse("a leaf that is no finite number")
    if leaves == 1:
        return _Tree(values[0], np.empty(0, SPLIT), (), 0, values[0])
    cover = _numbers(fields["leaf_count"], int, leaves)
    bounds: tuple[int, ...] = (0,)
    if categorical := int(fields["num_cat"]):
        bounds = _numbers(fields["cat_boundaries"], int, categorical + 1)
    words = _numbers(fields["cat_threshold"], int, bounds[-1]) if categorical else ()
    splits, distinct = _walk(fields, values, cover, bounds, features)
    rows = sum(cover)
    expected = math.fsum(value * (count / rows) for value, count in zip(values, cover, strict=True))
    return _Tree(0.0, splits, words, distinct, expected)


def _walk(
    fields: Mapping[str, str],
    values: Sequence[float],
    leaf_cover: Sequence[int],
    bounds: Sequence[int],
    features: int,
) -> tuple[NDArray[np.void], int]:
    """Return the splits of a tree, each before those below it, and the most features that a path meets.

    Each node is met once, or the text is refused. `met` holds, for each feature above a node, the path's last
    split by it (twice its position, plus its side) and the share of the cover that it lets pass so far.
    """
    count = len(values) - 1
    left, right = (_numbers(fields[name], int, count) for name in ("left_child", "right_child"))
    feature, cover = (_numbers(fields[name], int, count) for name in ("split_feature", "internal_count"))
    threshold = _numbers(fields["threshold"], float, count)
    decision = _numbers(fields["decision_type"], int, count)
    splits, distinct = np.zeros(count, SPLIT), 0
    unseen = {*range(1, count), *(~leaf for leaf in range(count + 1))}
    todo: list[tuple[int, int, dict[int, tuple[int, float]]]] = [(0, -1, {})]
    for position in range(count):
        node, parent, met = todo.pop()
        if parent >= 0:
            splits["child"][parent // 2, parent % 2] = position
        if not 0 <= feature[node] < features:
            _refuse(f"a split by the feature {feature[node]} of {features}")
        above, share_above = met.get(feature[node], (-1, 1.0))
        leaf, share, slots = [1.0, 1.0], [0.0, 0.0], [0, 0]
        for side, child in ((1, right[node]), (0, left[node])):
            unseen.remove(child)
            rows = cover[child] if child >= 0 else leaf_cover[~child]
            if not 0 < rows < cover[node]:
                _refuse(f"{rows} of {cover[node]} rows below a split")
            share[side] = share_above * (rows / cover[node])
            below = {**met, feature[node]: (2 * position + side, share[side])}
            if child >= 0:
                todo.append((child, 2 * position + side, below))
            else:
                leaf[side], slots[side] = values[~child], count + ~child
                distinct = max(distinct, len(below))
        splits[position] = (
            *(threshold[node], leaf, share, share_above, feature[node], above, slots),
            *_decision(decision[node], threshold[node], bounds),
        )
    return splits, distinct


def _decision(kind: int, threshold: float, bounds: Sequence[int]) -> tuple[int, int, bool, bool]:
    """Return the first word and the number of words of a categorical split, and what it does when missing.

    Where nothing counts as missing, LightGBM takes NaN for 0; among categories it is on the right.
    """
    if kind & CATEGORICAL:
        first, end = bounds[int(threshold)], bounds[int(threshold) + 1]
        if not threshold >= 0 or first >= end:
            _refuse("a split by no category")
        return first, end - first, False, False
    missing = kind >> 2 & 3
    missing_left = threshold >= 0 if missing == MISSING_NONE else bool(kind & DEFAULT_LEFT)
    return 0, 0, missing_left, missing == MISSING_ZERO


def _refuse(fault: str) -> NoReturn:
    raise DataError(
        f"The trees of a model have {fault}.",
        expected="trees as this version of audit-yield grows them, whose predictions it can explain.",
        advice="Train the model anew.",
    )
