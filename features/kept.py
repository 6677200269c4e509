"""Snapshots that are kept: the same day, data and features are built once."""

import hashlib
import json
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from features.build import FeatureSet
from features.output import atomic_folder, restore, target_lock
from features.snapshot import Snapshot, snapshot
from features.warehouse import Dialect

FOLDER = "snapshots"
TABLE, TRADERS, ABOUT = "features.parquet", "traders.parquet", "about.json"


def kept_snapshot(
    data: str,
    *,
    features: FeatureSet,
    as_of: date,
    today: date,
    home: Path,
    dialect: Dialect | None = None,
) -> Snapshot:
    """Return the snapshot of a day, as kept below `home` or, where it is not yet, built and kept.

    A folder of files is known by the names, sizes and times of its files, so that changed data is read anew;
    a database by its address and `today`. Raises as `features.snapshot` does, and `OutputError`.
    """
    place = home / FOLDER / _key(data, features=features, as_of=as_of, today=today, dialect=dialect)
    restore(place)
    if not place.is_dir():
        place.parent.mkdir(parents=True, exist_ok=True)
        with target_lock(place.with_suffix(".build")):
            if not place.is_dir():  # else another call has built it meanwhile
                _write(snapshot(data, features=features, as_of=as_of, today=today, dialect=dialect), place)
    return _read(place, features)


def _key(data: str, *, features: FeatureSet, as_of: date, today: date, dialect: Dialect | None) -> str:
    path = Path(data)
    files = sorted(path.rglob("*")) if path.is_dir() else [path] if path.exists() else []
    found = [
        (str(file.relative_to(path)), file.stat().st_size, file.stat().st_mtime_ns)
        for file in files
        if file.is_file() and not file.name.startswith(".")  # those are locks
    ]
    address = str(path.absolute()) if path.exists() else data
    source = found or today.isoformat()
    told = json.dumps([address, source, as_of.isoformat(), features.digest, repr(dialect)])
    return f"{as_of}-{hashlib.sha256(told.encode()).hexdigest()[:16]}"


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
