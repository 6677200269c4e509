"""Benchmark of reasons in money: their distance from Shapley values by brute force, and what they cost.

Run with `python -P benchmarks/explain.py`.

The peer in value: every coalition of the features is worth the money at the margins that the trees expect of
it (a feature outside it is averaged over, by the rows of each branch), and Shapley's formula is summed over
all coalitions. The peer in cost: LightGBM's `pred_contrib` for the same trees, and a whole explanation by it.
Processor seconds of one thread, since wall clocks on a busy machine say little.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import combinations
from math import factorial
from typing import Any

import lightgbm as lgb
import numpy as np

from benchmarks.table import row as table_row
from models.fitting.margin import Margin, Sum, Trees
from models.hurdle import HurdleModel
from models.prediction import Floats
from models.treeshap import compiled, numpy_kernel
from models.treeshap.forest import Forest

FEATURES, AUDITS, EXPLAINED = 6, 1500, 40
WIDE, MANY = 190, 4_096


def main() -> None:
    """Print both comparisons."""
    X, y = audits(AUDITS, FEATURES, seed=1)
    model = HurdleModel(exposure="none").fit(X, y)
    rows = X[:EXPLAINED]
    ours, brute = model.explain(rows).contributions, shapley(model, rows)
    size = np.abs(brute).sum(axis=1)
    off = np.abs(ours - brute).sum(axis=1) / size
    same_first = np.mean(np.abs(ours).argmax(axis=1) == np.abs(brute).argmax(axis=1))
    print(f"{EXPLAINED} rows, {FEATURES} features, {2**FEATURES} coalitions each")
    print(f"  correlation of all contributions: {np.corrcoef(ours.ravel(), brute.ravel())[0, 1]:.4f}")
    print(f"  money that stands elsewhere: median {np.median(off):.1%}, worst {off.max():.1%} of all")
    print(f"  same first reason: {same_first:.0%}")

    of_trees("900 trees of 6 leaves", trees=900, leaves=6, features=WIDE, rows=2_048)
    of_trees("300 trees of 63 leaves", trees=300, leaves=63, features=80, rows=256)
    of_a_model()


def of_trees(title: str, *, trees: int, leaves: int, features: int, rows: int) -> None:
    """Compare the kernels with `pred_contrib`, for trees of a shape."""
    X, _ = audits(6_000, features, seed=2)
    X[np.random.default_rng(2).random(X.shape) < 0.2] = np.nan
    signal = np.sin(np.nan_to_num(X[:, :20])).sum(axis=1) + np.random.default_rng(3).normal(size=len(X))
    options = {
        "num_leaves": leaves,
        "feature_fraction": 0.3,
        "learning_rate": 0.05,
        "num_threads": 1,
        "verbosity": -1,
    }
    booster = lgb.train({"objective": "regression", **options}, lgb.Dataset(X, signal), trees)
    forest, some, few = Forest.read([booster.model_to_string()]), X[:rows], X[: rows // 8]
    oracle = np.asarray(booster.predict(some, pred_contrib=True, num_threads=1))
    phi, _ = numpy_kernel.explain(forest, few)
    size = np.abs(oracle).sum(axis=1)[: len(few)]
    off = float((np.abs(phi - oracle[: len(few), :-1]).max(axis=1) / size).max())
    table_row(f"{title}: largest relative distance from pred_contrib", ours=off, unit="", at_most=1e-12)
    theirs = rows / seconds(lambda: booster.predict(some, pred_contrib=True, num_threads=1))
    kernel = compiled.library()
    if kernel is None:
        print(f"  {compiled.SLOWER}")
    else:
        ours = rows / seconds(lambda: compiled.explain(kernel, forest, some))
        table_row(
            f"{title}: reasons", ours=ours, unit="rows/s", peer=theirs, against="pred_contrib", at_least=20
        )
    slow = len(few) / seconds(lambda: numpy_kernel.explain(forest, few), times=1)
    table_row(f"{title}: reasons in NumPy", ours=slow, unit="rows/s", peer=theirs, against="pred_contrib")


def of_a_model() -> None:
    """Compare a whole explanation in money with the same by `pred_contrib`, for a model as it is trained."""
    X, y = audits(AUDITS, WIDE, seed=2)
    model = HurdleModel(exposure="none").fit(X, y)
    many, _ = audits(MANY, WIDE, seed=3)
    margins = model.margins_
    ours = MANY / seconds(lambda: model.explain(many))
    alone = seconds(lambda: [model.explain(many[:1]) for _ in range(20)]) / 20 * 1e3
    predicted = MANY / seconds(lambda: model.predict(many))
    model.margins_ = tuple(by_pred_contrib(margin) for margin in margins)
    theirs = MANY / seconds(lambda: model.explain(many))
    alone_before = seconds(lambda: [model.explain(many[:1]) for _ in range(20)]) / 20 * 1e3
    against = "explain by pred_contrib"
    table_row("explain, in money", ours=ours, unit="rows/s", peer=theirs, against=against, at_least=12)
    table_row("explain one trader", ours=alone, unit="ms", peer=alone_before, against=against)
    both = 100_000 / ours + 100_000 / predicted
    table_row("predict and explain 100,000 traders", ours=both, unit="s", at_most=10)


def by_pred_contrib(margin: Margin) -> Margin:
    """Return a margin whose trees are explained by LightGBM, as in earlier releases."""
    if isinstance(margin, Sum):
        return Sum(tuple(by_pred_contrib(term) for term in margin.terms))
    return replace(margin, method="pred_contrib") if isinstance(margin, Trees) else margin


def audits(count: int, features: int, *, seed: int) -> tuple[Floats, Floats]:
    """Return features and the money of audits that a few of the features decide."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(count, features))
    chance = 1 / (1 + np.exp(1.2 - X[:, 0] - 0.7 * X[:, 1] * (X[:, 2] > 0)))
    amount = np.exp(7 + X[:, 2] + 0.5 * X[:, 3] + 0.8 * rng.normal(size=count))
    return X, np.where(rng.random(count) < chance, amount, 0.0)


def trees_of(margin: object) -> Trees:
    """Return a margin of trees."""
    if not isinstance(margin, Trees):
        raise TypeError(type(margin))
    return margin


def shapley(model: HurdleModel, rows: Floats) -> Floats:
    """Return Shapley values in money by summing over all coalitions (rows, features)."""
    columns = range(rows.shape[1])
    worth = {}
    for coalition in subsets(columns):
        margins = [[expected(trees_of(m), row, coalition) for m in model.margins_] for row in rows]
        worth[coalition] = model.link_.money(np.array(margins))
    values = np.zeros_like(rows)
    for column in columns:
        for coalition in subsets(other for other in columns if other != column):
            size, whole = len(coalition), len(columns)
            share = factorial(size) * factorial(whole - size - 1) / factorial(whole)
            values[:, column] += share * (worth[coalition | {column}] - worth[coalition])
    return values


def subsets(columns: Iterable[int]) -> list[frozenset[int]]:
    """Return every subset."""
    listed = list(columns)
    return [frozenset(chosen) for size in range(len(listed) + 1) for chosen in combinations(listed, size)]


def expected(trees: Trees, row: Floats, known: frozenset[int]) -> float:
    """Return what trees expect of a row of which only some features are known."""
    total = sum(_walk(node, row, known) for booster in trees.boosters for node in roots(booster))
    return trees.start + total / len(trees.boosters)


_ROOTS: dict[int, list[Any]] = {}


def roots(booster: lgb.Booster) -> list[Any]:
    """Return the root of each tree of a booster."""
    if id(booster) not in _ROOTS:
        _ROOTS[id(booster)] = [tree["tree_structure"] for tree in booster.dump_model()["tree_info"]]
    return _ROOTS[id(booster)]


def _walk(node: Any, row: Floats, known: frozenset[int]) -> float:
    if "leaf_value" in node:
        return float(node["leaf_value"])
    left, right = node["left_child"], node["right_child"]
    if node["split_feature"] in known:
        return _walk(left if row[node["split_feature"]] <= node["threshold"] else right, row, known)
    share = _rows(left) / (_rows(left) + _rows(right))
    return share * _walk(left, row, known) + (1 - share) * _walk(right, row, known)


def _rows(node: Any) -> float:
    return float(node.get("internal_count", node.get("leaf_count", 0)))


def seconds(work: Callable[[], object], *, times: int = 3) -> float:
    """Return the least processor time of some runs."""
    spent = []
    for _ in range(times):
        began = time.process_time()
        work()
        spent.append(time.process_time() - began)
    return min(spent)


if __name__ == "__main__":
    main()
