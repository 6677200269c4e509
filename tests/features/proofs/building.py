"""All features of a history, built on an engine in memory, as bits that can be compared."""

import contextlib
import tempfile
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import pyarrow as pa

from features.build import FeatureSet
from features.library import LIBRARY
from features.spine import Spine
from features.warehouse import Dialect, Source, Warehouse
from features.warehouse.engine import embedded
from tests.features.tables import Tables, arrow

Key = tuple[str, date]
Bits = Mapping[Key, Mapping[str, bytes | None]]


@contextlib.contextmanager
def warehouse(tables: Tables, *, threads: int | None = None) -> Iterator[Warehouse]:
    """Open tables in memory, read as a folder of Parquet would be."""
    with tempfile.TemporaryDirectory() as scratch:
        engine = embedded(Path(scratch))
        if threads:
            engine.con.execute(f"SET threads = {int(threads)}")
        sources = {
            name: Source(engine.create_table(name, arrow(name, rows)), "memory")
            for name, rows in tables.items()
        }
        try:
            yield Warehouse("memory", engine, sources, (), Dialect())
        finally:
            engine.disconnect()


def build(
    tables: Tables, spine: Spine, *, features: FeatureSet = LIBRARY, threads: int | None = None
) -> pa.Table:
    """Return the features in the order of the spine's keys."""
    with warehouse(tables, threads=threads) as opened:
        return features.build(opened, spine).order_by("trader_id", "cutoff").to_pyarrow()


def rows(built: pa.Table) -> dict[Key, dict[str, float | None]]:
    """Return values by trader and cutoff."""
    return {(row.pop("trader_id"), row.pop("cutoff")): row for row in built.to_pylist()}


def bits(built: pa.Table) -> Bits:
    """Return the bits of each value: two nulls are equal, 0.0 and -0.0 are not."""
    return {
        key: {name: None if value is None else value.hex().encode() for name, value in row.items()}
        for key, row in rows(built).items()
    }


def differences(one: Bits, other: Bits) -> dict[str, str]:
    """Return, for each feature that differs on a row both have, the first such row."""
    found: dict[str, str] = {}
    for key in sorted(one.keys() & other.keys()):
        for name, value in one[key].items():
            if value != other[key][name]:
                found.setdefault(name, f"{key[0]} {key[1]}: {value!r} {other[key][name]!r}")
    return found


def traders(tables: Tables) -> list[str]:
    """Return the traders, each once."""
    return sorted({str(row["trader_id"]) for row in tables["traders"]})
