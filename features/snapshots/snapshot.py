"""Snapshots: the features of every active trader on one day, and a summary of their values."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from features.availability import availability, hours_spent, last_descriptions
from features.build import FeatureSet, is_followed
from features.data.dataset import Dataset
from features.data.warehouse import Warehouse
from features.digest import CodeDigest
from features.errors import DataError, SettingError, did_you_mean
from features.feature import Feature
from features.snapshots.staleness import newest_line, require_recent
from features.spine import Spine

logger = logging.getLogger(__name__)
DESCRIBED = ("name", "sector", "size_band", "region")
AVAILABLE = (
    "office_code",
    "last_opened_on",
    "is_audited",
    "is_tax_audited",
    "aeo_status",
    "aeo_revalidation_due",
)
"""What stands in the way of an audit, or in favour of it: see `features.availability`."""


@dataclass(frozen=True)
class Snapshot:
    """The features of every active trader: `table` has trader_id, cutoff and a float64 column a feature.

    `traders` describes them row for row, as known then: trader_id, `DESCRIBED` and `AVAILABLE`. `missing`
    names the features that are empty, and the columns of the contract that they lack. `newest_on` is the day
    of the newest declaration line that was known. `hours_spent` has the trader_id, treatment and hours_spent
    of each audit whose closing was known.
    """

    features: FeatureSet
    table: pa.Table
    traders: pa.Table
    missing: Mapping[str, tuple[str, ...]]
    newest_on: date
    hours_spent: pa.Table

    @cached_property
    def row_indices(self) -> Mapping[str, int]:
        """The row index of each trader in `table`."""
        return {trader: index for index, trader in enumerate(self.table["trader_id"].to_pylist())}

    def row_index(self, trader_id: str) -> int:
        """Return the row index of a trader; raises `SettingError` where it was not active."""
        if trader_id not in self.row_indices:
            raise SettingError(
                f"There is no active trader '{trader_id}'.",
                expected="a trader with a declaration in the 24 months before the day.",
                advice="Choose another day or trader; who goes on under another number is there under it."
                f"{did_you_mean(trader_id, list(self.row_indices))}",
            )
        return self.row_indices[trader_id]

    def with_rows(self, name: str) -> Iterator[Feature]:
        """Yield the features behind a value that have rows to show: itself, or what it is combined of."""
        feature = self.features.by_name[name]
        if name in self.missing:
            return
        if feature.source is not None:
            yield feature
        else:
            for parameter in feature.parameters:
                yield from self.with_rows(parameter)


def snapshot(dataset: Dataset, features: FeatureSet) -> Snapshot:
    """Build the features of every trader active in a dataset; raises as `active_traders` does."""
    with dataset.open_checked() as (warehouse, outcome):
        return snapshot_of(warehouse, features, active=active_traders(warehouse, dataset, outcome.notes))


@dataclass(frozen=True)
class ActiveTraders:
    """The traders of a snapshot, and the day of the newest line that was known."""

    spine: Spine
    newest_on: date


def active_traders(warehouse: Warehouse, dataset: Dataset, notes: Sequence[str]) -> ActiveTraders:
    """Return the traders active before the cutoff of a dataset, opened and checked.

    The notes of the check are logged before anything is computed. Raises `DataError` where no trader is
    active, or where the newest line is too old and the dataset does not allow that.
    """
    for each in notes:
        logger.warning("%s.", each)
    cutoff = dataset.cutoff
    newest_on = newest_line(warehouse, cutoff)
    if newest_on and not dataset.stale:
        require_recent(newest_on, cutoff=cutoff)
    spine = Spine.active(warehouse, cutoff)
    if newest_on is None or not len(spine):
        raise _nobody_active(newest_on, cutoff)
    return ActiveTraders(spine, newest_on)


def snapshot_of(warehouse: Warehouse, features: FeatureSet, *, active: ActiveTraders) -> Snapshot:
    """Build the features of active traders."""
    table = features.build(warehouse, active.spine).sort_by("trader_id")
    cutoff = active.spine.cutoffs[0]
    return Snapshot(
        features,
        table,
        _described(warehouse, table["trader_id"], cutoff),
        features.missing(warehouse),
        active.newest_on,
        hours_spent(warehouse, cutoff),
    )


def _nobody_active(newest_on: date | None, cutoff: date) -> DataError:
    newest = f"the newest of them is of {newest_on}" if newest_on else "none was known by then"
    return DataError(
        f"No trader is active before {cutoff}: of all declaration lines {newest}.",
        expected="lines accepted in the 24 months before the day, and known before it.",
        advice="Choose another day. `audit-yield check` says whether known_on is the day of loading, before "
        "which nothing was known.",
    )


@cache
def describing_digest() -> str:
    """Return the digest of the code that says who a trader is, and whether an audit of it may begin."""
    modules = (availability.__module__, __name__)
    return CodeDigest(follow=lambda module: is_followed(module) or module in modules).of(_described)


def _described(warehouse: Warehouse, trader_ids: pa.ChunkedArray, cutoff: date) -> pa.Table:
    """Return the last description of each trader known before a cutoff, and whether an audit of it may begin.

    Empty where there is none.
    """
    described = last_descriptions(warehouse, cutoff, DESCRIBED).to_pyarrow()
    row_indices = pc.index_in(trader_ids, described["trader_id"])
    columns = {name: described[name].cast(pa.string()).take(row_indices) for name in DESCRIBED}
    available = availability(warehouse, trader_ids, cutoff)
    return pa.table({"trader_id": trader_ids, **columns, **{name: available[name] for name in AVAILABLE}})


def to_text(snapshot: Snapshot) -> Iterator[str]:
    """Yield a snapshot as lines for a terminal: one a feature, then what is empty and why."""
    yield f"{snapshot.table.num_rows:,} traders"
    for feature in snapshot.features.features:
        values = snapshot.table[feature.name]
        if feature.name not in snapshot.missing:
            yield f"{feature.name:44} {_filled(values):7.1%} filled, median {_median_text(values)}"
    if empty := _empty(snapshot):
        yield f"empty for every trader, though the columns are there: {', '.join(empty)}"
    for column, names in _by_column(snapshot.missing).items():
        yield f"without {column}, empty: {', '.join(names)}"


def summary(snapshot: Snapshot) -> dict[str, Any]:
    """Return plain data for JSON: of each feature the share of traders that have a value, and the median."""
    features = {
        feature.name: {"filled": _filled(values), "median": _median(values)}
        for feature in snapshot.features.features
        for values in [snapshot.table[feature.name]]
    }
    return {
        "traders": snapshot.table.num_rows,
        "newest_line_on": snapshot.newest_on.isoformat(),
        "features": features,
        "empty": _empty(snapshot),
        "missing": dict(snapshot.missing),
    }


def _empty(snapshot: Snapshot) -> list[str]:
    """Return the features that no trader has, although their columns are there."""
    names = (name for name in snapshot.features.names if name not in snapshot.missing)
    return [name for name in names if snapshot.table[name].null_count == snapshot.table.num_rows]


def _filled(values: pa.ChunkedArray) -> float:
    return 1.0 - float(values.null_count) / len(values)


def _median(values: pa.ChunkedArray) -> float | None:
    medians: list[float | None] = pc.quantile(values, 0.5).to_pylist()
    return medians[0]


def _median_text(values: pa.ChunkedArray) -> str:
    median = _median(values)
    return "-" if median is None else f"{median:,.6g}"


def _by_column(missing: Mapping[str, tuple[str, ...]]) -> dict[str, list[str]]:
    columns: dict[str, list[str]] = {}
    for feature, lacking in missing.items():
        columns.setdefault(" and ".join(lacking), []).append(feature)
    return columns
