"""Data, features and snapshots of traders: from tables to facts, and when they were known."""

from typing import TYPE_CHECKING

from features.lazy import lazy_exports

if TYPE_CHECKING:
    from features.build import FeatureSet as FeatureSet
    from features.data.dataset import Dataset as Dataset
    from features.feature import Example as Example
    from features.feature import combined as combined
    from features.library import LIBRARY as LIBRARY
    from features.snapshots.cache import cached_snapshot as cached_snapshot
    from features.snapshots.snapshot import Snapshot as Snapshot
    from features.storage.home import home as home
    from features.unit import Unit as Unit
else:
    __getattr__, __dir__, __all__ = lazy_exports(
        __name__,
        {
            "build": ("FeatureSet",),
            "data.dataset": ("Dataset",),
            "feature": ("Example", "combined"),
            "library": ("LIBRARY",),
            "snapshots.cache": ("cached_snapshot",),
            "snapshots.snapshot": ("Snapshot",),
            "storage.home": ("home",),
            "unit": ("Unit",),
        },
    )
