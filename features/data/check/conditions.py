"""Conditions that no row of a table may meet, built from the contract's columns and rules."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import reduce

from ibis.expr import types as ir

from features.data.contract import Column, ColumnType, Reference, Table
from features.data.contract.rule import FINITE, RowRule, Rule, TablesRule
from features.data.contract.violation import Severity
from features.data.mapping.dialect import Dialect
from features.data.warehouse.conform import Conformed
from features.data.warehouse.source import Source

RAW = "raw_"
"""The prefix of columns that hold values as they stand in the source."""
CORRECT = "Correct the rows at the source, or leave them out."


@dataclass(frozen=True, kw_only=True)
class Test:
    """A condition that no row may meet; `shown` are the columns that it reads and that explain it."""

    rule: str
    severity: Severity
    expected: str
    advice: str
    shown: tuple[str, ...]
    broken: Callable[[ir.Table], ir.BooleanValue]
    column: str | None = None


def misfit_name(column: str) -> str:
    """Return the name of the flag that a value does not fit its column's type."""
    return f"misfit_{column}"


def column_tests(
    source: Source, conformed: Mapping[str, Conformed], table: Table, *, today: date
) -> tuple[Test, ...]:
    """Build the tests of single values: first the type, then each rule."""
    tests: list[Test] = []
    for column in table.columns:
        if column.name not in source.columns:
            continue
        can_misfit = conformed[column.name].misfit is not None
        if can_misfit:
            tests.append(_type_test(column))
        tests += [_rule_test(column, rule, today=today, can_misfit=can_misfit) for rule in column.rules]
    return tuple(tests)


def _misfit(rows: ir.Table, column: Column) -> ir.BooleanValue:
    return rows[misfit_name(column.name)].fill_null(False)


def _type_test(column: Column) -> Test:
    return Test(
        rule="type",
        severity=Severity.STRUCTURE,
        column=column.name,
        expected=f"must be a {column.kind}, with nothing lost in reading it",
        advice="Correct the export.",
        shown=(column.name,),
        broken=lambda rows: _misfit(rows, column),
    )


def _rule_test(column: Column, rule: Rule, *, today: date, can_misfit: bool) -> Test:
    """Build the test of one rule; a value that does not fit its type, or is NaN, is reported for that alone.

    DuckDB compares a NaN in Parquet as if it were among the others (duckdb/duckdb#25521).
    """

    def broken(rows: ir.Table) -> ir.BooleanValue:
        breaks = rule.broken(rows[column.name], today)
        if column.kind is ColumnType.NUMBER and rule is not FINITE:
            breaks &= ~rows[column.name].isnan().fill_null(False)
        return breaks & ~_misfit(rows, column) if can_misfit else breaks

    return Test(
        rule=rule.name,
        severity=Severity.ROW,
        column=column.name,
        expected=rule.words,
        advice=CORRECT,
        shown=(column.name,),
        broken=broken,
    )


def currency_test(dialect: Dialect) -> Test:
    """Build the test that a row's money can be brought to the reporting currency."""
    known = (dialect.currency or "", *dialect.rates)

    def broken(rows: ir.Table) -> ir.BooleanValue:
        currency = rows[f"{RAW}{dialect.currency_column}"]
        return currency.isnull() | currency.cast("string").notin(known)

    return Test(
        rule="currency",
        severity=Severity.STRUCTURE,
        column=dialect.currency_column,
        expected=f"must be the reporting currency or one with a rate: {', '.join(known)}",
        advice=f"Declare what one unit of it is worth, under rates in {dialect.file}.",
        shown=(dialect.currency_column or "",),
        broken=broken,
    )


def row_tests(table: Table) -> tuple[Test, ...]:
    """Build the tests between columns of one row."""
    return tuple(_row_test(rule) for rule in table.rules)


def _row_test(rule: RowRule) -> Test:
    return Test(
        rule=rule.name,
        severity=Severity.ROW,
        expected=rule.words,
        advice=CORRECT,
        shown=rule.columns,
        broken=rule.broken,
    )


def tables_test(rule: TablesRule, key: tuple[str, ...], tables: Mapping[str, ir.Table]) -> Test:
    """Build the test of a rule between a row and others; `tables` holds all rows that it reads."""
    broken = rule.broken(tables)
    keys = broken.select(key=_key(broken, key)).key
    return Test(
        rule=rule.name,
        severity=rule.severity,
        column=rule.column,
        expected=rule.words,
        advice=rule.advice,
        shown=(*key, *rule.columns),
        broken=lambda rows: _key(rows, key).isin(keys),
    )


def _key(rows: ir.Table, names: tuple[str, ...]) -> ir.StringValue:
    """Return a row's key as one text, as SQL's IN takes it; no identifier may hold a line break."""
    return reduce(lambda text, part: text + "\n" + part, (rows[name].cast("string") for name in names))


def reference_test(reference: Reference, dangling: Callable[[ir.Table], ir.BooleanValue]) -> Test:
    """Build the test that a row names a row of the table it refers to."""
    return Test(
        rule="reference",
        severity=Severity.STRUCTURE if reference.structural else Severity.ROW,
        column=reference.column,
        expected=f"must be in {reference.table}.{reference.column}",
        advice="Add the missing rows. Identifiers are compared letter by letter: blanks and zeros count.",
        shown=(reference.column,),
        broken=dangling,
    )


def lost_parent_test(reference: Reference, lost: Callable[[ir.Table], ir.BooleanValue]) -> Test:
    """Build the test that the row to which a row refers is not in quarantine."""
    return Test(
        rule="reference_quarantined",
        severity=Severity.ROW,
        column=reference.column,
        expected=f"must be in {reference.table}, and its rows there are quarantined",
        advice=f"Correct the rows of {reference.table}.",
        shown=(reference.column,),
        broken=lost,
    )
