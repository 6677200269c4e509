"""Tables of a source under the names of the contract, as its mapping declares: columns, rows, versions."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_

import ibis
from ibis.expr import types as ir

from features.data.contract import TABLES, Column, Table
from features.data.contract.violation import Severity, Violation
from features.data.mapping import ColumnMapping, Dialect, TableMapping
from features.data.mapping.code_list import folded
from features.data.mapping.tables import Columns
from features.data.warehouse.conform import SOURCE_FILE, SOURCE_ROW, conform, conform_value, summed
from features.data.warehouse.source import Source, unreadable
from features.errors import did_you_mean, listed

COUNTED = "counted_row"
"""The column in which rows are counted within the rest of their key, from 0."""
ANY_ENDING = "*"
"""The last letter of a word of which only the beginning counts."""
ABOUT_A_VERSION = ("known_on", "amended_by")
"""Columns that say of a later version when and by whom; a row that differs in them alone is none."""


@dataclass(frozen=True)
class MappedTable:
    """A table of a source under the names of the contract, and what stands in the way of that.

    `missing` are columns that the mapping names and the source lacks; `unmapped` are columns of the source
    that nothing is made of and nobody declared as ignored. `is_unordered` is true where rows are to be
    counted and nothing says in which order.
    """

    source: Source
    missing: tuple[str, ...]
    unmapped: tuple[str, ...]
    is_unordered: bool


@dataclass(frozen=True)
class _Rows:
    """Rows as they are stored, and how a column of the contract is read from them."""

    stored: ir.Table
    names: Mapping[str, str]
    """The names of the stored columns, by their names in small letters without blanks around them."""
    table: Table

    def column(self, name: str) -> ir.Column:
        """Return a stored column by its name in any case."""
        return self.stored[self.names[folded(name)]]

    def value(self, name: str, made_of: ColumnMapping) -> ir.Value:
        """Return the values of a column of the contract, as the source writes them where it has them."""
        if made_of.value is not None:
            return ibis.literal(made_of.value)
        if made_of.count:
            return self.stored[COUNTED] + 1
        if made_of.sum:
            parts = [(self.column(each), self.table[name], made_of.form) for each in made_of.sum]
            return summed(parts)
        if made_of.join:
            texts = [self.value(name, part).cast("string") for part in made_of.join]
            return reduce(lambda key, part: key + made_of.by + part, texts)
        value = self.column(made_of.column or name)
        if made_of.pattern is not None:
            return value.cast("string").re_extract(made_of.pattern, 1).nullif("")
        return value


def mapped(stored: Source, table: Table, dialect: Dialect) -> MappedTable:
    """Bring a table of a source to the names of the contract; what is made of missing columns is absent.

    Columns that the mapping does not name, and that have a name of the contract, stay as they are. Letter
    case and blanks around the names of columns do not count.
    """
    mapping, names = dialect.tables[table.name], {folded(name): name for name in stored.columns}
    columns = _first_version(table, mapping, stored.columns)
    wanted = (*mapping.source_columns, *(name for each in columns.values() for name in each.columns))
    missing = tuple(dict.fromkeys(name for name in wanted if folded(name) not in names))
    columns = _readable(columns, missing)
    filtered = _Rows(_filtered(stored.table, mapping, names), names, table)
    order = [names[folded(name)] for name in mapping.order_by if folded(name) in names]
    order += [name for name in (SOURCE_FILE, SOURCE_ROW) if name in stored.table.columns]
    rows = _Rows(_counted(filtered, columns, order), names, table)
    beside = [n for n in stored.table.columns if n in (SOURCE_FILE, SOURCE_ROW, dialect.currency_column)]
    read = {names[folded(name)] for name in (*wanted, *mapping.ignore) if folded(name) in names}
    unmapped = [name for name in stored.columns if name not in {*read, dialect.currency_column}]
    return MappedTable(
        Source(_versions(rows, columns, mapping, missing, beside), stored.form),
        missing,
        () if mapping.ignores_everything else tuple(unmapped),
        any(each.count for each in columns.values()) and not order,
    )


def _first_version(table: Table, mapping: TableMapping, stored: Iterable[str]) -> Columns:
    """Return what each column is made of: as the mapping says, else a stored column of its own name."""
    own = set(map(folded, stored)) - set(map(folded, mapping.ignore))
    others = [name for name in table.names if name not in {*mapping.absent, *mapping.columns}]
    plain = {name: ColumnMapping(column=name, form=mapping.form) for name in others if folded(name) in own}
    return {**mapping.columns, **plain}


def _readable(columns: Columns, missing: Iterable[str]) -> Columns:
    return {name: each for name, each in columns.items() if set(each.columns).isdisjoint(missing)}


def _filtered(stored: ir.Table, mapping: TableMapping, names: Mapping[str, str]) -> ir.Table:
    """Return the rows to keep, without those to leave out."""

    def matching(words: Mapping[str, tuple[str, ...]]) -> list[ir.BooleanValue]:
        there = {names[folded(name)]: each for name, each in words.items() if folded(name) in names}
        return [_is_one_of(stored[name], each) for name, each in there.items()]

    for condition in matching(mapping.keep):
        stored = stored.filter(condition)
    if others := matching(mapping.leave_out):
        stored = stored.filter(~reduce(or_, others))
    return stored


def _is_one_of(value: ir.Value, words: Iterable[str]) -> ir.BooleanValue:
    """Return whether a value is one of some words, begins as `TOTAL*` does, or is empty where `""` is one."""
    text = value.cast("string").strip().lower().fill_null("")
    whole = [word for word in words if not word.endswith(ANY_ENDING)]
    begun = [text.startswith(word[:-1]) for word in words if word.endswith(ANY_ENDING)]
    return reduce(or_, begun, text.isin(whole) if whole else ibis.literal(False))


def _counted(rows: _Rows, columns: Columns, order: list[str]) -> ir.Table:
    """Return the rows with their number within the rest of their key, where a column is such a number."""
    counted = [name for name, each in columns.items() if each.count]
    if not counted:
        return rows.stored
    rest = [
        rows.value(name, columns[name])
        for name in rows.table.key
        if name in columns and name not in counted and columns[name].value is None
    ]
    number = ibis.row_number().over(group_by=rest, order_by=[rows.stored[name] for name in order] or None)
    return rows.stored.mutate(**{COUNTED: number})


def _versions(
    rows: _Rows, columns: Columns, mapping: TableMapping, missing: Iterable[str], beside: list[str]
) -> ir.Table:
    """Return the rows in the columns of the contract: as first declared, then each later version of them.

    An empty value of a later version is the declared one; a row without another is no version.
    """
    later = [_readable(each, missing) for each in mapping.later]
    made = [{name: rows.value(name, each) for name, each in version.items()} for version in (columns, *later)]
    if not later:
        return rows.stored.select(*beside, **made[0])
    kinds = {
        name: _common_kind([version[name] for version in made if name in version]) for name in _all(made)
    }
    first, *changes = ({name: value.cast(kinds[name]) for name, value in version.items()} for version in made)
    empty = {name: ibis.null(kind) for name, kind in kinds.items()}
    declared = rows.stored.select(*beside, **empty | first)
    versions = [declared]
    for number, (change, made_of) in enumerate(zip(changes, later, strict=True), start=1):
        compared = [name for name in change if name in first and name not in ABOUT_A_VERSION]
        differs = [_differs(rows.table[n], (change[n], made_of[n]), (first[n], columns[n])) for n in compared]
        replaced = {n: value.coalesce(first[n]) if n in first else value for n, value in change.items()}
        counted = {"version": ibis.literal(str(number)).cast(kinds["version"])} if "version" in kinds else {}
        changed = rows.stored.filter(reduce(or_, differs, ibis.literal(False)))
        versions.append(changed.select(*beside, **empty | first | counted | replaced))
    return reduce(lambda one, other: one.union(other), versions)


def _all(versions: Iterable[Mapping[str, ir.Value]]) -> list[str]:
    return list(dict.fromkeys(name for version in versions for name in version))


def _common_kind(values: list[ir.Value]) -> ibis.DataType:
    """Return the type of values that are of one type, else text: a union takes no others."""
    kinds = {value.type() for value in values}
    return kinds.pop() if len(kinds) == 1 else ibis.dtype("string")


def _differs(
    column: Column, later: tuple[ir.Value, ColumnMapping], first: tuple[ir.Value, ColumnMapping]
) -> ir.BooleanValue:
    """Return whether a later value is there and, read in its form, is another than the first, or no value."""
    changed = conform_value(later[0], column, later[1].result_form)
    declared = conform_value(first[0], column, first[1].result_form)
    differs = changed.value.notnull() & ~changed.value.identical_to(declared.value)
    return differs if changed.misfit is None else differs | changed.misfit.fill_null(False)


def column_faults(result: MappedTable, table: Table, dialect: Dialect) -> Iterator[Violation]:
    """Yield what a mapping and its source say differently of columns, each kind at once."""
    mapping = dialect.tables[table.name]
    if result.missing:
        hints = (f"'{name}'{_hint(name, result.unmapped)}" for name in result.missing)
        yield unreadable(
            table.name,
            f"The mapping names columns that the source does not have: {', '.join(hints)}.",
            expected="columns of the source, in any case.",
            advice=f"Correct [{table.name}] in {dialect.file}.",
        )
    if result.unmapped:
        written = ", ".join(f'"{name}"' for name in result.unmapped)
        yield Violation(
            table=table.name,
            rule="known_column",
            severity=Severity.STRUCTURE,
            found=f"Columns of the source become nothing: {listed(result.unmapped)}.",
            expected="each column of the source mapped to one of docs/contract.md, or declared as ignored.",
            advice=f"Map them under [{table.name}.columns], or declare ignore = [{written}] under "
            f'[{table.name}] in {dialect.file}; ignore = ["*"] passes over all that is not mapped.',
        )
    if result.is_unordered:
        yield unreadable(
            table.name,
            "Rows are to be counted, and a database has them in no order.",
            expected="order_by, columns that tell the rows of one key apart.",
            advice=f'Declare them under [{table.name}] in {dialect.file}: order_by = ["…"].',
        )
    unused = [name for name in mapping.absent if name in result.source.columns]
    if unused:
        yield unreadable(
            table.name,
            f"The mapping declares absent, and maps: {', '.join(unused)}.",
            expected="a column either absent or made of something.",
            advice=f"Remove it from absent, or from [{table.name}.columns], in {dialect.file}.",
        )


def _hint(name: str, columns: Iterable[str]) -> str:
    hint = did_you_mean(name, columns)
    return f" ({hint.strip()})" if hint else ""


def without_source(sources: Mapping[str, Source], dialect: Dialect) -> dict[str, Source]:
    """Return the tables that a mapping makes of other tables, or declares absent: these have no row."""
    made: dict[str, Source] = {}
    for name, mapping in dialect.tables.items():
        if mapping.derived_from in sources:
            made[name] = _importers(sources[mapping.derived_from or ""], dialect)
        elif mapping.is_absent and sources:
            like = next(iter(sources.values())).table.limit(0)
            table = TABLES[name]
            made[name] = Source(
                like.select(**{each: ibis.null(table[each].kind.ibis) for each in table.key}), "absent"
            )
    return made


def _importers(lines: Source, dialect: Dialect) -> Source:
    """Return each trader of the lines from the day of its first; nothing else is known of it."""
    columns = conform(lines.table, TABLES["declarations"], dialect=dialect)
    rows = lines.table.select(trader_id=columns["trader_id"].value, accepted_on=columns["accepted_on"].value)
    rows = rows.filter(rows.trader_id.notnull(), rows.accepted_on.notnull())
    return Source(
        rows.group_by("trader_id").aggregate(valid_from=rows.accepted_on.min()), "of the declarations"
    )
