"""Snapshots on disk: written whole with a seal, and read only where every byte is as it was written."""

import hashlib
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from features.build import FeatureSet
from features.errors import DataError
from features.snapshots.snapshot import Snapshot
from features.storage.atomic import atomic_folder
from features.storage.json_cache import read_cached, sealed

TABLE, TRADERS, HOURS = "features.parquet", "traders.parquet", "hours.parquet"
TABLES = (TABLE, TRADERS, HOURS)
ABOUT = "about.json"


def write_snapshot(built: Snapshot, folder: Path) -> None:
    """Write a snapshot and its seal, whole or not at all; raises `OutputError` where the disk refuses."""
    with atomic_folder(folder) as fresh:
        for name, table in zip(TABLES, (built.table, built.traders, built.hours_spent), strict=True):
            pq.write_table(table, fresh / name, compression="zstd")
        about = {
            "snapshot": folder.name,
            "newest_on": built.newest_on.isoformat(),
            "missing": {name: list(columns) for name, columns in built.missing.items()},
            "files": {name: _digest((fresh / name).read_bytes()) for name in TABLES},
        }
        (fresh / ABOUT).write_text(sealed(fresh / ABOUT, about))


def read_snapshot(folder: Path, features: FeatureSet) -> Snapshot | None:
    """Return a snapshot, None where there is none; raises `DataError` where it is not as it was written.

    The bytes that are proved are those that are parsed.
    """
    if not folder.is_dir():
        return None
    about = read_cached(folder / ABOUT)
    if not about or about["snapshot"] != folder.name:
        raise _changed(folder, ABOUT)
    missing = {name: tuple(columns) for name, columns in about["missing"].items()}
    table, traders, hours = (_table(folder, name, about) for name in TABLES)
    return Snapshot(features, table, traders, missing, date.fromisoformat(about["newest_on"]), hours)


def _table(folder: Path, name: str, about: dict[str, Any]) -> pa.Table:
    try:
        content = (folder / name).read_bytes()
    except OSError as error:
        raise _changed(folder, name) from error
    if _digest(content) != about["files"][name]:
        raise _changed(folder, name)
    return pq.read_table(pa.BufferReader(content))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _changed(folder: Path, name: str) -> DataError:
    return DataError(
        f"The snapshot {folder.name} is not as it was written: {name}.",
        expected="the files that its seal describes.",
        advice="Nothing of it was used. Find out who writes to the home.",
    )


def traders_of_newest(folder: Path) -> list[str]:
    """Return the traders of the newest snapshot in a folder of them, none where there is none.

    For a shell to complete them: nobody waits for the seal to be proved.
    """
    tables = sorted(folder.glob(f"*/{TABLE}"))
    return pq.read_table(tables[-1], columns=["trader_id"])["trader_id"].to_pylist() if tables else []
