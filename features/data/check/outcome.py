"""Outcomes of checks: the counts by which bad rows are left out again without a second check."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Self

from features.data.check.judge import CheckedTable, judge, parents_first
from features.data.warehouse import Source, Warehouse
from features.errors import DataError

UNREADABLE = "readable"
"""The rule that an unreadable table breaks: the disk may be at fault, and not the data."""


@dataclass(frozen=True)
class TableOutcome:
    """Of one table the rows, those that fail each test, and whether bad or repeated ones are left out."""

    rows: int
    failed: tuple[int, ...]
    has_bad_rows: bool
    has_repeated_rows: bool

    @property
    def is_clean(self) -> bool:
        """Whether every row may be used as it stands."""
        return not self.has_bad_rows and not self.has_repeated_rows


@dataclass(frozen=True)
class Outcome:
    """The outcome of a check on the day `checked_on`.

    `refusal` says why the data may not be used, None where it may. `has_future_days` is true where a row
    holds a day that a later day of the check may allow. `is_lasting` is false where reading broke off.
    """

    checked_on: date
    refusal: str | None
    has_future_days: bool
    is_lasting: bool
    tables: Mapping[str, TableOutcome]

    def holds(self, today: date) -> bool:
        """Return whether a check of the same data on another day must have the same outcome.

        The rules ask of today whether a day is past, and for its year: see `features.data.contract.rule`.
        """
        return today == self.checked_on or (
            today > self.checked_on and today.year == self.checked_on.year and not self.has_future_days
        )

    def usable(self, warehouse: Warehouse) -> Warehouse:
        """Return the warehouse that was checked with the rows alone that may be used, each once.

        Raises `DataError` where the data was refused.
        """
        if self.refusal is not None:
            raise DataError(
                self.refusal,
                expected="tables that keep the contract.",
                advice="`audit-yield check` shows the rows and what to do.",
            )
        if all(table.is_clean for table in self.tables.values()):
            return warehouse
        judged: dict[str, CheckedTable] = {}
        for table in parents_first():
            if table.name in warehouse.sources:
                outcome, source = self.tables[table.name], warehouse.sources[table.name]
                lazy = judge(source, table, dialect=warehouse.dialect, today=self.checked_on, judged=judged)
                judged[table.name] = replace(lazy, counted=(outcome.rows, outcome.failed))
        return replace(warehouse, sources={name: self._good_rows(judged[name]) for name in warehouse.sources})

    def _good_rows(self, judged: CheckedTable) -> Source:
        """Return the rows of a table that may be used; a clean table is not filtered at all."""
        outcome = self.tables[judged.table.name]
        if outcome.is_clean:
            return judged.source
        rows = judged.good_rows()
        if outcome.has_repeated_rows:
            rows = rows.distinct()
        columns = [column for column in judged.names if column in judged.source.columns]
        return Source(rows.select(*columns), judged.source.form)

    def content(self) -> dict[str, Any]:
        """Return it as plain data for JSON."""
        return asdict(self) | {"checked_on": self.checked_on.isoformat()}

    @classmethod
    def of(cls, content: dict[str, Any]) -> Self:
        """Return the outcome that `content` was made of."""
        tables = {
            name: TableOutcome(**table | {"failed": tuple(table["failed"])})
            for name, table in content["tables"].items()
        }
        return cls(**content | {"checked_on": date.fromisoformat(content["checked_on"]), "tables": tables})
