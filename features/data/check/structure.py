"""Checks of structure: missing and unknown tables and columns, tables without rows."""

from collections.abc import Iterator

from features.data.contract import TABLES, Table
from features.data.contract.violation import Severity, Violation
from features.data.mapping import Dialect
from features.data.warehouse import Warehouse
from features.data.warehouse.source import Source
from features.errors import did_you_mean

MISSING = {
    "declarations": 'files = "…", or table = "…" in a database.',
    "traders": 'files = "…", table = "…", or from = "declarations".',
    "audits": 'files = "…", table = "…", or absent = true.',
    "findings": 'files = "…", table = "…", or absent = true.',
}
"""What may be declared of a required table that is not there."""
NEVER_EMPTY = ("declarations", "traders")


def missing_tables(warehouse: Warehouse) -> Iterator[Violation]:
    """Report required tables that are absent and not already reported as unreadable."""
    reported = {fault.table for fault in warehouse.faults}
    for table in TABLES.values():
        if table.required and table.name not in warehouse.sources and table.name not in reported:
            yield Violation(
                table=table.name,
                rule="required_table",
                severity=Severity.STRUCTURE,
                found="The table is missing.",
                expected=f"{table.name}: {table.row} in each row.",
                advice="Export it; a table without rows still has its columns. Where it has another name, "
                "or the "
                f"source has none, say so under [{table.name}] in {warehouse.dialect.file}: "
                f"{MISSING[table.name]}",
            )


def column_faults(source: Source, table: Table, *, warehouse: Warehouse) -> Iterator[Violation]:
    """Report required columns that are missing and columns that the contract does not know."""
    known = set(table.names) | {warehouse.dialect.currency_column}
    ignored = {name for name in source.columns if f"{table.name}.{name}" in warehouse.dialect.ignore}
    unknown = [name for name in source.columns if name not in known | ignored]
    mapping = warehouse.dialect.tables.get(table.name)
    declared = {*mapping.columns, *mapping.absent} if mapping else set()
    missing = [
        column
        for column in table.columns
        if column.required
        and column.name not in {*source.columns, *declared}
        and not (mapping and mapping.is_absent)
    ]
    for column in missing:
        yield Violation(
            table=table.name,
            column=column.name,
            rule="required_column",
            severity=Severity.STRUCTURE,
            found="The column is missing.",
            expected=f"a {column.kind}: {column.meaning}.",
            advice=f"Add or rename it, or say under [{table.name}] in {warehouse.dialect.file} what it is "
            f"made of, "
            f"or that it is absent.{did_you_mean(column.name, unknown)}",
        )
    for name in unknown:
        yield Violation(
            table=table.name,
            column=name,
            rule="known_column",
            severity=Severity.STRUCTURE,
            found="The contract has no such column.",
            expected=f"columns of docs/contract.md.{did_you_mean(name, table.names)}",
            advice=_what_to_do(f"{table.name}.{name}", warehouse.dialect),
        )


def _what_to_do(column: str, dialect: Dialect) -> str:
    if "currency" in column.lower():
        return f"If amounts are in it, declare currency, currency_column and rates in {dialect.file}."
    return f'Rename it, leave it out, or declare ignore = ["{column}"] in {dialect.file}.'


def absent_columns(source: Source, table: Table) -> tuple[str, ...]:
    """Return the optional columns that a table lacks; the features that need them will be empty."""
    return tuple(c.name for c in table.columns if not c.required and c.name not in source.columns)


def emptiness(table: Table, dialect: Dialect) -> Violation:
    """Return the violation of a table that has columns and no rows."""
    fatal = table.name in NEVER_EMPTY
    mapping = dialect.tables.get(table.name)
    filtered = bool(mapping and (mapping.keep or mapping.leave_out))
    return Violation(
        table=table.name,
        rule="has_rows",
        severity=Severity.STRUCTURE if fatal else Severity.NOTE,
        rows=0,
        found="The table has no rows.",
        expected=f"{table.row} in each row.",
        advice=f"See which rows [{table.name}] in {dialect.file} keeps and leaves out."
        if filtered
        else "Export it again."
        if fatal
        else "Nothing need be done if there are none yet.",
    )
