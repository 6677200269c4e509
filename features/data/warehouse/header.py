"""Headers: the line of a file, or of a sheet, that names its columns."""

from collections.abc import Mapping, Sequence

from features.data.contract import Table
from features.data.contract.violation import Violation
from features.data.mapping.code_list import folded
from features.data.mapping.dialect import Dialect
from features.data.warehouse.source import UnreadableError, name_faults, unreadable

LINES_SEARCHED = 30
"""Lines of a file among which its header is looked for, to say where it is."""


def known_names(table: Table, dialect: Dialect) -> frozenset[str]:
    """Return the names of the contract, and those that the mapping of the table names."""
    mapping = dialect.tables.get(table.name)
    mapped = (*mapping.source_columns, *mapping.ignore) if mapping else ()
    return frozenset(table.names) | {folded(name) for name in mapped}


def count_known(columns: Sequence[str], known: frozenset[str]) -> int:
    """Return how many of the columns are known, each name once: a name of the contract in its own case."""
    return len({name for name in columns if name in known or (folded(name) in known)})


def named_by_position(count: int, table: Table, dialect: Dialect, *, file: str) -> tuple[str, ...]:
    """Return the names that a mapping gives to columns by their position, of which there are `count`."""
    names = dialect.files_of(table.name).names
    if count != len(names):
        raise UnreadableError(
            unreadable(
                table.name,
                f"{file} has {count} columns, and the mapping names {len(names)} by position.",
                expected="a name for each column.",
                advice=f"Correct names under [{table.name}] in {dialect.file}, or declare separator there.",
            )
        )
    return names


def line_below(counts: Mapping[int, int]) -> int | None:
    """Return the number of lines above the one that names most columns; `counts` are names known by line."""
    number = max(counts, key=lambda each: counts[each], default=None)
    return number if number is not None and counts[number] > 1 else None


def no_header(
    columns: Sequence[str], below: int | None, table: Table, dialect: Dialect, *, file: str
) -> Violation:
    """Return the fault that a line names no column; `below` is the number of lines above one that does."""
    shown = ", ".join(columns)[:80].encode("unicode_escape").decode()
    return unreadable(
        table.name,
        f"{file} starts with '{shown}', where no column of the contract is named.",
        expected=f"a first line with names such as {', '.join(table.names[:3])}.",
        advice=f"Line {below + 1} names columns: {dialect.setting(f'skip_lines = {below}', table=table.name)}"
        if below
        else f"Add the line, declare the file's encoding in {dialect.file}, or map its columns there under "
        f"[{table.name}.columns].",
    )


def refuse_misnamed_columns(names: Sequence[str], table: Table, dialect: Dialect, *, file: str) -> None:
    """Raise `UnreadableError` where names of columns cannot be used."""
    if faults := tuple(name_faults(table, names, subject=file, file=dialect.file)):
        raise UnreadableError(*faults)
