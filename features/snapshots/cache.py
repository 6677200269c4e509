"""Snapshots that are kept: the same day, data and features are built once."""

import hashlib
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from features.build import FeatureSet
from features.data.dataset import Dataset
from features.data.version import Version
from features.snapshots.snapshot import Snapshot, snapshot
from features.storage.atomic import atomic_folder, restore, target_lock

FOLDER = "snapshots"
TABLE, TRADERS, ABOUT = "features.parquet", "traders.parquet", "about.json"


def kept_snapshot(dataset: Dataset, features: FeatureSet) -> Snapshot:
    """Return the snapshot of a dataset, as kept below its home or, where it is not yet, built and kept.

    It is known by the cutoff, the features and the version of the data. Data that changes while it is read
    is read all the same, and not kept. Raises as `features.snapshots.snapshot` does, and `OutputError`.
    """
    version = dataset.version()
    place = dataset.home / FOLDER / _key(dataset, features, version)
    restore(place)
    if not place.is_dir():
        place.parent.mkdir(parents=True, exist_ok=True)
        with target_lock(place.with_suffix(".build")):
            if not place.is_dir():  # else another call has built it meanwhile
                built = snapshot(dataset, features)
                if dataset.version() != version:
                    return built
                _write(built, place)
    return _read(place, features)


def _key(dataset: Dataset, features: FeatureSet, version: Version) -> str:
    known = [version.digest, dataset.cutoff.isoformat(), features.digest, repr(dataset.dialect)]
    return f"{dataset.cutoff}-{hashlib.sha256(json.dumps(known).encode()).hexdigest()[:16]}"


def _write(made: Snapshot, place: Path) -> None:
    with atomic_folder(place) as fresh:
        pq.write_table(made.table, fresh / TABLE, compression="zstd")
        pq.write_table(made.traders, fresh / TRADERS, compression="zstd")
        missing = {name: list(columns) for name, columns in made.missing.items()}
        (fresh / ABOUT).write_text(json.dumps({"missing": missing}, indent=1))


def _read(place: Path, features: FeatureSet) -> Snapshot:
    about = json.loads((place / ABOUT).read_text())
    missing = {name: tuple(columns) for name, columns in about["missing"].items()}
    return Snapshot(features, _table(place / TABLE), _table(place / TRADERS), missing)


def _table(path: Path) -> pa.Table:
    return pq.read_table(path, partitioning=None)
