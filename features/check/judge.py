"""One table held against its tests: how many rows fail each, and which."""

from collections.abc import Iterator, Mapping, Sequence
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
from features.contract import Kind, Reference, Table
from features.contract.violation import Example, Severity, Violation
from features.warehouse.conform import SOURCE_FILE, SOURCE_ROW, Conformed, conform
from features.warehouse.dialect import Dialect
from features.warehouse.source import Source

EXAMPLES = 5


@dataclass(frozen=True)
class Judged:
    """The rows of a table: values as found (`found_…`), values conformed, and one flag a test (`test_…`)."""

    table: Table
    source: Source
    conformed: Mapping[str, Conformed]
    rows: ir.Table
    tests: tuple[Test, ...]

    def filled(self, column: str) -> ir.Column:
        """The values of one column, as short an expression as can be, without the empty ones."""
        values = self.source.table.select(**{column: self.conformed[column].value})
        return values.drop_null()[column]

    @cached_property
    def counts(self) -> tuple[int, tuple[int, ...]]:
        """The number of rows, and of rows that fail each test; one scan."""
        sums = {flag(i): self.rows[flag(i)].sum() for i in range(len(self.tests))}
        read = _read_to_the_end(self) if self.source.has_rows_numbered else {}
        counted = self.rows.aggregate(rows=self.rows.count(), **sums, **read).to_pyarrow().to_pylist()[0]
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
        rows = self.bad_rows()
        return 0 if rows is None else int(rows.count().to_pyarrow().as_py())

    def reason(self, number: int) -> str:
        """Say why a row that fails a test is bad."""
        test = self.tests[number]
        return f"{test.column} {test.expected}" if test.column else test.expected

    def violations(self) -> tuple[Violation, ...]:
        """Every failed test as a violation with its first rows."""
        return tuple(self._violation(i) for i in self.failed)

    def bad_rows(self) -> ir.Table | None:
        """The rows to quarantine, or None where there are none."""
        failed = self.failed_with(Severity.ROW)
        return self.in_order(self.rows.filter(self._any(failed))) if failed else None

    def good_rows(self) -> ir.Table:
        """The conformed rows that pass every test of a row."""
        failed = self.failed_with(Severity.ROW)
        good = self.rows.filter(~self._any(failed)) if failed else self.rows
        return good.select(*self.table.names)

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

    def _any(self, numbers: Sequence[int]) -> ir.BooleanValue:
        return reduce(or_, (self.rows[flag(i)] for i in numbers))

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
        rows = self.in_order(self.rows.filter(self.rows[flag(number)])).limit(EXAMPLES)
        shown = [name for name in self.tests[number].shown if FOUND + name in self.rows.columns]
        places = [name for name in (SOURCE_FILE, SOURCE_ROW) if name in self.rows.columns]
        wanted = dict.fromkeys((*self.table.key, *places, *(FOUND + name for name in shown)))
        fetched = in_words(rows.select(*wanted)).to_pyarrow().to_pylist()
        return tuple({**self.place(row), **{name: row[FOUND + name] for name in shown}} for row in fetched)


def judge(
    source: Source, table: Table, *, dialect: Dialect, today: date, judged: Mapping[str, Judged]
) -> Judged:
    """Hold `source` against the rules of `table`, lazily; `judged` holds the tables it refers to."""
    conformed = conform(source.table, table, dialect=dialect)
    rows = _beside_found(source, conformed)
    tests = (
        *column_tests(rows, table, today=today),
        *row_tests(rows, table),
        *_currency_tests(rows, source, dialect),
        *(
            test
            for reference in table.references
            if reference.table in judged
            for test in _reference_tests(rows, reference, judged[reference.table])
        ),
    )
    flags = {flag(i): _no_unless_known(test.broken) for i, test in enumerate(tests)}
    return Judged(table, source, conformed, rows.mutate(**flags), tests)


def _currency_tests(rows: ir.Table, source: Source, dialect: Dialect) -> tuple[Test, ...]:
    name = dialect.currency_column
    return (currency_test(rows[FOUND + name], dialect),) if name in source.columns else ()


def _reference_tests(rows: ir.Table, reference: Reference, parent: Judged) -> tuple[Test, ...]:
    """A row must name a row of the parent table; where that is quarantined, so is the row.

    An empty key is left out of the parent's: SQL would then know of no value that it is not among them.
    """
    value, key = rows[reference.column], parent.filled(reference.column)
    nowhere = value.notnull() & value.notin(key)
    if not parent.failed_with(Severity.ROW):
        return (reference_test(reference, nowhere),)
    lost = value.isin(key) & value.notin(parent.good_rows()[reference.column])
    return (reference_test(reference, nowhere), lost_parent_test(reference, lost))


def _beside_found(source: Source, conformed: dict[str, Conformed]) -> ir.Table:
    found = source.table
    places = [found[name] for name in (SOURCE_FILE, SOURCE_ROW) if name in found.columns]
    return found.select(
        *places,
        **{FOUND + name: found[name] for name in source.columns},
        **{name: column.value for name, column in conformed.items()},
        **{misfit_name(name): c.misfit for name, c in conformed.items() if c.misfit is not None},
    )


def flag(number: int) -> str:
    """Return the name of the flag that a row fails a test."""
    return f"test_{number}"


def _read_to_the_end(judged: Judged) -> dict[str, ir.Scalar]:
    """Sums that need every value: the statistics of a file would answer for pages that are damaged."""
    return {
        f"read_{column.name}": _sum(judged.rows[column.name], column.kind)
        for column in judged.table.columns
        if column.name in judged.source.columns
    }


def _sum(value: ir.Value, kind: Kind) -> ir.Scalar:
    if kind is Kind.TEXT:
        return value.length().sum()
    return value.year().sum() if kind is Kind.DAY else value.sum()


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


def _no_unless_known(broken: ir.BooleanValue) -> ir.BooleanValue:
    """An unknown comparison (an empty value) breaks nothing but the rule that it be filled."""
    return broken.fill_null(False)
