"""Values of a feature set on the traders of a history, as bits that can be compared."""

from collections.abc import Mapping
from datetime import date

import pyarrow as pa

from features.build import FeatureSet
from features.proofs.draw import CUTOFFS
from features.proofs.tables import Tables, warehouse_of
from features.spine import Spine

Key = tuple[str, date]
Values = Mapping[Key, Mapping[str, float | None]]


def built_values(
    features: FeatureSet, tables: Tables, spine: Spine | None = None, *, threads: int = 1
) -> Values:
    """Return features of a history, of every trader as of `CUTOFFS` unless a spine is given."""
    with warehouse_of(tables, threads=threads) as opened:
        return by_key(features.build(opened, spine or Spine.every(traders(tables), CUTOFFS)))


def by_key(built: pa.Table) -> Values:
    """Return values by trader and cutoff."""
    return {
        (row.pop("trader_id"), row.pop("cutoff")): {
            name: None if value is None else float(value) for name, value in row.items()
        }
        for row in built.to_pylist()
    }


def differences(one: Values, other: Values) -> dict[str, str]:
    """Return, for each feature that differs in a bit on a row both have, the first such row."""
    first: dict[str, str] = {}
    for key in sorted(one.keys() & other.keys()):
        for name, value in one[key].items():
            if _bits(value) != _bits(other[key][name]):
                first.setdefault(name, f"{key[0]} {key[1]}: {value!r} {other[key][name]!r}")
    return first


def _bits(value: float | None) -> str | None:
    """Two empty values are equal, 0.0 and -0.0 are not."""
    return None if value is None else value.hex()


def traders(tables: Tables) -> list[str]:
    """Return the traders, each once."""
    return sorted({str(row["trader_id"]) for row in tables["traders"]})
