"""Known rows: digests of what became known on each day, by which the rows before a cutoff are recognised.

Rows that become known later leave the digest before a cutoff as it was; a row that is added to the past,
taken from it or changed in it gives another.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Self

import ibis
from ibis.expr import types as ir

from features.data.check.outcome import CheckOutcome
from features.data.contract import TABLES
from features.data.dataset import Dataset, checking_digest
from features.data.version import DataVersion
from features.data.warehouse import Warehouse
from features.storage.json_cache import read_cached, write_cached

KNOWN = "known"
"""The folder below the home with the known rows of each location of files, as they were last."""
ENDS = {
    "declarations": ("cancelled_on",),
    "audits": ("closed_on", "status", "hours_spent"),
    "tariff": ("valid_to",),
    "links": ("valid_to",),
}
"""The columns in which the end of a row that was known before is written into it; the first is its day."""
VERSION = ("declaration_id", "item_number", "version")
LAST_DAY = date(9999, 12, 31)
"""Python's last day: what ends later never does."""


@dataclass(frozen=True)
class KnownRows:
    """Digests of rows by table and day on which they became known, and the columns that are there at all."""

    columns: tuple[str, ...]
    days: Mapping[str, Mapping[str, str]]

    @classmethod
    def of(cls, warehouse: Warehouse) -> Self:
        """Read every row of a warehouse that was checked."""
        tables = [name for name in TABLES if name in warehouse.sources]
        columns = [f"{name}.{column}" for name in tables for column in TABLES[name].names]
        return cls(
            tuple(column for column in columns if warehouse.has(column)),
            {name: _days(warehouse, name) for name in tables},
        )

    def digest_before(self, cutoff: date, *, tables: Sequence[str] = tuple(TABLES)) -> str:
        """Return the SHA-256 over the digests of all that was known before a cutoff, and the columns."""
        columns = [column for column in self.columns if column.partition(".")[0] in tables]
        before = {
            name: sorted(_before(days, cutoff).items()) for name, days in self.days.items() if name in tables
        }
        return hashlib.sha256(json.dumps([columns, before], sort_keys=True).encode()).hexdigest()

    def count(self, table: str) -> int:
        """Return how many rows of a table became known on any day."""
        return sum(int(digest.split()[0]) for digest in self.days.get(table, {}).values())

    def first_day(self, table: str) -> date | None:
        """Return the first day on which a row of a table became known."""
        return min(map(date.fromisoformat, self.days.get(table, {})), default=None)


def _before(days: Mapping[str, str], cutoff: date) -> dict[str, str]:
    """Return the digests of the days before a cutoff: the rule of `features.as_known` for whole days."""
    return {known_on: digest for known_on, digest in days.items() if date.fromisoformat(known_on) < cutoff}


def _days(warehouse: Warehouse, name: str) -> dict[str, str]:
    """Return for each day the number of a table's rows that became known on it, and the sum of their hashes.

    A sum does not depend on the order of rows.
    """
    rows = _dated(warehouse, name)
    written = _written(rows, ENDS.get(name, ()))
    values = [written[column] for column in TABLES[name].names]
    hashed = written.select("known_on", row=warehouse.adapter.row_hash(values).cast("decimal(38, 0)"))
    days = hashed.group_by("known_on").aggregate(rows=hashed.count(), total=hashed.row.sum())
    return {
        str(day["known_on"]): f"{day['rows']} {day['total']:f}"
        for day in days.to_pyarrow().to_pylist()
        if day["known_on"] is not None
    }


def _dated(warehouse: Warehouse, name: str) -> ir.Table:
    """Return a table with the day on which each row became known, a levy with the version it stands on."""
    rows = warehouse.table(name)
    if "known_on" in rows.columns:
        return rows
    if name != "levies":
        return rows.mutate(known_on=rows.valid_from)
    versions = warehouse.table("declarations").select(*VERSION, "known_on")
    return rows.join(versions, VERSION)


def _written(rows: ir.Table, ends: tuple[str, ...]) -> ir.Table:
    """Return rows as they were first written, and those that have ended once more, known on that day.

    An audit is known from its opening, and its row is written over when it closes.
    """
    if not ends:
        return rows
    ended = rows.filter(rows[ends[0]] <= LAST_DAY)
    begun = rows.mutate(**{column: ibis.null(rows[column].type()) for column in ends})
    return begun.union(ended.mutate(known_on=ibis.greatest(ended.known_on, ended[ends[0]])))


def cached_known_rows(dataset: Dataset, version: DataVersion) -> KnownRows | None:
    """Return the known rows of a dataset from the cache below its home, where they are those of a version.

    Those of databases are never cached: what a server counts of its changes may lag behind.
    """
    cached = read_cached(_path(dataset))
    if not cached or cached["version"] != _version(version):
        return None
    outcome = CheckOutcome.of(cached["outcome"])
    return KnownRows(tuple(cached["columns"]), cached["days"]) if outcome.holds(dataset.today) else None


def cache_known_rows(
    known: KnownRows, dataset: Dataset, version: DataVersion, *, outcome: CheckOutcome
) -> None:
    """Cache the known rows of a version of files, with the outcome of the check that left out the others."""
    if "://" not in dataset.data:
        content = {"version": _version(version), "outcome": outcome.content(), **asdict(known)}
        write_cached(_path(dataset), content)


def _version(version: DataVersion) -> list[str]:
    return [version.digest, checking_digest()]


def location_digest(dataset: Dataset) -> str:
    """Return what tells caches of a dataset's location, and of the way it is read, from those of others."""
    location = f"{Path(dataset.data).absolute()} {dataset.dialect!r}"
    return hashlib.sha256(location.encode()).hexdigest()[:16]


def _path(dataset: Dataset) -> Path:
    return dataset.home / KNOWN / f"{location_digest(dataset)}.json"
