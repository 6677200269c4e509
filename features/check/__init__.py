"""Check a warehouse against the contract: report every violation at once, quarantine bad rows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from graphlib import TopologicalSorter

from ibis.expr import types as ir

from features.check import between, structure
from features.check.judge import CheckedTable, judge
from features.check.report import CheckReport, TableReport
from features.contract import TABLES, Table
from features.contract.violation import Severity, Violation
from features.errors import DataError
from features.warehouse import Warehouse
from features.warehouse.engine import engine_errors, first_line, refuse_lack_of_room
from features.warehouse.source import Source, unreadable

__all__ = ["CheckResult", "check", "usable"]

DEFAULT_LIMIT = 0.01


@dataclass(frozen=True)
class CheckResult:
    """The result of a check: the report, and the tables without their quarantined rows."""

    report: CheckReport
    judged: Mapping[str, CheckedTable]

    def good_rows(self, table: str) -> ir.Table:
        """Return the rows of a table that may be used, each once."""
        rows = self.judged[table].good_rows()
        return rows if self.report.is_without(table, "repeated_row") else rows.distinct()


def usable(warehouse: Warehouse, *, today: date, limit: float = DEFAULT_LIMIT) -> Warehouse:
    """Check `warehouse` and return it with only the rows that may be used.

    Raises `DataError` with every violation that refuses the data.
    """
    checked = check(warehouse, today=today, limit=limit)
    if not checked.report.accepted:
        raise _refused(checked.report)
    return replace(warehouse, sources={name: _good(checked, name) for name in warehouse.sources})


def _good(checked: CheckResult, name: str) -> Source:
    """Return a table's usable rows; one without a bad or repeated row stays as it is, unfiltered."""
    judged = checked.judged[name]
    rows = checked.good_rows(name)
    untouched = not judged.failed_with(Severity.ROW) and checked.report.is_without(name, "repeated_row")
    present = [column for column in judged.names if column in judged.source.columns]
    return judged.source if untouched else Source(rows.select(*present), judged.source.form)


def _refused(report: CheckReport) -> DataError:
    stopping = [v for v in report.violations if v.severity is Severity.STRUCTURE]
    return DataError(
        "; ".join(f"{v.location}: {v.found}" for v in stopping),
        expected="tables that keep the contract.",
        advice="`audit-yield check` shows the rows and what to do.",
    )


def check(warehouse: Warehouse, *, today: date, limit: float = DEFAULT_LIMIT) -> CheckResult:
    """Check every table of `warehouse` against the contract as of `today`.

    `limit` is the share of a table's rows that may be quarantined before the data is refused. Nothing is
    written, and bad data raises nothing: it is in the report.
    """
    judged: dict[str, CheckedTable] = {}
    violations = [*warehouse.faults, *structure.missing_tables(warehouse)]
    reports = []
    for table in _parents_first():
        if table.name not in warehouse.sources:
            continue
        source = warehouse.sources[table.name]
        violations += structure.column_faults(source, table, warehouse=warehouse)
        examined = judge(source, table, dialect=warehouse.dialect, today=today, judged=judged)
        try:
            violations += _examine(examined, limit)
        except engine_errors() as error:
            refuse_lack_of_room(error)
            violations.append(_broken_off(table, error))
            continue
        judged[table.name] = examined
        reports.append(_table_report(examined))
    report = CheckReport(warehouse.name, today, limit, tuple(reports), tuple(violations))
    return CheckResult(report, judged)


def _parents_first() -> Iterator[Table]:
    order = TopologicalSorter({t.name: [r.table for r in t.references] for t in TABLES.values()})
    return (TABLES[name] for name in order.static_order())


def _examine(judged: CheckedTable, limit: float) -> Iterator[Violation]:
    rows, _ = judged.counts
    if not rows:
        yield structure.emptiness(judged.table)
        return
    yield from judged.violations()
    yield from between.duplicates(judged)
    if judged.table.name == "traders":
        yield from between.look_alikes(judged)
    if judged.quarantined > limit * rows:
        yield _too_many(judged, limit)


def _too_many(judged: CheckedTable, limit: float) -> Violation:
    rows, _ = judged.counts
    return Violation(
        table=judged.table.name,
        rule="quarantine_limit",
        severity=Severity.STRUCTURE,
        rows=judged.quarantined,
        found=f"{judged.quarantined:,} of {rows:,} rows would be quarantined.",
        expected=f"at most {limit:.2%} of the rows.",
        advice="Correct the rows above at the source; --limit changes this check alone.",
    )


def _broken_off(table: Table, error: Exception) -> Violation:
    return unreadable(
        table.name,
        f"Reading broke off: {first_line(error)}",
        expected="a table that can be read to its end.",
        advice="Export or copy it again.",
    )


def _table_report(judged: CheckedTable) -> TableReport:
    return TableReport(
        name=judged.table.name,
        form=judged.source.form,
        rows=judged.counts[0],
        quarantined=judged.quarantined,
        absent_columns=structure.absent_columns(judged.source, judged.table),
    )
