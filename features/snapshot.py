"""Every active trader's features as of one day, and how they came out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from features.build import FeatureSet
from features.check import usable
from features.spine import Spine
from features.warehouse import Dialect, open_warehouse


@dataclass(frozen=True)
class Snapshot:
    """The features of every active trader: `table` has trader_id, cutoff and a float64 column a feature.

    `missing` says which features are empty for want of which columns of the contract.
    """

    features: FeatureSet
    table: pa.Table
    missing: Mapping[str, tuple[str, ...]]


def snapshot(
    data: str, *, features: FeatureSet, as_of: date, today: date, dialect: Dialect | None = None
) -> Snapshot:
    """Build the features of every trader active in `data` from what was known before `as_of`.

    The data is checked first, as of `today`; raises `DataError` where it is refused.
    """
    with open_warehouse(data, dialect=dialect) as opened:
        warehouse = usable(opened, today=today)
        table = features.build(warehouse, Spine.active(warehouse, as_of)).order_by("trader_id").to_pyarrow()
        return Snapshot(features, table, features.missing(warehouse))


def lines(snapshot: Snapshot) -> Iterator[str]:
    """Describe a snapshot to a person: a line a feature, then what is empty and why."""
    yield f"{snapshot.table.num_rows:,} traders"
    for feature in snapshot.features.features:
        values = snapshot.table[feature.name]
        filled = 1 - values.null_count / max(len(values), 1)
        if feature.name not in snapshot.missing:
            yield f"{feature.name:44} {filled:7.1%} filled, median {_median(values)}"
    for column, names in _by_column(snapshot.missing).items():
        yield f"without {column}, empty: {', '.join(names)}"


def _median(values: pa.ChunkedArray) -> str:
    [middle] = pc.quantile(values, 0.5).to_pylist()
    return "-" if middle is None else f"{middle:,.6g}"


def _by_column(missing: Mapping[str, tuple[str, ...]]) -> dict[str, list[str]]:
    columns: dict[str, list[str]] = {}
    for feature, lacking in missing.items():
        columns.setdefault(" and ".join(lacking), []).append(feature)
    return columns
