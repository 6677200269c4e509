"""Cache of snapshots: the same day, data and features are built once."""

import hashlib
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from features.build import FeatureSet
from features.data.dataset import Dataset, checking_digest
from features.data.version import DataVersion
from features.snapshots.snapshot import Snapshot, snapshot
from features.storage.atomic import atomic_folder, restore, target_lock

FOLDER = "snapshots"
TABLE, TRADERS, ABOUT = "features.parquet", "traders.parquet", "about.json"


def cached_snapshot(dataset: Dataset, features: FeatureSet) -> Snapshot:
    """Return the snapshot of a dataset from the cache below its home; build and cache it where it is missing.

    Its key is the cutoff, the features, the version of the data and the code that checks it. Data that
    changes while it is read is read all the same, and not cached. Raises as `features.snapshots.snapshot`
    does, and `OutputError`.
    """
    version = dataset.version()
    folder = dataset.home / FOLDER / _key(dataset, features, version)
    restore(folder)
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with target_lock(folder.with_suffix(".build")):
            if not folder.is_dir():  # else another call has built it meanwhile
                built = snapshot(dataset, features)
                if dataset.version() != version:
                    return built
                _write(built, folder)
    return _read(folder, features)


def _key(dataset: Dataset, features: FeatureSet, version: DataVersion) -> str:
    code = (features.digest, checking_digest())
    inputs = [version.digest, dataset.cutoff.isoformat(), *code, repr(dataset.dialect)]
    return f"{dataset.cutoff}-{hashlib.sha256(json.dumps(inputs).encode()).hexdigest()[:16]}"


def _write(built: Snapshot, folder: Path) -> None:
    with atomic_folder(folder) as fresh:
        pq.write_table(built.table, fresh / TABLE, compression="zstd")
        pq.write_table(built.traders, fresh / TRADERS, compression="zstd")
        missing = {name: list(columns) for name, columns in built.missing.items()}
        (fresh / ABOUT).write_text(json.dumps({"missing": missing}, indent=1))


def _read(folder: Path, features: FeatureSet) -> Snapshot:
    about = json.loads((folder / ABOUT).read_text())
    missing = {name: tuple(columns) for name, columns in about["missing"].items()}
    return Snapshot(features, _table(folder / TABLE), _table(folder / TRADERS), missing)


def _table(path: Path) -> pa.Table:
    return pq.read_table(path, partitioning=None)
