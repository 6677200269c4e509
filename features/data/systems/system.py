"""Source systems: the columns of an export, and the tables of the contract that they become."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import ibis
from ibis.expr import types as ir

from features.data.contract import TABLES, Column, Table
from features.data.contract.rule import RowRule

XmlLines = Callable[[Path], Iterator[Mapping[str, str | None]]]


@dataclass(frozen=True)
class Field:
    """One column of an export, and the columns of the contract that it fills.

    `to` names these columns as `table.column`; it is empty where the contract has none for it. `how`
    describes the conversion; where it is empty the value is copied.
    """

    column: Column
    to: tuple[str, ...] = ()
    how: str = ""


def _no_remarks(_: ir.Table) -> Mapping[str, ir.IntegerScalar]:
    return {}


@dataclass(frozen=True, kw_only=True)
class System:
    """A source system: its export and the conversion to the contract.

    `row` describes a line; `key` must be unique among lines; a line that breaks one of the `rules` makes
    the import fail. `tables` converts the lines, typed and named as in the export, into tables of the
    contract (a column left out there is absent). `derived` and `assumptions` are what people must know of
    the result; `remarks` counts lines that deserve a sentence. `obtain` describes how to make the export.
    `xml_lines` yields the lines of a file in XML, where the system writes such.
    """

    name: str
    title: str
    row: str
    key: tuple[str, ...]
    fields: tuple[Field, ...]
    tables: Callable[[ir.Table], Mapping[str, ir.Table]]
    derived: tuple[str, ...]
    assumptions: tuple[str, ...]
    obtain: str
    rules: tuple[RowRule, ...] = ()
    remarks: Callable[[ir.Table], Mapping[str, ir.IntegerScalar]] = field(default=_no_remarks)
    xml_lines: XmlLines | None = None

    @cached_property
    def source(self) -> Table:
        """The export described as a table of the contract, so that it is read as one."""
        return Table(
            name=self.name,
            row=self.row,
            key=self.key,
            columns=tuple(each.column for each in self.fields),
            rules=self.rules,
        )

    def targets_without(self, absent: Iterable[str]) -> frozenset[str]:
        """Return the columns of the contract, as `table.column`, all of whose source columns are absent."""
        absent = frozenset(absent)
        filled = {target for each in self.fields if each.column.name not in absent for target in each.to}
        affected = {target for each in self.fields if each.column.name in absent for target in each.to}
        return frozenset(affected - filled)


def copied(lines: ir.Table, fields: Iterable[Field], *, table: str) -> dict[str, ir.Value]:
    """Return the columns of a table of the contract whose values are copied."""
    return {
        target.removeprefix(f"{table}."): lines[each.column.name]
        for each in fields
        for target in each.to
        if target.startswith(f"{table}.") and not each.how
    }


def without_rows(lines: ir.Table, table: str) -> ir.Table:
    """Return a table of the contract with all its columns and no row."""
    empty = {column.name: ibis.null(column.kind.ibis) for column in TABLES[table].columns}
    return lines.limit(0).select(**empty)
