"""Source tables: as they are stored, before their columns are brought to the contract's types."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Self

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
    """A table as it is stored: `form` is its file format or engine, for people."""

    table: ir.Table
    form: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of its own columns, without those that locate a row in its file."""
        return tuple(name for name in self.table.columns if name not in (SOURCE_FILE, SOURCE_ROW))

    def without(self, columns: Sequence[str]) -> Self:
        """Return the table as if it had never had some columns."""
        return replace(self, table=self.table.drop(*columns)) if columns else self

    @property
    def has_rows_numbered(self) -> bool:
        """Whether a row can be located by its file and number."""
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
        expected="a whole Parquet file or spreadsheet, or a whole CSV file with one kind of line ending.",
        advice="Export or copy it again, without a password.",
    )


def name_faults(
    table: Table, names: Sequence[str], *, subject: str, file: str = "mapping.toml"
) -> Iterator[Violation]:
    """Report columns that have no name, repeat one (letter case does not count), or use a reserved one.

    `file` is the mapping, which may name the columns by their position.
    """
    folded = [name.casefold() for name in names]
    for number, name in enumerate(folded):
        if not name:
            yield _name_fault(
                table, file, f"{subject} has no name for column {number + 1}.", "a name for each column."
            )
        elif len(name.splitlines()) > 1:
            yield _name_fault(
                table,
                file,
                f"{subject} has a line break in the name of column {number + 1}.",
                "names on one line.",
            )
        elif name in folded[:number]:
            yield _name_fault(
                table,
                file,
                f"{subject} has the column {names[number]} more than once; letter case does not count.",
                "each column once.",
            )
        elif name in RESERVED:
            yield _name_fault(
                table,
                file,
                f"{subject} has a column {names[number]}; that name says here where a row stands.",
                f"no column named {', '.join(RESERVED)}.",
            )


def _name_fault(table: Table, file: str, found: str, expected: str) -> Violation:
    return unreadable(
        table.name,
        found,
        expected=expected,
        advice="Rename it or leave it out; or give all columns of a text file names by their position: "
        "skip_lines "
        f"and names under [{table.name}] in {file}.",
    )
