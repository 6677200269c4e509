"""Tables and columns of the contract: types, meanings, keys and validation rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TypedDict, Unpack

import ibis
import pyarrow as pa

from features.data.contract import rule
from features.data.contract.rule import RowRule, Rule, TablesRule
from features.unit import Unit


class ColumnType(StrEnum):
    """The types of columns of the contract."""

    TEXT = "text"
    WHOLE = "whole number"
    NUMBER = "number"
    DAY = "day"
    FLAG = "true or false"

    @property
    def ibis(self) -> ibis.DataType:
        """The type of the column inside the system, on every engine."""
        return {
            ColumnType.TEXT: ibis.dtype("string"),
            ColumnType.WHOLE: ibis.dtype("int64"),
            ColumnType.NUMBER: ibis.dtype("float64"),
            ColumnType.DAY: ibis.dtype("date"),
            ColumnType.FLAG: ibis.dtype("boolean"),
        }[self]


DOMAINS: Mapping[ColumnType, tuple[Rule, ...]] = {
    ColumnType.WHOLE: (rule.WHOLE_IN_DOMAIN,),
    ColumnType.NUMBER: (rule.FINITE, rule.NUMBER_IN_DOMAIN),
}
"""The rules for every number of a type: what they let through can be added up exactly."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column: its meaning, unit and the rules for its values.

    `required` means that the table must have the column, `nullable` that a row may leave it empty.
    `default` names the column whose value is taken where this one is absent. `wco` is the
    identifier of the data element in the WCO Data Model.
    """

    name: str
    kind: ColumnType
    meaning: str
    required: bool = False
    nullable: bool = True
    unit: Unit | None = None
    wco: str | None = None
    default: str | None = None
    values: tuple[Rule, ...] = ()

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """All rules for a value: filled (unless a default replaces it), its domain, then the column's own."""
        filled = () if self.nullable or self.default else (rule.FILLED,)
        return filled + DOMAINS.get(self.kind, ()) + self.values


@dataclass(frozen=True)
class Reference:
    """A column that must name a row of another table; the data is refused where a `structural` one fails."""

    column: str
    table: str
    structural: bool


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table: `row` describes a row, and `key` is unique among them.

    `between` are rules between its rows and those of other tables, of which they read the columns `reads`.
    """

    name: str
    row: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    required: bool = False
    rules: tuple[RowRule, ...] = ()
    references: tuple[Reference, ...] = ()
    between: tuple[TablesRule, ...] = ()
    reads: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    note: str = field(default="")

    def __getitem__(self, name: str) -> Column:
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    @property
    def parents(self) -> frozenset[str]:
        """The tables by whose rows its own are judged."""
        return frozenset({reference.table for reference in self.references} | set(self.reads))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all columns, in the contract's order."""
        return tuple(self._by_name)

    @cached_property
    def descriptive(self) -> tuple[str, ...]:
        """The optional columns that no key, reference, default or rule between columns needs."""
        needed = {
            *self.key,
            *(reference.column for reference in self.references),
            *(name for between in self.rules for name in between.columns),
            *(column.default for column in self.columns),
        }
        return tuple(
            column.name
            for column in self.columns
            if not column.required and not column.default and column.name not in needed
        )

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema in which the table is written; columns that must be filled are not nullable."""
        return pa.schema(
            [
                pa.field(column.name, column.kind.ibis.to_pyarrow(), nullable=column.nullable)
                for column in self.columns
            ]
        )


class ColumnOptions(TypedDict, total=False):
    """Options of a column of any type; see `Column`.

    A row must fill a required column, or one with a `default`, unless `nullable` says otherwise.
    """

    required: bool
    nullable: bool
    default: str
    wco: str


def text(name: str, meaning: str, *values: Rule, **options: Unpack[ColumnOptions]) -> Column:
    """Declare a free text or a code."""
    return _column(ColumnType.TEXT, name, meaning, *values, **options)


def identifier(name: str, meaning: str, **options: Unpack[ColumnOptions]) -> Column:
    """Declare an opaque identifier: never parsed, trimmed or folded, so that no two are merged silently."""
    return _column(ColumnType.TEXT, name, meaning, rule.CLEAN_IDENTIFIER, **options)


def whole(name: str, meaning: str, *values: Rule, **options: Unpack[ColumnOptions]) -> Column:
    """Declare a whole number."""
    return _column(ColumnType.WHOLE, name, meaning, *values, **options)


def number(
    name: str, meaning: str, unit: Unit | None, *values: Rule, **options: Unpack[ColumnOptions]
) -> Column:
    """Declare a number measured in `unit`."""
    return _column(ColumnType.NUMBER, name, meaning, *values, unit=unit, **options)


def amount(name: str, meaning: str, **options: Unpack[ColumnOptions]) -> Column:
    """Declare money in the reporting currency, zero or more."""
    return number(name, meaning, Unit.MONEY, rule.NOT_NEGATIVE, **options)


def day(name: str, meaning: str, limit: Rule = rule.PAST_DAY, **options: Unpack[ColumnOptions]) -> Column:
    """Declare a day, by default one that cannot lie in the future; `default` names its substitute."""
    return _column(ColumnType.DAY, name, meaning, limit, **options)


def known_on(**options: Unpack[ColumnOptions]) -> Column:
    """Declare the second clock of a table that can change."""
    return day("known_on", "day the row reached the data warehouse", **options)


def flag(name: str, meaning: str, **options: Unpack[ColumnOptions]) -> Column:
    """Declare a yes-or-no."""
    return _column(ColumnType.FLAG, name, meaning, **options)


def _column(
    kind: ColumnType,
    name: str,
    meaning: str,
    *values: Rule,
    unit: Unit | None = None,
    **options: Unpack[ColumnOptions],
) -> Column:
    options.setdefault("nullable", not options.get("required") and "default" not in options)
    return Column(kind=kind, name=name, meaning=meaning, values=values, unit=unit, **options)
