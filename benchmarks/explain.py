"""Benchmark of reasons in money: their distance from Shapley values by brute force, and what they cost.

Run with `python -P benchmarks/explain.py`.

The peer in value: every coalition of the features is worth the money at the margins that the trees expect of
it (a feature outside it is averaged over, by the rows of each branch), and Shapley's formula is summed over
all coalitions. The peer in cost: LightGBM's `pred_contrib` for the same trees. Processor seconds, since wall
clocks on a busy machine say little.
"""

import time
from collections.abc import Callable, Iterable
from itertools import combinations
from math import factorial
from typing import Any

import lightgbm as lgb
import numpy as np

from models.fitting.margin import Trees
from models.hurdle import HurdleModel
from models.prediction import Floats

FEATURES, AUDITS, EXPLAINED = 6, 1500, 40
WIDE, MANY = 80, 5_000


def main() -> None:
    """Print both comparisons."""
    X, y = audits(AUDITS, FEATURES, seed=1)
    model = HurdleModel(exposure="").fit(X, y)
    rows = X[:EXPLAINED]
    ours, brute = model.explain(rows).contributions, shapley(model, rows)
    size = np.abs(brute).sum(axis=1)
    off = np.abs(ours - brute).sum(axis=1) / size
    same_first = np.mean(np.abs(ours).argmax(axis=1) == np.abs(brute).argmax(axis=1))
    print(f"{EXPLAINED} rows, {FEATURES} features, {2**FEATURES} coalitions each")
    print(f"  correlation of all contributions: {np.corrcoef(ours.ravel(), brute.ravel())[0, 1]:.4f}")
    print(f"  money that stands elsewhere: median {np.median(off):.1%}, worst {off.max():.1%} of all")
    print(f"  same first reason: {same_first:.0%}")

    X, y = audits(AUDITS, WIDE, seed=2)
    wide = HurdleModel(exposure="").fit(X, y)
    many, _ = audits(MANY, WIDE, seed=3)
    boosters = [booster for margin in wide.margins_ for booster in trees_of(margin).boosters]
    bare = seconds(lambda: [booster.predict(many, pred_contrib=True) for booster in boosters])
    whole = seconds(lambda: wide.explain(many))
    print(f"{MANY:,} rows, {WIDE} features, {sum(b.num_trees() for b in boosters)} trees, processor time")
    print(f"  explain {whole:.2f} s, pred_contrib of the same trees {bare:.2f} s: {whole / bare:.2f} times")


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


def seconds(work: Callable[[], object]) -> float:
    """Return the least processor time of three runs."""
    spent = []
    for _ in range(3):
        began = time.process_time()
        work()
        spent.append(time.process_time() - began)
    return min(spent)


if __name__ == "__main__":
    main()
