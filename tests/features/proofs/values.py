"""All features of many histories, as bits that can be compared."""

from collections.abc import Mapping
from datetime import date
from functools import cache

import pyarrow as pa

from features.build import FeatureSet
from features.library import LIBRARY
from features.spine import Spine
from tests.features.building import build
from tests.features.proofs.draw import CUTOFFS
from tests.features.proofs.histories import history
from tests.features.tables import Tables

Key = tuple[str, date]
Values = Mapping[Key, Mapping[str, float | None]]


def run(
    tables: Tables, spine: Spine | None = None, *, features: FeatureSet = LIBRARY, threads: int = 1
) -> Values:
    """Return features of a history, of every trader as of `CUTOFFS` unless a spine is given."""
    spine = spine or Spine.every(traders(tables), CUTOFFS)
    return by_key(build(tables, spine, features=features, threads=threads))


@cache
def values_of(seed: int) -> Values:
    """Return those of the history of a seed, worked out once for all proofs."""
    return run(history(seed))


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
