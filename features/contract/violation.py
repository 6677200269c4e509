"""What is found when tables are held against the contract."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Example = Mapping[str, object]


class Severity(StrEnum):
    """What a violation leads to."""

    STRUCTURE = "structure"
    """The build stops."""
    ROW = "row"
    """The rows are quarantined; the build goes on while they stay few."""
    NOTE = "note"
    """Nothing is changed; a person should know."""


@dataclass(frozen=True, kw_only=True)
class Violation:
    """One rule broken in one place, by how many rows, with a few of them as examples."""

    table: str
    rule: str
    severity: Severity
    found: str
    expected: str
    advice: str
    column: str | None = None
    rows: int | None = None
    examples: tuple[Example, ...] = field(default=())

    @property
    def place(self) -> str:
        """`table` or `table.column`."""
        return f"{self.table}.{self.column}" if self.column else self.table
