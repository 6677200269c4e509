"""Violations: breaches of the contract, with their severity, rows and examples."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

ExampleRow = Mapping[str, object]
"""A row that breaks a rule: its key and the values that explain it."""


class Severity(StrEnum):
    """The consequence of a violation."""

    STRUCTURE = "structure"
    """The data is refused."""
    ROW = "row"
    """The rows are quarantined; the data is refused only where they are many."""
    NOTE = "note"
    """Nothing is changed; a person is informed."""


@dataclass(frozen=True, kw_only=True)
class Violation:
    """A broken rule: in which table and column, by how many rows, with a few of them as examples."""

    table: str
    rule: str
    severity: Severity
    found: str
    expected: str
    advice: str
    column: str | None = None
    rows: int | None = None
    examples: tuple[ExampleRow, ...] = field(default=())

    @property
    def location(self) -> str:
        """`table` or `table.column`."""
        return f"{self.table}.{self.column}" if self.column else self.table
