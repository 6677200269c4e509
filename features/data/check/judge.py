"""Check one table: count the rows that fail each test, and select the good and the bad rows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property, reduce
from graphlib import TopologicalSorter
from operator import or_
from typing import Any

from ibis.expr import types as ir

from features.data.check.advice import advice
from features.data.check.conditions import (
    RAW,
    Test,
    column_tests,
    currency_test,
    lost_parent_test,
    misfit_name,
    reference_test,
    row_tests,
    tables_test,
)
from features.data.check.statistics import ColumnStatistics, read_to_the_end, statistics_of
from features.data.contract import TABLES, Reference, Table
from features.data.contract.violation import ExampleRow, Severity, Violation
from features.data.mapping.dialect import Dialect
from features.data.warehouse.conform import SOURCE_FILE, SOURCE_ROW, Conformed, conform
from features.data.warehouse.source import Source

EXAMPLES = 5
VALUES_READ = 200
"""Different values that are looked at for a setting that would read them."""
Counts = tuple[int, tuple[int, ...]]


def parents_first() -> Iterator[Table]:
    """Yield the tables of the contract, each after those that it refers to."""
    order = TopologicalSorter({table.name: table.parents for table in TABLES.values()})
    return (TABLES[name] for name in order.static_order())


@dataclass(frozen=True)
class CheckedTable:
    """The rows of a table: raw values (`raw_…`), conformed values, and flags of tests (`test_…`).

    Each query reads only the columns it needs: to compile one over all of them takes Ibis 0.1 to 0.3 s,
    far longer than the engine needs to run it.
    """

    table: Table
    source: Source
    conformed: Mapping[str, Conformed]
    tests: tuple[Test, ...]
    counted: Counts | None = None
    """The counts, where an earlier check of the same rows has them."""
    left_out: tuple[str, ...] = ()
    """Columns of the source that count as absent."""
    dialect: Dialect = field(default_factory=Dialect)
    """How the source names and writes its values."""

    def filled(self, column: str) -> ir.Column:
        """The non-empty values of one column, as the shortest possible expression."""
        values = self.source.table.select(**{column: self.conformed[column].value})
        return values.drop_null()[column]

    @cached_property
    def counts(self) -> Counts:
        """The number of rows, and of rows that fail each test."""
        if self.counted is not None:
            return self.counted
        scan = self._scan
        return int(scan["rows"]), tuple(int(scan[flag(i)] or 0) for i in range(len(self.tests)))

    @cached_property
    def statistics(self) -> Mapping[str, ColumnStatistics]:
        """The statistics of each column of the source, over all rows."""
        return {
            column.name: ColumnStatistics.of(self._scan, column.name)
            for column in self.table.columns
            if column.name in self.source.columns
        }

    @cached_property
    def _scan(self) -> Mapping[str, Any]:
        """Sums over the rows: how many, how many fail each test, and the statistics of the columns."""
        rows = self.columns(self.names)
        present = [column for column in self.table.columns if column.name in self.source.columns]
        sums = {flag(i): self.fails(i, rows).sum() for i in range(len(self.tests))}
        for column in present:
            sums |= statistics_of(rows[column.name], column)
        if self.source.has_rows_numbered:
            sums |= {f"read_{c.name}": read_to_the_end(rows[c.name], c.kind) for c in present}
        return dict(rows.aggregate(rows=rows.count(), **sums).to_pyarrow().to_pylist()[0])

    @property
    def failed(self) -> tuple[int, ...]:
        """The numbers of the tests that at least one row fails."""
        return tuple(i for i, count in enumerate(self.counts[1]) if count)

    def failed_with(self, severity: Severity) -> tuple[int, ...]:
        """The numbers of the failed tests of one severity."""
        return tuple(i for i in self.failed if self.tests[i].severity is severity)

    @cached_property
    def quarantined(self) -> int:
        """The number of rows that fail at least one test of a row."""
        failed = self.failed_with(Severity.ROW)
        if not failed:
            return 0
        rows = self.columns(name for i in failed for name in self.tests[i].shown)
        return int(rows.filter(self._any(failed, rows)).count().to_pyarrow().as_py())

    def reason(self, number: int) -> str:
        """Return why a row that fails a test is bad."""
        test = self.tests[number]
        return f"{test.column} {test.expected}" if test.column else test.expected

    def violations(self) -> tuple[Violation, ...]:
        """Every failed test as a violation with its first rows."""
        return tuple(self.violation(i) for i in self.failed)

    def bad_rows(self) -> ir.Table | None:
        """The rows to quarantine with a flag a test that one of them fails, or None where there are none."""
        failed = self.failed_with(Severity.ROW)
        if not failed:
            return None
        rows = self.columns(self.names)
        bad = rows.filter(self._any(failed, rows))
        return self.in_order(bad.mutate(**{flag(i): self.fails(i, bad) for i in failed}))

    def good_rows(self, *names: str) -> ir.Table:
        """The conformed rows that pass every test of a row, in all columns or in those named."""
        selected, failed = names or self.names, self.failed_with(Severity.ROW)
        rows = self.columns([*selected, *(name for i in failed for name in self.tests[i].shown)])
        good = rows.filter(~self._any(failed, rows)) if failed else rows
        return good.select(*selected)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the contract's columns."""
        return self.table.names

    def columns(self, names: Iterable[str]) -> ir.Table:
        """All rows in some columns: file and row number, raw and conformed values, and flags of misfits."""
        raw = self.source.table
        locations = [raw[name] for name in (SOURCE_FILE, SOURCE_ROW) if name in raw.columns]
        selected = dict.fromkeys(names)
        conformed = {name: self.conformed[name] for name in selected if name in self.conformed}
        return raw.select(
            *locations,
            **{RAW + name: raw[name] for name in self._raw_columns(selected)},
            **{name: column.value for name, column in conformed.items()},
            **{misfit_name(name): c.misfit for name, c in conformed.items() if c.misfit is not None},
        )

    def _raw_columns(self, selected: Mapping[str, None]) -> list[str]:
        everything = set(self.names) <= set(selected)
        return [name for name in self.source.columns if everything or name in selected]

    def in_order(self, rows: ir.Table) -> ir.Table:
        """Sort rows in the order of the source, or by key where that has no order."""
        order = (SOURCE_FILE, SOURCE_ROW) if self.source.has_rows_numbered else self.table.key
        return rows.order_by(*order)

    def _row_location(self, row: dict[str, Any]) -> ExampleRow:
        """Return the key of a fetched row, and its file and row number where the source has them."""
        location = {name: row[name] for name in self.table.key}
        if self.source.has_rows_numbered:
            location |= {"file": row[SOURCE_FILE], "row": row[SOURCE_ROW]}
        return location

    def _any(self, numbers: Sequence[int], rows: ir.Table) -> ir.BooleanValue:
        return reduce(or_, (self.fails(i, rows) for i in numbers))

    def fails(self, number: int, rows: ir.Table) -> ir.BooleanValue:
        """Flag the rows that fail a test; an empty value breaks no rule but the one that it be filled."""
        return self.tests[number].broken(rows).fill_null(False)

    def violation(self, number: int) -> Violation:
        """Return a failed test as a violation with its first rows."""
        test, (rows, failed) = self.tests[number], self.counts
        examples = self._examples(number)
        return Violation(
            table=self.table.name,
            column=test.column,
            rule=test.rule,
            severity=test.severity,
            rows=failed[number],
            found=f"{failed[number]:,} of {rows:,} rows break it.",
            expected=test.expected,
            advice=self._advice(number),
            examples=examples,
        )

    def _advice(self, number: int) -> str:
        """Return what to do about a failed test: the setting that would read its values, if there is one."""
        test = self.tests[number]
        if test.column not in self.table.names:
            return test.advice
        rows = self.columns((*self.table.key, *test.shown))
        raw = RAW + test.column
        values: list[str] = []
        if raw in rows.columns and rows[raw].type().is_string():
            failing = rows.filter(self.fails(number, rows)).select(value=rows[raw]).distinct()
            values = failing.drop_null().limit(VALUES_READ).to_pyarrow()["value"].to_pylist()
        column = self.table[test.column]
        return advice(test.rule, column, values, table=self.table, dialect=self.dialect) or test.advice

    def _examples(self, number: int) -> tuple[ExampleRow, ...]:
        test = self.tests[number]
        rows = self.columns((*self.table.key, *test.shown))
        first = self.in_order(rows.filter(self.fails(number, rows))).limit(EXAMPLES)
        shown = [name for name in test.shown if RAW + name in rows.columns]
        locations = [name for name in (SOURCE_FILE, SOURCE_ROW) if name in rows.columns]
        selected = dict.fromkeys((*self.table.key, *locations, *(RAW + name for name in shown)))
        fetched = in_words(first.select(*selected)).to_pyarrow().to_pylist()
        return tuple(
            {**self._row_location(row), **{name: row[RAW + name] for name in shown}} for row in fetched
        )


def judge(
    source: Source,
    table: Table,
    *,
    dialect: Dialect,
    today: date,
    parents: Mapping[str, CheckedTable],
    left_out: tuple[str, ...] = (),
) -> CheckedTable:
    """Check `source` against the rules of `table`, lazily, as if it had no columns `left_out`.

    `parents` holds the tables it refers to.
    """
    source, table = source.without(left_out), _as_declared(table, dialect)
    conformed = conform(source.table, table, dialect=dialect)
    has_currencies = dialect.currency_column in source.columns
    tests = (
        *column_tests(source, conformed, table, today=today),
        *((currency_test(dialect),) if has_currencies else ()),
        *row_tests(table),
        *(
            test
            for reference in table.references
            if reference.table in parents
            for test in _reference_tests(reference, parents[reference.table])
        ),
        *_between_tests(source, conformed, table, parents=parents),
    )
    return CheckedTable(table, source, conformed, tests, left_out=left_out, dialect=dialect)


def _as_declared(table: Table, dialect: Dialect) -> Table:
    """Return a table in which a column may be empty where its mapping says that nobody knows some values."""
    columns = tuple(
        replace(
            column, nullable=column.nullable or bool(dialect.column_form(table.name, column.name).unknown)
        )
        for column in table.columns
    )
    return table if columns == table.columns else replace(table, columns=columns)


def _reference_tests(reference: Reference, parent: CheckedTable) -> tuple[Test, ...]:
    """Build the tests that a row names a row of the parent table, and one that is not quarantined.

    Empty keys of the parent are left out: with a null among them, SQL's NOT IN holds for no value.
    """
    name = reference.column
    key, good = parent.filled(name), parent.good_rows(name)

    def dangling(rows: ir.Table) -> ir.BooleanValue:
        return rows[name].notnull() & rows[name].notin(key)

    def lost(rows: ir.Table) -> ir.BooleanValue:
        return rows[name].isin(key) & rows[name].notin(good.drop_null()[name])

    some_are_lost = bool(parent.failed_with(Severity.ROW))
    tests = (reference_test(reference, dangling), lost_parent_test(reference, lost))
    return tests if some_are_lost else tests[:1]


def _between_tests(
    source: Source,
    conformed: Mapping[str, Conformed],
    table: Table,
    *,
    parents: Mapping[str, CheckedTable],
) -> Iterator[Test]:
    """Yield the tests between rows and tables, where all that they read is there; tables may be optional."""
    reads = {
        name: columns for name, columns in table.reads.items() if TABLES[name].required or name in parents
    }
    if not all(_has_columns(parents, name, columns) for name, columns in reads.items()):
        return
    own = source.table.select(**{name: column.value for name, column in conformed.items()})
    others = {name: parents[name].good_rows(*columns) for name, columns in reads.items()}
    for rule in table.between:
        yield tables_test(rule, table.key, {table.name: own, **others})


def _has_columns(tables: Mapping[str, CheckedTable], name: str, columns: Iterable[str]) -> bool:
    """Return whether a table is there with those of the columns that the contract requires."""
    required = {column.name for column in TABLES[name].columns if column.required}
    return name in tables and required.intersection(columns) <= set(tables[name].source.columns)


def flag(number: int) -> str:
    """Return the name of the column that flags the rows which fail a test."""
    return f"test_{number}"


def in_words(rows: ir.Table) -> ir.Table:
    """Cast to text what Python or Arrow may be unable to hold (a day in the year 20000, a bit string)."""
    values = {name: rows[name] for name in rows.columns}
    return rows.select(
        **{name: value if _is_plain(value) else value.cast("string") for name, value in values.items()}
    )


def _is_plain(value: ir.Value) -> bool:
    kind = value.type()
    return bool(kind.is_integer() or kind.is_floating() or kind.is_boolean() or kind.is_string())
