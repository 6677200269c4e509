"""Datasets: data as known before a cutoff, checked once for each version of it."""

import contextlib
import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Self

import duckdb
import ibis

from features.data.check import DEFAULT_LIMIT, check
from features.data.check.outcome import CheckOutcome
from features.data.version import DataVersion, version_of
from features.data.warehouse import Dialect, Warehouse, open_warehouse
from features.digest import source_digest
from features.errors import SettingError
from features.storage.json_cache import read_cached, write_cached

CHECKS = "checks"
"""The folder below the home with the outcomes of checks."""
CHECKING = ("check", "contract", "warehouse")
"""The packages on whose code the outcome of a check depends."""


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """The data of an administration as known before a day.

    - `data`: where the tables are, a folder, a DuckDB file or a URL.
    - `dialect`: how they are written; None for the folder's own `dialect.toml` or the contract's form.
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

        The outcome of a check is cached for the version that the data has both before the tables are opened
        and after the check, and used only where the data has that version before and after they are opened:
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
        path = self.home / CHECKS / f"{_key(warehouse, version)}.json"
        cached = read_cached(path)
        earlier = CheckOutcome.of(cached) if cached else None
        if earlier and earlier.holds(self.today) and self.version() == version:
            return earlier
        outcome = check(warehouse, today=self.today).outcome
        if outcome.is_lasting and self.version() == version:
            write_cached(path, outcome.content())
        return outcome


def _key(warehouse: Warehouse, version: DataVersion) -> str:
    """Return the digest of everything that the outcome of a check depends on, except today."""
    inputs = {
        "version": version.digest,
        "columns": {name: repr(source.table.schema()) for name, source in warehouse.sources.items()},
        "faults": [asdict(fault) for fault in warehouse.faults],
        "dialect": repr(warehouse.dialect),
        "limit": DEFAULT_LIMIT,
        "code": checking_digest(),
    }
    return hashlib.sha256(json.dumps(inputs, default=str).encode()).hexdigest()[:32]


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
