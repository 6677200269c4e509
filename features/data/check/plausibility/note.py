"""Notes of plausibility: what is told of data that keeps the contract and looks wrong all the same."""

from collections.abc import Callable, Iterator, Mapping

from features.data.check.judge import CheckedTable
from features.data.contract.violation import ExampleRow, Severity, Violation
from features.data.mapping.dialect import Dialect

Tables = Mapping[str, CheckedTable]
NoteFunction = Callable[[Tables, Dialect], Iterator[Violation]]
"""Yields what is implausible in checked tables, by the thresholds of the dialect."""

FEW = 0.01
"""Share of the rows up to which a habit of some rows is not told."""
ENOUGH_ROWS = 100
"""Fewer rows are alike, or apart from others, by chance."""


def note(
    checked: CheckedTable,
    name: str,
    *,
    column: str,
    rows: int | None,
    found: str,
    expected: str,
    advice: str,
    examples: tuple[ExampleRow, ...] = (),
) -> Violation:
    """Return a note about a column; `advice` says what it means for the features, then what to do."""
    return Violation(
        table=checked.table.name,
        column=column,
        rule=name,
        severity=Severity.NOTE,
        rows=rows,
        found=found,
        expected=expected,
        advice=advice,
        examples=examples,
    )


def has(tables: Tables, table: str, *columns: str) -> bool:
    """Return whether a table is there with rows, and with these columns in its source."""
    return (
        table in tables and tables[table].counts[0] > 0 and set(columns) <= set(tables[table].source.columns)
    )


def share(rows: int, of: int) -> str:
    """Return a count of rows and its share in words.

    >>> share(1250, 2000)
    '1,250 of 2,000 (62.5%)'
    """
    return f"{rows:,} of {of:,} ({rows / of:.1%})"
