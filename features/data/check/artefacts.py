"""Rows of a report that are no rows of a table: totals, the header once more, empty lines."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import reduce
from operator import add

import ibis
from ibis.expr import types as ir

from features.data.check.judge import EXAMPLES
from features.data.contract import Table
from features.data.contract.violation import ExampleRow, Severity, Violation
from features.data.mapping import Dialect
from features.data.mapping.code_list import folded
from features.data.warehouse.conform import SOURCE_FILE, SOURCE_ROW
from features.data.warehouse.source import Source

TOTALS = (
    r"^(grand |sub-?)?total(s|e|en|es|is)?( "
    r"|:|$)|^(gesamt|summe|somme|suma|sum|totaal|toplam|jumlah|итого|всего|"
    r"усього|разом|барлығы|жами|合计|总计|小计|合計|المجموع|الإجمالي)"
)
"""The first letters, in small letters, of rows that hold sums."""
IS_NO_ROW = "is_no_row"


def artefacts(source: Source, table: Table, dialect: Dialect) -> tuple[list[Violation], Source]:
    """Return a violation a kind of such rows, and the table without them.

    Only files have them. A repeated header has the names of at least half of its columns as values; a row of
    totals begins so, and leaves half of what the contract requires empty; an empty line has no value at all.
    """
    stored = _stored_names(source, table, dialect)
    names = {name: stored[name] for name in stored if source.table[name].type().is_string()}
    if not source.has_rows_numbered or len(names) < 2:
        return [], source
    rows = source.table.mutate(**{name: source.table[name].strip().lower().fill_null("") for name in names})
    blank = {name: rows[name] == "" if name in names else rows[name].isnull() for name in stored}
    needed = [name for name in stored if table[name].required and not table[name].nullable]
    kinds = {
        "repeated_header": _at_least_half([rows[name] == folded(names[name]) for name in names]),
        "total_row": reduce(lambda one, other: one | other, (rows[name].re_search(TOTALS) for name in names))
        & (_at_least_half([blank[name] for name in needed]) if needed else ibis.literal(False)),
        "empty_row": reduce(lambda one, other: one & other, blank.values()),
    }
    marked = rows.mutate(**kinds)
    counts = marked.aggregate(**{kind: marked[kind].sum() for kind in kinds}).to_pyarrow().to_pylist()[0]
    present = [kind for kind in kinds if counts[kind]]
    if not present:
        return [], source
    violations = [
        _violation(kind, marked.filter(marked[kind]), int(counts[kind]), table, names, dialect)
        for kind in present
    ]
    return violations, replace(source, table=_others(source, rows, kinds))


def _others(source: Source, rows: ir.Table, kinds: Mapping[str, ir.BooleanValue]) -> ir.Table:
    marked = rows.mutate(**{IS_NO_ROW: reduce(lambda one, other: one | other, kinds.values())})
    there = marked.filter(marked[IS_NO_ROW]).select(SOURCE_FILE, SOURCE_ROW)
    return source.table.anti_join(there, [SOURCE_FILE, SOURCE_ROW])


def _stored_names(source: Source, table: Table, dialect: Dialect) -> dict[str, str]:
    """Return the columns that stand as they are in the file, with their names there."""
    mapping = dialect.tables.get(table.name)
    names = {}
    for name in source.columns:
        made_of = mapping.columns.get(name) if mapping else None
        is_plain = made_of is None or (made_of.column and not made_of.pattern)
        if name in table.names and is_plain:
            names[name] = (made_of.column if made_of else None) or name
    return names


def _at_least_half(conditions: list[ir.BooleanValue]) -> ir.BooleanValue:
    return reduce(add, (condition.cast("int64") for condition in conditions)) * 2 >= len(conditions)


def _violation(
    kind: str, rows: ir.Table, count: int, table: Table, names: Mapping[str, str], dialect: Dialect
) -> Violation:
    sentence = {
        "repeated_header": f"{count:,} rows look like the header once more.",
        "total_row": f"{count:,} rows look like totals.",
        "empty_row": f"{count:,} lines are empty.",
    }[kind]
    first = rows.order_by(SOURCE_FILE, SOURCE_ROW).limit(EXAMPLES)
    shown = first.select(SOURCE_FILE, SOURCE_ROW, *names).to_pyarrow().to_pylist()
    column, words = _where(kind, shown[0], names)
    return Violation(
        table=table.name,
        rule=kind,
        severity=Severity.STRUCTURE,
        rows=count,
        found=sentence,
        expected=f"{table.row} in each row.",
        advice=f'Leave them out: declare "{column}" = {words} under [{table.name}.leave_out] in '
        f"{dialect.file}.",
        examples=tuple(_example(row, names) for row in shown),
    )


def _where(kind: str, row: Mapping[str, str], names: Mapping[str, str]) -> tuple[str, str]:
    """Return the column of the file by which such rows are told, and the words in it."""
    if kind == "empty_row":
        first = next(iter(names))
        return names[first], '[""]'
    if kind == "repeated_header":
        name = next(name for name in names if row[name] == folded(names[name]))
        return names[name], f'["{names[name]}"]'
    name = next((name for name in names if row[name] and not row[name][0].isdigit()), next(iter(names)))
    return names[name], f'["{row[name].split()[0].rstrip(":")}*"]'


def _example(row: Mapping[str, object], names: Mapping[str, str]) -> ExampleRow:
    values: Iterator[tuple[str, object]] = ((name, row[name]) for name in names if row[name])
    return {"file": row[SOURCE_FILE], "row": row[SOURCE_ROW], **dict(list(values)[:3])}
