"""Outcomes of checks as plain data: the counts by which a later process leaves out the same bad rows."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Self

from features.data.check.judge import CheckedTable, judge, parents_first
from features.data.warehouse import Source, Warehouse
from features.errors import DataError

UNREADABLE = "readable"
"""The rule that an unreadable file breaks: the disk may be at fault, and not the data."""


@dataclass(frozen=True)
class TableOutcome:
    """The counts of one table: its rows, those that fail each test, whether rows or columns are left out.

    `has_future_days` is true where a row has a day that a check on a later day may allow.
    """

    rows: int
    failed: tuple[int, ...]
    has_bad_rows: bool
    has_repeated_rows: bool
    left_out: tuple[str, ...]
    has_future_days: bool

    @property
    def is_clean(self) -> bool:
        """Whether every row may be used unchanged."""
        return not (self.has_bad_rows or self.has_repeated_rows or self.left_out)

    def counted(self, checked: CheckedTable) -> CheckedTable:
        """Return the same table with these counts, so that its rows are not read to count them."""
        return replace(checked, counted=(self.rows, self.failed))


@dataclass(frozen=True)
class CheckOutcome:
    """The outcome of a check on the day `checked_on`.

    `refusal` is the reason why the data may not be used, None where it may. `is_lasting` is false where
    reading broke off. `notes` say what is implausible, a sentence each without its full stop.
    """

    checked_on: date
    refusal: str | None
    is_lasting: bool
    tables: Mapping[str, TableOutcome]
    notes: tuple[str, ...] = ()

    @property
    def left_out(self) -> tuple[str, ...]:
        """The columns that count as absent, as `table.column`."""
        return tuple(f"{name}.{column}" for name, table in self.tables.items() for column in table.left_out)

    def holds(self, today: date) -> bool:
        """Return whether a check of the same data on the day `today` has the same outcome.

        Rules depend on the day of the check by the latest day that a row may have, which only grows:
        `features.data.contract.rule`.
        """
        return today == self.checked_on or (today > self.checked_on and not self.has_future_days)

    @property
    def has_future_days(self) -> bool:
        """Whether a row of any table has a day that a check on a later day may allow."""
        return any(table.has_future_days for table in self.tables.values())

    def usable(self, warehouse: Warehouse) -> Warehouse:
        """Return the checked warehouse with only the rows that may be used, each once.

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
        tables: dict[str, CheckedTable] = {}
        for table in parents_first():
            if table.name in warehouse.sources:
                outcome, source = self.tables[table.name], warehouse.sources[table.name]
                lazy = judge(
                    source,
                    table,
                    dialect=warehouse.dialect,
                    today=self.checked_on,
                    parents=tables,
                    left_out=outcome.left_out,
                )
                tables[table.name] = outcome.counted(lazy)
        return warehouse.with_sources({name: self._good_rows(tables[name]) for name in warehouse.sources})

    def _good_rows(self, checked: CheckedTable) -> Source:
        """Return a table's usable rows; one without a bad or repeated row stays as it is, unfiltered."""
        outcome = self.tables[checked.table.name]
        if outcome.is_clean:
            return checked.source
        rows = checked.good_rows()
        if outcome.has_repeated_rows:
            rows = rows.distinct()
        present = [column for column in checked.names if column in checked.source.columns]
        return Source(rows.select(*present), checked.source.form)

    def content(self) -> dict[str, Any]:
        """Return the outcome as plain data for JSON."""
        return asdict(self) | {"checked_on": self.checked_on.isoformat()}

    @classmethod
    def of(cls, content: dict[str, Any]) -> Self:
        """Return the outcome from its `content`."""
        tables = {
            name: TableOutcome(
                **table | {"failed": tuple(table["failed"]), "left_out": tuple(table["left_out"])}
            )
            for name, table in content["tables"].items()
        }
        checked_on, notes = date.fromisoformat(content["checked_on"]), tuple(content["notes"])
        return cls(**content | {"checked_on": checked_on, "tables": tables, "notes": notes})
