"""Check a warehouse against the contract: report every violation at once, quarantine bad rows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from ibis.expr import types as ir

from features.data.check import between, structure
from features.data.check.judge import CheckedTable, judge, parents_first
from features.data.check.outcome import UNREADABLE, Outcome, TableOutcome
from features.data.check.report import CheckReport, TableReport
from features.data.contract import Table
from features.data.contract.rule import PAST_DAY
from features.data.contract.violation import Severity, Violation
from features.data.warehouse import Warehouse
from features.data.warehouse.engine import first_line, refuse_lack_of_room
from features.data.warehouse.engines import engine_errors
from features.data.warehouse.source import unreadable

__all__ = ["Checked", "check"]

DEFAULT_LIMIT = 0.01


@dataclass(frozen=True)
class Checked:
    """The result of a check: the report, and the tables without their quarantined rows."""

    report: CheckReport
    judged: Mapping[str, CheckedTable]

    def good_rows(self, table: str) -> ir.Table:
        """Return the rows of a table that may be used, each once."""
        rows = self.judged[table].good_rows()
        return rows if self.report.is_without(table, "repeated_row") else rows.distinct()

    @property
    def outcome(self) -> Outcome:
        """The same in numbers, without which rows they are."""
        violations = self.report.violations
        stopping = [v for v in violations if v.severity is Severity.STRUCTURE]
        rules = {violation.rule for violation in violations}
        return Outcome(
            checked_on=self.report.checked_on,
            refusal="; ".join(f"{v.location}: {v.found}" for v in stopping) if stopping else None,
            has_future_days=PAST_DAY.name in rules,
            is_lasting=UNREADABLE not in rules,
            tables={name: self._table_outcome(judged) for name, judged in self.judged.items()},
        )

    def _table_outcome(self, judged: CheckedTable) -> TableOutcome:
        return TableOutcome(
            *judged.counts,
            has_bad_rows=bool(judged.failed_with(Severity.ROW)),
            has_repeated_rows=not self.report.is_without(judged.table.name, "repeated_row"),
        )


def check(warehouse: Warehouse, *, today: date, limit: float = DEFAULT_LIMIT) -> Checked:
    """Check every table of `warehouse` against the contract as of `today`.

    `limit` is the share of a table's rows that may be quarantined before the data is refused. Nothing is
    written, and bad data raises nothing: it is in the report.
    """
    judged: dict[str, CheckedTable] = {}
    violations = [*warehouse.faults, *structure.missing_tables(warehouse)]
    reports = []
    for table in parents_first():
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
    return Checked(report, judged)


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
