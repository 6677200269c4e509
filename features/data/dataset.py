"""Datasets: data as known before a cutoff, checked once for each version of it."""

import contextlib
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Self

import duckdb
import ibis

from features.data.check import DEFAULT_LIMIT, check
from features.data.check.judge import parents_first
from features.data.check.outcome import CheckOutcome, TableOutcome
from features.data.version import DataVersion, version_of
from features.data.warehouse import Dialect, Warehouse, open_warehouse
from features.digest import source_digest
from features.errors import SettingError
from features.storage.json_cache import read_cached, write_cached

CHECKS = "checks"
"""The folder below the home with the outcomes of checks."""
KEYS = "keys"
"""The name under which an outcome is cached with the key of each table."""
CHECKING = ("check", "contract", "mapping", "warehouse")
"""The packages on whose code the outcome of a check depends."""


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """The data of an administration as known before a day.

    - `data`: where the tables are, a folder, a DuckDB file or a URL.
    - `dialect`: how they are written; None for the folder's own `mapping.toml` or the contract's form.
    - `cutoff`: only what was known before this day counts.
    - `today`: the day after which a day is in the future.
    - `home`: the folder below which outcomes of checks and snapshots are cached.
    - `stale`: whether features are built although the newest declaration is long before the cutoff.
    """

    data: str
    cutoff: date
    today: date
    home: Path
    dialect: Dialect | None = None
    stale: bool = False

    def as_of_newest(self) -> Self:
        """Return the same data as known before the day after its newest declaration; raises as `open`."""
        with self.open() as warehouse:
            return replace(self, cutoff=day_after_newest(warehouse))

    def version(self) -> DataVersion:
        """Return the version of the data as it is now: see `features.data.version`."""
        return version_of(self.data, today=self.today, home=self.home)

    @contextlib.contextmanager
    def open(self) -> Iterator[Warehouse]:
        """Open the tables with the rows alone that may be used, checked as of `today`.

        Only tables that changed since the last check, or are judged by rows of such tables, are checked. The
        outcome is cached for the version that the data has both before the tables are opened and after the
        check, and used only where the data has that version before and after they are opened:
        no outcome is taken for that of other rows. Rows of files that change inside the block are read as
        they then are, unchecked, as after every check. Raises `DataError` where there is nothing to open or
        the data is refused.
        """
        with self.open_checked() as (warehouse, _):
            yield warehouse

    @contextlib.contextmanager
    def open_checked(self) -> Iterator[tuple[Warehouse, CheckOutcome]]:
        """Open the tables as `open` does, and yield the outcome of their check beside them."""
        version = self.version()
        with open_warehouse(self.data, dialect=self.dialect) as warehouse:
            outcome = self._outcome(warehouse, version)
            yield outcome.usable(warehouse), outcome

    def _outcome(self, warehouse: Warehouse, version: DataVersion) -> CheckOutcome:
        keys = _keys(warehouse, version)
        path = (
            self.home / CHECKS / f"{_digest([keys, [asdict(fault) for fault in warehouse.faults]])[:32]}.json"
        )
        cached = read_cached(path)
        earlier = _outcome_of(cached) if cached else None
        if earlier and earlier.holds(self.today) and self.version() == version:
            return earlier
        known = self._unchanged(keys) if self.version() == version else {}
        outcome = check(warehouse, today=self.today, known=known).outcome
        if outcome.is_lasting and self.version() == version:
            write_cached(path, outcome.content() | {KEYS: keys})
        return outcome

    def _unchanged(self, keys: Mapping[str, str]) -> Mapping[str, TableOutcome]:
        """Return what the newest cached outcome holds of tables with the same keys, where it was accepted."""
        files = (self.home / CHECKS).glob("*.json")
        newest = max(files, key=lambda path: path.stat().st_mtime_ns, default=None)
        cached = read_cached(newest) if newest else None
        if not cached:
            return {}
        outcome = _outcome_of(cached)
        if outcome.refusal is not None or not outcome.holds(self.today):
            return {}
        same = keys.items() & cached[KEYS].items()
        return {name: outcome.tables[name] for name, _ in same if name in outcome.tables}


def _outcome_of(cached: dict[str, Any]) -> CheckOutcome:
    return CheckOutcome.of({name: value for name, value in cached.items() if name != KEYS})


def _keys(warehouse: Warehouse, version: DataVersion) -> dict[str, str]:
    """Return for each table the digest of everything that its outcome depends on, except today.

    Its rows are judged by those of its parents, and by what these are judged by.
    """
    keys: dict[str, str] = {}
    for table in parents_first():
        if table.name in warehouse.sources:
            keys[table.name] = _digest(
                {
                    "version": version.of({table.name}).digest,
                    "columns": repr(warehouse.sources[table.name].table.schema()),
                    "parents": {name: keys.get(name) for name in sorted(table.parents)},
                    "dialect": repr(warehouse.dialect),
                    "limit": DEFAULT_LIMIT,
                    "code": checking_digest(),
                }
            )
    return keys


def _digest(inputs: object) -> str:
    return hashlib.sha256(json.dumps(inputs, default=str).encode()).hexdigest()


@cache
def checking_digest() -> str:
    """Return the SHA-256 over the source code of checks, to the letter, and the engine's version."""
    sources = source_digest(Path(__file__).parent, CHECKING)
    return hashlib.sha256(f"{duckdb.__version__} {ibis.__version__} {sources}".encode()).hexdigest()


def day_after_newest(warehouse: Warehouse) -> date:
    """Return the day after the newest declaration became known: the first cutoff at which all count.

    Raises `SettingError` where there are no declarations.
    """
    newest = warehouse.table("declarations").known_on.max().to_pyarrow().as_py()
    if newest is None:
        raise SettingError(
            "There are no declarations.",
            expected="a table of declarations with rows in it.",
            advice="Name the day yourself: --as-of.",
        )
    return date.fromordinal(newest.toordinal() + 1)
