"""Snapshots: the features of every active trader on one day, and a summary of their values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from features.as_known import known_before
from features.build import FeatureSet
from features.data.dataset import Dataset
from features.data.warehouse import Warehouse
from features.errors import SettingError, did_you_mean
from features.feature import Feature
from features.spine import Spine

DESCRIBED = ("name", "sector", "size_band", "region")


@dataclass(frozen=True)
class Snapshot:
    """The features of every active trader: `table` has trader_id, cutoff and a float64 column a feature.

    `traders` describes them row for row, as known then: trader_id, name, sector, size_band, region. `missing`
    names the features that are empty, and the columns of the contract that they lack.
    """

    features: FeatureSet
    table: pa.Table
    traders: pa.Table
    missing: Mapping[str, tuple[str, ...]]

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
                advice=f"Choose another day or trader.{did_you_mean(trader_id, list(self.row_indices))}",
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
    """Build the features of every trader active in a dataset; raises `DataError` where that is refused."""
    with dataset.open() as warehouse:
        return snapshot_of(warehouse, features, cutoff=dataset.cutoff)


def snapshot_of(warehouse: Warehouse, features: FeatureSet, *, cutoff: date) -> Snapshot:
    """Build the features of every trader active before a cutoff in a warehouse that was checked."""
    table = features.build(warehouse, Spine.active(warehouse, cutoff)).sort_by("trader_id")
    traders = _described(warehouse, table["trader_id"], cutoff)
    return Snapshot(features, table, traders, features.missing(warehouse))


def _described(warehouse: Warehouse, trader_ids: pa.ChunkedArray, cutoff: date) -> pa.Table:
    """Return the last description of each trader known before a cutoff; empty where there is none."""
    rows = warehouse.table("traders")
    known = rows.filter(known_before(rows, cutoff), rows.valid_from < cutoff)
    latest = {name: known[name].argmax(known.valid_from) for name in DESCRIBED}
    described = known.group_by("trader_id").aggregate(**latest).to_pyarrow()
    row_indices = pc.index_in(trader_ids, described["trader_id"])
    columns = {name: described[name].cast(pa.string()).take(row_indices) for name in DESCRIBED}
    return pa.table({"trader_id": trader_ids, **columns})


def to_text(snapshot: Snapshot) -> Iterator[str]:
    """Yield a snapshot as lines for a terminal: one a feature, then what is empty and why."""
    yield f"{snapshot.table.num_rows:,} traders"
    for feature in snapshot.features.features:
        values = snapshot.table[feature.name]
        if feature.name not in snapshot.missing:
            yield f"{feature.name:44} {_filled(values):7.1%} filled, median {_median_text(values)}"
    for column, names in _by_column(snapshot.missing).items():
        yield f"without {column}, empty: {', '.join(names)}"


def summary(snapshot: Snapshot) -> dict[str, Any]:
    """Return plain data for JSON: of each feature the share of traders that have a value, and the median."""
    features = {
        feature.name: {"filled": _filled(values), "median": _median(values)}
        for feature in snapshot.features.features
        for values in [snapshot.table[feature.name]]
    }
    return {"traders": snapshot.table.num_rows, "features": features, "missing": dict(snapshot.missing)}


def _filled(values: pa.ChunkedArray) -> float:
    return 1.0 - float(values.null_count) / max(len(values), 1)


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
