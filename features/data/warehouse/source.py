"""A table as it was found, before its columns are brought to the contract's types."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ibis.expr import types as ir

from features.data.contract import Table
from features.data.contract.violation import Severity, Violation
from features.data.warehouse.conform import SOURCE_FILE, SOURCE_ROW
from features.data.warehouse.engine import first_line

ENGINE_ROW = "file_row_number"
RESERVED = (SOURCE_FILE, SOURCE_ROW, ENGINE_ROW)


class UnreadableError(Exception):
    """A table cannot be opened; carries the faults to report."""

    def __init__(self, *faults: Violation) -> None:
        self.faults = faults


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


def broken_file(table: str, file: str, error: Exception) -> Violation:
    """Return the fault that a file is damaged, or not what its name says, as far as its reader can tell."""
    return unreadable(
        table,
        f"{file} cannot be read: {first_line(error)}",
        expected="a whole Parquet file, or a whole CSV file with one kind of line ending.",
        advice="Export or copy it again.",
    )


def name_faults(table: Table, names: Sequence[str], *, place: str) -> Iterator[Violation]:
    """Report columns without a name, twice there (engines do not tell case apart), or named as ours are."""
    folded = [name.casefold() for name in names]
    for number, name in enumerate(folded):
        if not name:
            yield _name_fault(
                table, f"{place} has no name for column {number + 1}.", "a name for each column."
            )
        elif len(name.splitlines()) > 1:
            found = f"{place} has a line break in the name of column {number + 1}."
            yield _name_fault(table, found, "names on one line.")
        elif name in folded[:number]:
            found = f"{place} has the column {names[number]} more than once; letter case does not count."
            yield _name_fault(table, found, "each column once.")
        elif name in RESERVED:
            found = f"{place} has a column {names[number]}; that name says here where a row stands."
            yield _name_fault(table, found, f"no column named {', '.join(RESERVED)}.")


def _name_fault(table: Table, found: str, expected: str) -> Violation:
    return unreadable(table.name, found, expected=expected, advice="Rename it or leave it out.")
