"""Check a warehouse against the contract: report every violation at once, quarantine bad rows."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial

from ibis.expr import types as ir

from features.data.check import between, structure
from features.data.check.artefacts import artefacts
from features.data.check.columns import wrong_columns
from features.data.check.judge import CheckedTable, judge, parents_first
from features.data.check.outcome import UNREADABLE, CheckOutcome, TableOutcome
from features.data.check.plausibility import implausible
from features.data.check.report import CheckReport, TableReport
from features.data.contract import Table
from features.data.contract.rule import PAST_DAY, PLANNED_DAY
from features.data.contract.violation import Severity, Violation
from features.data.warehouse import Warehouse
from features.data.warehouse.engine import first_line, refuse_exhausted_resources
from features.data.warehouse.engines import engine_errors
from features.data.warehouse.source import unreadable

__all__ = ["CheckResult", "check"]

DEFAULT_LIMIT = 0.01


@dataclass(frozen=True)
class CheckResult:
    """The result of a check: the report, and the tables without their quarantined rows.

    Of the tables in `known` the outcome was known; the report says nothing of their rows.
    """

    report: CheckReport
    tables: Mapping[str, CheckedTable]
    implausible: tuple[Violation, ...] = ()
    """Those of the report's notes that are of plausibility."""
    known: Mapping[str, TableOutcome] = field(default_factory=dict)

    def good_rows(self, table: str) -> ir.Table:
        """Return the rows of a table that may be used, each once."""
        rows = self.tables[table].good_rows()
        return rows if self.report.is_without(table, "repeated_row") else rows.distinct()

    @property
    def outcome(self) -> CheckOutcome:
        """The result in numbers, without the rows themselves."""
        violations = self.report.violations
        stopping = [v for v in violations if v.severity is Severity.STRUCTURE]
        return CheckOutcome(
            checked_on=self.report.checked_on,
            refusal="; ".join(f"{v.location}: {v.found}" for v in stopping) if stopping else None,
            is_lasting=_were_read(violations),
            tables={name: self.known.get(name) or self._outcome_of(name) for name in self.tables},
            notes=tuple(f"{note.location} is implausible: {note.found[:-1]}" for note in self.implausible),
        )

    def _outcome_of(self, name: str) -> TableOutcome:
        checked = self.tables[name]
        rules = {violation.rule for violation in self.report.violations if violation.table == name}
        return TableOutcome(
            *checked.counts,
            has_bad_rows=bool(checked.failed_with(Severity.ROW)),
            has_repeated_rows=not self.report.is_without(name, "repeated_row"),
            left_out=checked.left_out,
            has_future_days=not rules.isdisjoint({PAST_DAY.name, PLANNED_DAY.name}),
        )


def usable(warehouse: Warehouse, *, today: date, limit: float = DEFAULT_LIMIT) -> Warehouse:
    """Check `warehouse` and return it with only the rows that may be used.

    Raises `DataError` with every violation that refuses the data.
    """
    return check(warehouse, today=today, limit=limit).outcome.usable(warehouse)


def check(
    warehouse: Warehouse,
    *,
    today: date,
    limit: float = DEFAULT_LIMIT,
    known: Mapping[str, TableOutcome] | None = None,
) -> CheckResult:
    """Check every table of `warehouse` against the contract as of `today`.

    `limit` is the share of a table's rows that may be quarantined before the data is refused. `known` are
    accepted outcomes of tables that are as they were, and so are those by whose rows theirs are judged: they
    are not read again. Nothing is written, and bad data raises nothing: it is in the report.
    """
    known = known or {}
    tables: dict[str, CheckedTable] = {}
    violations = [*warehouse.faults, *structure.missing_tables(warehouse)]
    reports = []
    for table in parents_first():
        if table.name not in warehouse.sources:
            continue
        source = warehouse.sources[table.name]
        violations += structure.column_faults(source, table, warehouse=warehouse)
        judged = partial(judge, table=table, dialect=warehouse.dialect, today=today, parents=tables)
        if outcome := known.get(table.name):
            tables[table.name] = outcome.counted(judged(source, left_out=outcome.left_out))
            continue
        try:
            checked = judged(source)
            if checked.failed:
                others, source = artefacts(source, table, warehouse.dialect)
                violations += others
                checked = judged(source) if others else checked
            wrong = tuple(wrong_columns(checked))
            if wrong:
                checked = judged(source, left_out=tuple(violation.column or "" for violation in wrong))
            violations += [*wrong, *_examine(checked, limit)]
        except engine_errors() as error:
            refuse_exhausted_resources(error)
            violations.append(_broken_off(table, error))
            continue
        tables[table.name] = checked
        reports.append(_table_report(checked))
    notes = tuple(implausible(tables, warehouse.dialect)) if _were_read(violations) else ()
    report = CheckReport(warehouse.name, today, limit, tuple(reports), (*violations, *notes))
    return CheckResult(report, tables, notes, known)


def _were_read(violations: Iterable[Violation]) -> bool:
    """Return whether all tables were read to their end."""
    return all(violation.rule != UNREADABLE for violation in violations)


def _examine(checked: CheckedTable, limit: float) -> Iterator[Violation]:
    rows, _ = checked.counts
    if not rows:
        yield structure.emptiness(checked.table, checked.dialect)
        return
    yield from checked.violations()
    yield from between.duplicates(checked, all_rows=2 * checked.quarantined > rows)
    if checked.table.name == "traders":
        yield from between.look_alikes(checked)
    if checked.quarantined > limit * rows:
        yield _too_many(checked, limit)


def _too_many(checked: CheckedTable, limit: float) -> Violation:
    rows, _ = checked.counts
    return Violation(
        table=checked.table.name,
        rule="quarantine_limit",
        severity=Severity.STRUCTURE,
        rows=checked.quarantined,
        found=f"{checked.quarantined:,} of {rows:,} rows would be quarantined.",
        expected=f"at most {limit:.2%} of the rows.",
        advice="Correct the rows above at the source, or declare how they are written; --limit changes "
        "this check "
        "alone.",
    )


def _broken_off(table: Table, error: Exception) -> Violation:
    return unreadable(
        table.name,
        f"Reading broke off: {first_line(error)}",
        expected="a table that can be read to its end.",
        advice="Export or copy it again.",
    )


def _table_report(checked: CheckedTable) -> TableReport:
    return TableReport(
        name=checked.table.name,
        form=checked.source.form,
        rows=checked.counts[0],
        quarantined=checked.quarantined,
        absent_columns=structure.absent_columns(checked.source, checked.table),
    )
