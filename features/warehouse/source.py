"""A table as it was found, before its columns are brought to the contract's types."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from ibis.expr import types as ir

from features.contract.violation import Severity, Violation
from features.warehouse.conform import SOURCE_FILE, SOURCE_ROW


@dataclass(frozen=True)
class Source:
    """A table as found: `form` says what it is kept in, for people."""

    table: ir.Table
    form: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of its own columns, without those that say where a row stands."""
        return tuple(name for name in self.table.columns if name not in (SOURCE_FILE, SOURCE_ROW))

    @property
    def has_rows_numbered(self) -> bool:
        """Whether a row can be named by its file and number."""
        return SOURCE_ROW in self.table.columns


def unreadable(table: str, found: str, *, expected: str, advice: str) -> Violation:
    """Return the fault that a table, or a file of it, cannot be read at all."""
    return Violation(
        table=table,
        rule="readable",
        severity=Severity.STRUCTURE,
        found=found,
        expected=expected,
        advice=advice,
    )


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ` Did you mean 'x'?` where a known name is near, else nothing."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.75)
    return f" Did you mean '{near[0]}'?" if near else ""
