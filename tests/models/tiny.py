"""Every kind of model, fitted on few audits and features, and its bundle."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from features.build import FeatureSet
from features.library import LIBRARY
from models.base import YieldModel
from models.bundle.artefact import Bundle, save_bundle
from models.bundle.sealed import Files
from models.kinds import MODELS

CUTOFF = date(2024, 1, 1)
SMALL = {"growth": {"rounds": 10, "bags": 2}}
ARGUMENTS: Mapping[str, Mapping[str, Any]] = {"hurdle": SMALL, "tweedie": SMALL}
EMPTY = "days_late_12m"
"""A feature without a single value, as where an administration keeps no payments."""


def features() -> FeatureSet:
    """A few features of the library, those that a baseline asks for among them."""
    return LIBRARY.select(["customs_value_12m", "yield_on_value", EMPTY])


@cache
def rows(count: int = 150) -> pa.Table:
    """Feature rows of any values, an empty cell here and there."""
    rng = np.random.default_rng(3)
    columns = {name: rng.lognormal(size=count) for name in features().names}
    columns[EMPTY] = np.full(count, np.nan)
    return pa.table({name: pa.array(v, pa.float64(), from_pandas=True) for name, v in columns.items()})


@cache
def fitted(kind: str) -> YieldModel:
    """A model of a kind, taught that a third of the audits bring what the customs value says."""
    value = rows()["customs_value_12m"].to_numpy()
    money = np.where(np.arange(len(value)) % 3 == 0, 1_000.0 * value, 0.0)
    return MODELS[kind](seed=1, **ARGUMENTS.get(kind, {})).fit(rows(), money)


def saved(folder: Path, kind: str = "hurdle", *, evidence: Files | None = None) -> Bundle:
    """The bundle of such a model in a folder."""
    return save_bundle(
        fitted(kind),
        folder,
        features=features(),
        fingerprint="f" * 64,
        cutoff=CUTOFF,
        golden=rows().slice(0, 3),
        card_json={"model": kind},
        evidence=evidence,
    )
