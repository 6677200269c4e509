"""One table held against its tests: how many rows fail each, and which."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, reduce
from operator import or_
from typing import Any

from ibis.expr import types as ir

from features.check.conditions import (
    FOUND,
    Test,
    column_tests,
    currency_test,
    lost_parent_test,
    misfit_name,
    reference_test,
    row_tests,
)
from features.contract import ColumnType, Reference, Table
from features.contract.violation import Example, Severity, Violation
from features.warehouse.conform import SOURCE_FILE, SOURCE_ROW, Conformed, conform
from features.warehouse.dialect import Dialect
from features.warehouse.source import Source

EXAMPLES = 5


@dataclass(frozen=True)
class Judged:
    """The rows of a table: values as found (`found_…`), values conformed, and flags of tests (`test_…`).

    Each question is asked of the columns it needs alone: to compile one over all of them takes Ibis
    0.1 to 0.3 s, far longer than the engine needs for the answer.
    """

    table: Table
    source: Source
    conformed: Mapping[str, Conformed]
    tests: tuple[Test, ...]

    def filled(self, column: str) -> ir.Column:
        """The values of one column, as short an expression as can be, without the empty ones."""
        values = self.source.table.select(**{column: self.conformed[column].value})
        return values.drop_null()[column]

    @cached_property
    def counts(self) -> tuple[int, tuple[int, ...]]:
        """The number of rows, and of rows that fail each test; one scan."""
        rows = self.columns(self.names)
        sums = {flag(i): self._fails(i, rows).sum() for i in range(len(self.tests))}
        read = _read_to_the_end(self, rows) if self.source.has_rows_numbered else {}
        counted = rows.aggregate(rows=rows.count(), **sums, **read).to_pyarrow().to_pylist()[0]
        return int(counted["rows"]), tuple(int(counted[flag(i)] or 0) for i in range(len(self.tests)))

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
        """Say why a row that fails a test is bad."""
        test = self.tests[number]
        return f"{test.column} {test.expected}" if test.column else test.expected

    def violations(self) -> tuple[Violation, ...]:
        """Every failed test as a violation with its first rows."""
        return tuple(self._violation(i) for i in self.failed)

    def bad_rows(self) -> ir.Table | None:
        """The rows to quarantine with a flag a test that one of them fails, or None where there are none."""
        failed = self.failed_with(Severity.ROW)
        if not failed:
            return None
        rows = self.columns(self.names)
        bad = rows.filter(self._any(failed, rows))
        return self.in_order(bad.mutate(**{flag(i): self._fails(i, bad) for i in failed}))

    def good_rows(self, *names: str) -> ir.Table:
        """The conformed rows that pass every test of a row, in all columns or in those named."""
        wanted, failed = names or self.names, self.failed_with(Severity.ROW)
        rows = self.columns([*wanted, *(name for i in failed for name in self.tests[i].shown)])
        good = rows.filter(~self._any(failed, rows)) if failed else rows
        return good.select(*wanted)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the contract's columns."""
        return self.table.names

    def columns(self, names: Iterable[str]) -> ir.Table:
        """All rows in some columns: where they stand, as found, conformed, and whether they misfit."""
        found = self.source.table
        places = [found[name] for name in (SOURCE_FILE, SOURCE_ROW) if name in found.columns]
        wanted = dict.fromkeys(names)
        conformed = {name: self.conformed[name] for name in wanted if name in self.conformed}
        return found.select(
            *places,
            **{FOUND + name: found[name] for name in self._found_of(wanted)},
            **{name: column.value for name, column in conformed.items()},
            **{misfit_name(name): c.misfit for name, c in conformed.items() if c.misfit is not None},
        )

    def _found_of(self, wanted: Mapping[str, None]) -> list[str]:
        everything = set(self.names) <= set(wanted)
        return [name for name in self.source.columns if everything or name in wanted]

    def in_order(self, rows: ir.Table) -> ir.Table:
        """Sort rows as they stand in the source, or by key where that has no order."""
        order = (SOURCE_FILE, SOURCE_ROW) if self.source.has_rows_numbered else self.table.key
        return rows.order_by(*order)

    def place(self, row: dict[str, Any]) -> Example:
        """Take from a fetched row what names it: its key, and its file and number where it has them."""
        named = {name: row[name] for name in self.table.key}
        if self.source.has_rows_numbered:
            named |= {"file": row[SOURCE_FILE], "row": row[SOURCE_ROW]}
        return named

    def _any(self, numbers: Sequence[int], rows: ir.Table) -> ir.BooleanValue:
        return reduce(or_, (self._fails(i, rows) for i in numbers))

    def _fails(self, number: int, rows: ir.Table) -> ir.BooleanValue:
        """An unknown comparison (an empty value) breaks nothing but the rule that it be filled."""
        return self.tests[number].broken(rows).fill_null(False)

    def _violation(self, number: int) -> Violation:
        test, (rows, failed) = self.tests[number], self.counts
        return Violation(
            table=self.table.name,
            column=test.column,
            rule=test.rule,
            severity=test.severity,
            rows=failed[number],
            found=f"{failed[number]:,} of {rows:,} rows break it.",
            expected=test.expected,
            advice=test.advice,
            examples=self._examples(number),
        )

    def _examples(self, number: int) -> tuple[Example, ...]:
        test = self.tests[number]
        rows = self.columns((*self.table.key, *test.shown))
        first = self.in_order(rows.filter(self._fails(number, rows))).limit(EXAMPLES)
        shown = [name for name in test.shown if FOUND + name in rows.columns]
        places = [name for name in (SOURCE_FILE, SOURCE_ROW) if name in rows.columns]
        wanted = dict.fromkeys((*self.table.key, *places, *(FOUND + name for name in shown)))
        fetched = in_words(first.select(*wanted)).to_pyarrow().to_pylist()
        return tuple({**self.place(row), **{name: row[FOUND + name] for name in shown}} for row in fetched)


def judge(
    source: Source, table: Table, *, dialect: Dialect, today: date, judged: Mapping[str, Judged]
) -> Judged:
    """Hold `source` against the rules of `table`, lazily; `judged` holds the tables it refers to."""
    conformed = conform(source.table, table, dialect=dialect)
    tests = (
        *column_tests(source, conformed, table, today=today),
        *_currency_tests(source, dialect),
        *row_tests(table),
        *(
            test
            for reference in table.references
            if reference.table in judged
            for test in _reference_tests(reference, judged[reference.table])
        ),
    )
    return Judged(table, source, conformed, tests)


def _currency_tests(source: Source, dialect: Dialect) -> tuple[Test, ...]:
    return (currency_test(dialect),) if dialect.currency_column in source.columns else ()


def _reference_tests(reference: Reference, parent: Judged) -> tuple[Test, ...]:
    """A row must name a row of the parent table; where that is quarantined, so is the row.

    An empty key is left out of the parent's: SQL would then know of no value that it is not among them.
    """
    name = reference.column
    key, good = parent.filled(name), parent.good_rows(name)

    def nowhere(rows: ir.Table) -> ir.BooleanValue:
        return rows[name].notnull() & rows[name].notin(key)

    def lost(rows: ir.Table) -> ir.BooleanValue:
        return rows[name].isin(key) & rows[name].notin(good.drop_null()[name])

    some_are_lost = bool(parent.failed_with(Severity.ROW))
    tests = (reference_test(reference, nowhere), lost_parent_test(reference, lost))
    return tests if some_are_lost else tests[:1]


def flag(number: int) -> str:
    """Return the name of the flag that a row fails a test."""
    return f"test_{number}"


def _read_to_the_end(judged: Judged, rows: ir.Table) -> dict[str, ir.Scalar]:
    """Sums that need every value: the statistics of a file would answer for pages that are damaged."""
    return {
        f"read_{column.name}": _sum(rows[column.name], column.kind)
        for column in judged.table.columns
        if column.name in judged.source.columns
    }


def _sum(value: ir.Value, kind: ColumnType) -> ir.Scalar:
    if kind is ColumnType.TEXT:
        return value.length().sum()
    return value.year().sum() if kind is ColumnType.DAY else value.sum()


def in_words(rows: ir.Table) -> ir.Table:
    """Turn what Python or Arrow may be unable to hold (a day in the year 20000, a bit string) into text."""
    return rows.select(
        **{name: value if _is_plain(value) else value.cast("string") for name, value in _columns(rows)}
    )


def _columns(rows: ir.Table) -> Iterator[tuple[str, ir.Value]]:
    return ((name, rows[name]) for name in rows.columns)


def _is_plain(value: ir.Value) -> bool:
    kind = value.type()
    return bool(kind.is_integer() or kind.is_floating() or kind.is_boolean() or kind.is_string())
