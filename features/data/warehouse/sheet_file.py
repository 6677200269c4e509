"""Read spreadsheets: sheets, merged cells, real days and numbers beside those in text."""

import contextlib
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from features.data.contract import Table
from features.data.contract.violation import Violation
from features.data.mapping.code_list import folded
from features.data.mapping.dialect import Dialect
from features.data.mapping.form import Form
from features.data.mapping.patterns import written_day
from features.data.warehouse.conform import LARGEST_WHOLE_FLOAT, SOURCE_FILE, SOURCE_ROW
from features.data.warehouse.engine import refuse_exhausted_resources
from features.data.warehouse.header import (
    LINES_SEARCHED,
    count_known,
    known_names,
    line_below,
    named_by_position,
    no_header,
    refuse_misnamed_columns,
)
from features.data.warehouse.parts import LARGEST_RATIO, SMALLEST_BOMB
from features.data.warehouse.source import UnreadableError, broken_file, unreadable
from features.errors import listed

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

SHEETS = (".xlsx", ".xlsm")
"""Endings of spreadsheets."""
MOST_CELLS = 50_000_000
"""Cells between the first and the last of a sheet: its reader holds them all, filled or not, in 32 bytes."""
COLUMN_LETTERS = re.compile(rb"""\sr=["']([A-Z]+)""")
LINE_NUMBER = re.compile(rb"""\sr=["'][A-Z]*([0-9]+)["']""")
"""Of the addresses of cells, in two: to find both at once takes twice as long."""
LONGEST_ADDRESS = 32
CHUNK = 1 << 20
ROWS_AT_ONCE = 20_000

Cell = str | float | bool | date | None
Rows = Iterator[Sequence[Cell]]


def stage_sheet(path: Path, *, table: Table, dialect: Dialect, into: Path) -> Path:
    """Write a sheet as Parquet, every value as text, each row with its file and number.

    Days and numbers that are such to the spreadsheet are written in the form that the mapping declares for
    their column, so that they are read beside others that are text. Returns the Parquet file; raises
    `UnreadableError` with all that is wrong with the file's form.
    """
    with open_workbook(path, table=table.name) as book:
        sheet = book.get_sheet_by_name(_sheet_name(book, path, table, dialect))
        rows, names = _named(sheet_rows(sheet), path, table, dialect)
        return _write(rows, names, path, table=table, dialect=dialect, into=into)


@contextlib.contextmanager
def open_workbook(path: Path, *, table: str) -> Iterator["CalamineWorkbook"]:
    """Open a workbook; raise `UnreadableError`, as a fault of `table`, where it cannot be read to its end."""
    from python_calamine import CalamineError, load_workbook

    try:
        _refuse_bomb(path, table)
        with load_workbook(path) as book:
            yield book
    except (CalamineError, OSError) as error:
        refuse_exhausted_resources(error)
        raise UnreadableError(broken_file(table, path.name, error)) from error


def sheet_names(book: "CalamineWorkbook") -> list[str]:
    """Return the names of the sheets that a reader of the workbook sees."""
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    return [
        sheet.name
        for sheet in book.sheets_metadata
        if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible
    ]


def sheet_rows(sheet: "CalamineSheet") -> Rows:
    """Yield the lines of a sheet, its first among them; a merged cell has its value in each that it spans."""
    top, left = sheet.start or (0, 0)
    merged = {
        (line, first[1]): first
        for first, last in sheet.merged_cell_ranges or []
        if left <= first[1] < left + sheet.width
        for line in range(first[0] + 1, last[0] + 1)
    }
    values: dict[tuple[int, int], Cell] = {}
    starts, columns = set(merged.values()), {column for _, column in merged}
    empty: list[Cell] = [None] * sheet.width
    yield from ([*empty] for _ in range(top))
    for number, row in enumerate(sheet.iter_rows(), start=top):
        cells: list[Cell] = list(row)  # type: ignore[arg-type]
        for column in columns:
            if (number, column) in starts:
                values[number, column] = cells[column - left]
            elif (number, column) in merged:
                cells[column - left] = values.get(merged[number, column])
        yield cells


def _sheet_name(book: "CalamineWorkbook", path: Path, table: Table, dialect: Dialect) -> str:
    """Return the sheet of a table: as the mapping names it, of the table's name, or the only one."""
    names = sheet_names(book)
    declared = dialect.files_of(table.name).sheet
    if declared in book.sheet_names:
        return declared
    alike = [name for name in names if folded(name) == table.name]
    if declared is None and (alike or len(names) == 1):
        return (alike or names)[0]
    holding = f"no sheet '{declared}'" if declared else f"{len(names)} sheets"
    raise UnreadableError(
        unreadable(
            table.name,
            f"{path.name} has {holding}: {listed(names)}.",
            expected="one sheet, one of the table's name, or the name of one in the mapping.",
            advice=f'Declare sheet = "{names[0] if names else table.name}", or another, under [{table.name}] '
            f"in {dialect.file}.",
        )
    )


def _named(rows: Rows, path: Path, table: Table, dialect: Dialect) -> tuple[Rows, list[str | None]]:
    """Return the rows below the names of the columns, and the names; None for a column without any cell."""
    form = dialect.files_of(table.name)
    start = list(islice(rows, form.skip_lines, form.skip_lines + LINES_SEARCHED))
    headers = [_header(row) for row in start]
    if form.names:
        names: Sequence[str] = named_by_position(
            len(start[0]) if start else 0, table, dialect, file=path.name
        )
        return chain(start, rows), list(names)
    known = known_names(table, dialect)
    names = headers[0] if headers else []
    if not count_known(names, known):
        counts = {form.skip_lines + n: count_known(row, known) for n, row in enumerate(headers) if n}
        raise UnreadableError(no_header(names, line_below(counts), table, dialect, file=path.name))
    return chain(start[1:], rows), [name or None for name in names]


def _header(row: Sequence[Cell]) -> list[str]:
    """Return the names in a line of a sheet: on one line each, without blanks around them."""
    return [" ".join(str(cell).split()) if cell is not None else "" for cell in row]


def _write(
    rows: Rows, names: Sequence[str | None], path: Path, *, table: Table, dialect: Dialect, into: Path
) -> Path:
    chunks = _in_text(rows, [_form_of(name, table, dialect) for name in names])
    first = next(chunks, [list[str | None]() for _ in names])
    empty = [index for index, name in enumerate(names) if name is None and not any(first[index])]
    present = [index for index in range(len(names)) if index not in empty]
    columns = [names[index] or "" for index in present]
    refuse_misnamed_columns(columns, table, dialect, file=path.name)
    kinds = {**dict.fromkeys(columns, pa.string()), SOURCE_FILE: pa.string(), SOURCE_ROW: pa.int64()}
    schema = pa.schema(kinds)
    staged, number = into / f"{path.name}.parquet", 0
    with pq.ParquetWriter(staged, schema) as writer:
        for chunk in chain([first], chunks):
            if any(any(chunk[index]) for index in empty):
                refuse_misnamed_columns([name or "" for name in names], table, dialect, file=path.name)
            height = len(chunk[0])
            located = [[path.name] * height, range(number + 1, number + height + 1)]
            writer.write_table(pa.table([*(chunk[index] for index in present), *located], schema=schema))
            number += height
    return staged


def _in_text(rows: Rows, forms: Sequence[Form]) -> Iterator[list[list[str | None]]]:
    """Yield the columns of some rows at a time, every value as text."""
    while chunk := list(islice(rows, ROWS_AT_ONCE)):
        yield [
            [text_of(cell, form) for cell in column]
            for column, form in zip(zip(*chunk, strict=True), forms, strict=True)
        ]


def _form_of(name: str | None, table: Table, dialect: Dialect) -> Form:
    """Return how a mapping says that the values of a column of the source are written."""
    mapping = dialect.tables.get(table.name)
    if mapping is None:
        return dialect.form
    own = folded(name or "")
    made = chain(mapping.columns.values(), *(each.values() for each in mapping.later))
    forms = (each.form for each in made if own in map(folded, each.columns))
    return next(forms, mapping.form)


def text_of(cell: Cell, form: Form) -> str | None:
    """Return a cell as its form writes it; a number of more than 15 digits as a spreadsheet shows it."""
    if isinstance(cell, str):
        return cell or None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float | int):
        is_whole = abs(cell) < LARGEST_WHOLE_FLOAT and cell == int(cell)
        return str(int(cell)) if is_whole else repr(cell).upper().replace(".", form.decimal)
    if isinstance(cell, datetime):
        time = cell.time().isoformat()
        return written_day(cell.date(), form) + (f" {time}" if time != "00:00:00" else "")
    if isinstance(cell, date):
        return written_day(cell, form)
    return None if cell is None else str(cell)


def _refuse_bomb(path: Path, table: str) -> None:
    """Refuse a file that unpacks to more than a table does, or whose first and last cells lie far apart."""
    try:
        with zipfile.ZipFile(path) as parts:
            _refuse_large(parts, path, table)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        RuntimeError,
    ) as error:  # the last where it is encrypted
        raise UnreadableError(broken_file(table, path.name, error)) from error


def _refuse_large(parts: zipfile.ZipFile, path: Path, table: str) -> None:
    most = max(SMALLEST_BOMB, LARGEST_RATIO * path.stat().st_size)
    if sum(part.file_size for part in parts.infolist()) > most:
        raise UnreadableError(_bomb(path, table, f"unpacks to more than {LARGEST_RATIO} times its size"))
    for name in parts.namelist():
        if not name.endswith(".xml") or "sharedStrings" in name:
            continue
        with parts.open(name) as content:
            wide, high = _extent(iter(lambda: content.read(CHUNK), b""))
        if wide * high > MOST_CELLS:
            raise UnreadableError(
                _bomb(path, table, f"has a sheet of {high:,} lines and {wide:,} columns, filled or not")
            )


def _bomb(path: Path, table: str, fault: str) -> Violation:
    return unreadable(
        table,
        f"{path.name} {fault}.",
        expected="a table, which packs 5 to 20 times, of fewer than "
        f"{MOST_CELLS:,} cells between the first and the last.",
        advice="Copy the table alone into a new workbook, or export it as CSV.",
    )


def _extent(chunks: Iterable[bytes]) -> tuple[int, int]:
    """Return the number of the last column and of the last line that the cells of a sheet name."""
    columns, lines, rest = set[bytes](), {0}, b""
    for chunk in chunks:
        text = rest + chunk
        columns.update(COLUMN_LETTERS.findall(text))
        lines = {max(lines | set(map(int, LINE_NUMBER.findall(text))))}
        rest = text[-LONGEST_ADDRESS:]
    return max(map(_column_number, columns), default=0), lines.pop()


def _column_number(letters: bytes) -> int:
    """Return the number of a column by its letters.

    >>> _column_number(b"A"), _column_number(b"AB"), _column_number(b"XFD")
    (1, 28, 16384)
    """
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number
