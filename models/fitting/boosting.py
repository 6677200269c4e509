"""Boosting: LightGBM trees for small and heavy-tailed data, fitted and predicted on held-out blocks."""

import math
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from models.fitting.margin import Trees
from models.prediction import Floats

RowIndices = NDArray[np.intp]
MANY_AUDITS = 5_000
RAREST = 1e-6
ONE_THREAD = 20_000
"""Below so many rows a second thread costs more than it brings."""
LOGARITHMIC = ("gamma", "tweedie")
"""Objectives whose margin is the logarithm of money."""


@dataclass(frozen=True)
class Growth:
    """Hyperparameters of the trees; the defaults suit a few hundred to a few thousand audits.

    `bags` boosters differ in their seed and are averaged. `options` are LightGBM's own, by its names; those
    that come from outside were held against `models.fitting.parameters`.
    """

    objective: str
    rounds: int = 150
    bags: int = 3
    learning_rate: float = 0.06
    num_leaves: int = 6
    min_data_in_leaf: int = 15
    feature_fraction: float = 0.3
    bagging_fraction: float = 0.7
    lambda_l2: float = 5.0
    max_bin: int = 63
    seed: int = 0
    options: Mapping[str, Any] | None = None

    @classmethod
    def for_rows(cls, given: Mapping[str, Any] | None, *, objective: str, rows: int, seed: int) -> "Growth":
        """Return the growth for a number of rows; `given` overrides the defaults by name.

        More audits carry larger trees and need fewer bags.
        """
        large = {
            "num_leaves": 15,
            "min_data_in_leaf": 30,
            "feature_fraction": 0.5,
            "max_bin": 255,
            "bags": 2,
        }
        usual = large if rows >= MANY_AUDITS else {}
        return cls(**{"objective": objective, "seed": seed, **usual, **(given or {})})


@dataclass(frozen=True)
class Sample:
    """Rows to learn from: `offset` is what is known of the margin apart from the features."""

    X: Floats
    target: Floats
    weight: Floats
    offset: Floats | None
    monotone: Sequence[int]

    def of(self, rows: RowIndices) -> "Sample":
        """Return some of the rows."""
        return replace(
            self,
            X=self.X[rows],
            target=self.target[rows],
            weight=self.weight[rows],
            offset=None if self.offset is None else self.offset[rows],
        )


def grow(sample: Sample, growth: Growth) -> Trees:
    """Grow the bags on a sample; the same call gives the same bytes, whatever the number of threads."""
    start, unit = _start(sample, growth), _unit(sample, growth)
    log_unit = math.log(unit) if growth.objective in LOGARITHMIC else 0.0
    data = lgb.Dataset(
        sample.X,
        sample.target / unit,
        weight=sample.weight,
        init_score=None if sample.offset is None else start + sample.offset - log_unit,
        params={"max_bin": growth.max_bin, "verbosity": -1},
        free_raw_data=False,
    )
    boosters = [
        lgb.train(_parameters(sample, growth, bag), data, num_boost_round=growth.rounds)
        for bag in range(growth.bags)
    ]
    return Trees.read(
        log_unit if sample.offset is None else start,
        [booster.model_to_string() for booster in boosters],
        scale=unit if growth.objective == "regression" else 1.0,
    )


def _unit(sample: Sample, growth: Growth) -> float:
    """Return the money that trees count in: LightGBM keeps targets in 32 bits and its ridge has a scale."""
    if growth.objective not in (*LOGARITHMIC, "regression"):
        return 1.0
    return float(np.average(np.abs(sample.target), weights=sample.weight)) or 1.0


def _start(sample: Sample, growth: Growth) -> float:
    """Return the margin that trees correct, beside the offsets: with these, LightGBM itself begins at 0."""
    if sample.offset is None:
        return 0.0
    if growth.objective == "binary":
        chance = float(np.average(sample.target, weights=sample.weight))
        chance = min(max(chance, RAREST), 1 - RAREST)
        return math.log(chance / (1 - chance))
    return math.log(float(np.average(sample.target * np.exp(-sample.offset), weights=sample.weight)))


def held_out(sample: Sample, growth: Growth, *, blocks: Sequence[RowIndices], where: Floats) -> Floats:
    """Return the held-out margin of each row, by trees grown without its block on rows `where` is not 0.

    Where all adjustments lie in one block, nothing is left to learn from for it: it gets the mean of all.
    Blocks are grown side by side, each in one thread, and predicted when all are: the number of threads is
    LightGBM's for the whole process, and a call that changes it while another fills its rows makes that
    write past its buffers.
    """
    margin, known = np.zeros(len(sample.target)), np.flatnonzero(where)
    in_one_thread = replace(growth, options={**(growth.options or {}), "num_threads": 1})

    def without(block: RowIndices) -> Trees | None:
        rest = np.setdiff1d(known, block)
        return grow(sample.of(rest), in_one_thread) if sample.target[rest].any() else None

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        grown = list(pool.map(without, blocks))
    for block, trees in zip(blocks, grown, strict=True):
        margin[block] = trees.value(sample.X[block]) if trees else _start(sample.of(known), growth)
    return margin


def _parameters(sample: Sample, growth: Growth, bag: int) -> dict[str, Any]:
    a_row = min(1.0, 1.5 / len(sample.target))
    return {
        "objective": growth.objective,
        "learning_rate": growth.learning_rate,
        "num_leaves": growth.num_leaves,
        "min_data_in_leaf": growth.min_data_in_leaf,
        "feature_fraction": growth.feature_fraction,
        "bagging_fraction": max(growth.bagging_fraction, a_row),
        "bagging_freq": 1,
        "lambda_l2": growth.lambda_l2,
        "max_bin": growth.max_bin,
        "seed": growth.seed + bag,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
        **({"num_threads": 1} if len(sample.target) < ONE_THREAD else {}),
        **({"monotone_constraints": list(sample.monotone)} if any(sample.monotone) else {}),
        **(growth.options or {}),
    }
