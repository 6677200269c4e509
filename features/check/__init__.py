"""A warehouse held against the contract: every violation at once, bad rows into quarantine."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from graphlib import TopologicalSorter

from ibis.expr import types as ir

from features.check import between, structure
from features.check.judge import Judged, judge
from features.check.report import Report, TableReport
from features.contract import TABLES, Table
from features.contract.violation import Severity, Violation
from features.warehouse import Warehouse
from features.warehouse.engine import ENGINE_ERRORS, first_line, refuse_lack_of_room
from features.warehouse.source import unreadable

__all__ = ["Checked", "check"]

DEFAULT_LIMIT = 0.01


@dataclass(frozen=True)
class Checked:
    """The outcome of a check: the report, and the tables without their quarantined rows."""

    report: Report
    judged: Mapping[str, Judged]

    def good_rows(self, table: str) -> ir.Table:
        """Return the rows of a table that may be used, each once."""
        rows = self.judged[table].good_rows()
        repeated = any(v.table == table and v.rule == "repeated_row" for v in self.report.violations)
        return rows.distinct() if repeated else rows


def check(warehouse: Warehouse, *, today: date, limit: float = DEFAULT_LIMIT) -> Checked:
    """Hold every table of `warehouse` against the contract as of `today`.

    `limit` is the share of a table's rows that may be quarantined before the data is refused. Nothing is
    written; nothing is raised for bad data: it is in the report.
    """
    judged: dict[str, Judged] = {}
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
        except ENGINE_ERRORS as error:
            refuse_lack_of_room(error)
            violations.append(_broken_off(table, error))
            continue
        judged[table.name] = examined
        reports.append(_table_report(examined))
    report = Report(warehouse.name, today, limit, tuple(reports), tuple(violations))
    return Checked(report, judged)


def _parents_first() -> Iterator[Table]:
    order = TopologicalSorter({t.name: [r.table for r in t.references] for t in TABLES.values()})
    return (TABLES[name] for name in order.static_order())


def _examine(judged: Judged, limit: float) -> Iterator[Violation]:
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


def _too_many(judged: Judged, limit: float) -> Violation:
    rows, _ = judged.counts
    return Violation(
        table=judged.table.name,
        rule="quarantine_limit",
        severity=Severity.STRUCTURE,
        rows=judged.quarantined,
        found=f"{judged.quarantined:,} of {rows:,} rows would be quarantined.",
        expected=f"at most {limit:.2%} of the rows.",
        advice="Correct the rows above at the source, or accept more with --limit.",
    )


def _broken_off(table: Table, error: Exception) -> Violation:
    return unreadable(
        table.name,
        f"Reading broke off: {first_line(error)}",
        expected="a table that can be read to its end.",
        advice="Export or copy it again.",
    )


def _table_report(judged: Judged) -> TableReport:
    return TableReport(
        name=judged.table.name,
        form=judged.source.form,
        rows=judged.counts[0],
        quarantined=judged.quarantined,
        absent_columns=structure.absent_columns(judged.source, judged.table),
    )
