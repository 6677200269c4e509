"""Cache of snapshots: the same day, features and rows known before it are built once."""

import contextlib
import hashlib
import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from features.build import FeatureSet
from features.data.dataset import Dataset
from features.data.version import DataVersion
from features.data.warehouse import Warehouse
from features.days import LONGEST_WINDOW
from features.errors import DataError
from features.prepare.facts import FACTS_OF_OTHERS
from features.snapshots.known_rows import KnownRows, cache_known_rows, cached_known_rows
from features.snapshots.line_parts import code_digest, is_prepared_for, make_line_parts, with_line_parts
from features.snapshots.snapshot import Snapshot, active_traders, describing_digest, snapshot_of
from features.snapshots.staleness import require_recent
from features.snapshots.store import read_snapshot, write_snapshot
from features.spine import months_before
from features.storage.atomic import output_errors, restore, target_lock

FOLDER = "snapshots"
LINES_WORTH_PARTS = 200_000
"""Lines from which on parts are made: to make them costs some seconds, more than few lines give back."""
logger = logging.getLogger(__name__)


def cached_snapshot(dataset: Dataset, features: FeatureSet) -> Snapshot:
    """Return the snapshot of a dataset from the cache below its home; build and cache it where it is missing.

    Its key is the cutoff, the features, the rows known before the cutoff and the code that reads them: rows
    that become known later leave it valid. One that is not as it was written is built anew, and a warning
    says so. Data that changes while it is read is read all the same, and not cached. Raises as
    `features.snapshots.snapshot` does, and `OutputError`.
    """
    version = dataset.version()
    if known := cached_known_rows(dataset, version):
        with contextlib.suppress(DataError):  # that it is broken is said where it is built anew
            if cached := read_snapshot(_folder(dataset, features, known), features):
                return _recent(cached, dataset)
    lock = dataset.home / FOLDER / f"{dataset.cutoff}-{features.digest[:16]}.build"
    with output_errors(lock):
        lock.parent.mkdir(parents=True, exist_ok=True)
    with target_lock(lock):
        with dataset.open_checked() as (warehouse, outcome):
            known = KnownRows.of(warehouse)
            folder = _folder(dataset, features, known)
            cached = _whole(folder, features)  # built meanwhile by another call, or before rows were appended
            built = cached or _built(
                warehouse, features, dataset, known, version=version, notes=outcome.notes
            )
        if dataset.version() == version:
            cache_known_rows(known, dataset, version, outcome=outcome)
            if cached is None:
                write_snapshot(built, folder)
    return _recent(built, dataset)


def first_cached(dataset: Dataset, features: FeatureSet, days: Iterable[date]) -> Snapshot | None:
    """Return the snapshot of the first of some days that the cache has for a dataset; it builds none."""
    known = cached_known_rows(dataset, dataset.version())
    if known is None:
        return None
    for day in days:
        with contextlib.suppress(DataError):  # that it is broken is said where it is built anew
            if cached := read_snapshot(_folder(replace(dataset, cutoff=day), features, known), features):
                return cached
    return None


def _built(
    warehouse: Warehouse,
    features: FeatureSet,
    dataset: Dataset,
    known: KnownRows,
    *,
    version: DataVersion,
    notes: Sequence[str],
) -> Snapshot:
    """Build a snapshot; of files with many lines from line parts, of which the missing are made first."""
    active = active_traders(warehouse, dataset, notes)
    is_dear = (
        known.count("declarations") >= LINES_WORTH_PARTS
        and features.line_columns(warehouse) & FACTS_OF_OTHERS
    )
    if is_dear and is_prepared_for(dataset):
        since = months_before(dataset.cutoff, LONGEST_WINDOW)
        make_line_parts(warehouse, dataset, known, version=version, since=since)
    with with_line_parts(warehouse, dataset, known) as prepared:
        return snapshot_of(prepared, features, active=active)


def _recent(snapshot: Snapshot, dataset: Dataset) -> Snapshot:
    """Return a snapshot, which may have been built for a call that allowed its data to be old."""
    if not dataset.stale:
        require_recent(snapshot.newest_on, cutoff=dataset.cutoff)
    return snapshot


def _whole(folder: Path, features: FeatureSet) -> Snapshot | None:
    """Return the snapshot in a folder; None where there is none, or one that is not as it was written."""
    restore(folder)
    try:
        return read_snapshot(folder, features)
    except DataError as error:
        logger.warning("%s It is built anew. %s", error.found, error.advice)
        return None


def _folder(dataset: Dataset, features: FeatureSet, known: KnownRows) -> Path:
    inputs = [known.digest_before(dataset.cutoff), features.digest, code_digest(), describing_digest()]
    key = hashlib.sha256(json.dumps([dataset.cutoff.isoformat(), *inputs]).encode()).hexdigest()[:16]
    return dataset.home / FOLDER / f"{dataset.cutoff}-{key}"
