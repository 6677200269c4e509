"""A small administration with a model published in a home, as `audit-yield promote` would leave it."""

from datetime import date
from pathlib import Path

import numpy as np

from features.build import FeatureSet
from features.data.dataset import Dataset
from features.library import LIBRARY
from features.simulate import simulate
from features.snapshots.cache import cached_snapshot
from models.bundle.artefact import Bundle, save_bundle
from models.bundle.champion import PUBLISHED, Champion, point_to
from models.hurdle import HurdleModel

AS_OF = date(2024, 10, 1)
TODAY = date(2025, 1, 2)
FEATURES: FeatureSet = LIBRARY.select(
    [
        "customs_value_12m",
        "effective_rate_12m",
        "line_count_12m",
        "preference_share_12m",
        "days_since_last_line_24m",
        "yield_on_value",
    ]
)


def administration(folder: Path) -> Path:
    """Simulate 300 traders over three years below `folder`; return the folder of the tables."""
    simulate(folder, traders=300, years=3, seed=7)
    return folder / "data"


def dataset(data: Path, home: Path) -> Dataset:
    """That administration as known before the first of October 2024."""
    return Dataset(data=str(data), cutoff=AS_OF, today=TODAY, home=home)


def publish(home: Path, data: Path, *, version: str = "1", seed: int = 1) -> Bundle:
    """Teach a small model, seal its bundle below `home` and make it the champion.

    It learns that every trader who declares a line about once a month or more owes a twentieth of the value.
    """
    rows = cached_snapshot(dataset(data, home), FEATURES).table
    taken = rows.select(FEATURES.names)
    value, lines = (rows[name].to_numpy() for name in ("customs_value_12m", "line_count_12m"))
    model = HurdleModel(seed=seed, growth={"rounds": 20, "bags": 2})
    model.fit(taken, np.where(lines > 12, 0.05 * value, 0.0))
    folder = f"{PUBLISHED}/{version}"
    bundle = save_bundle(
        model,
        home / folder,
        features=FEATURES,
        fingerprint="f" * 64,
        cutoff=AS_OF,
        golden=taken.slice(0, 5),
        card_json={"model": "hurdle", "metrics": {"calibration": 1.0}},
    )
    promote(home, bundle, version=version)
    return bundle


def promote(home: Path, bundle: Bundle, *, version: str) -> None:
    """Flip the pointer to the bundle of a version below `home`."""
    folder, moment = f"{PUBLISHED}/{version}", f"2025-01-02T03:04:{version:0>2}+00:00"
    point_to(home, Champion(version, folder, bundle.digest, bundle.feature_digest, moment))
