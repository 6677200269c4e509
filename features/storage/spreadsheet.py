"""Export tables: as Parquet, CSV or XLSX, to files by their name or as bytes; several as one workbook."""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import SettingError
from features.storage.atomic import STANDARD_OUTPUT, output_file
from features.storage.csv_file import CsvForm, csv_blocks

MOST_ROWS = 1_048_575
"""The rows of a sheet of XLSX below its header."""
ROWS_A_BLOCK = 10_000
"""Rows of CSV that are in memory at once."""
WIDEST = 60
"""Characters that a column of a sheet is wide at most; the rest of a longer text is out of sight."""


@dataclass(frozen=True)
class Sheet:
    """A table as a sheet of a workbook; `formats` says how numbers of a column are shown, such as `#,##0`."""

    name: str
    table: pa.Table
    formats: Mapping[str, str] = field(default_factory=dict)


def write_table(table: pa.Table, path: Path) -> None:
    """Write a table atomically as `.parquet`, `.csv` or `.xlsx`: the file is there whole or not at all.

    The path `-` is standard output, which gets CSV; its form is that of `CsvForm.read`. Raises `SettingError`
    for another ending and `OutputError` where the disk refuses.
    """
    ending = ".csv" if path == STANDARD_OUTPUT else path.suffix
    if ending not in WRITERS:
        raise SettingError(
            f"'{path.name}' ends in none of {', '.join(WRITERS)}.",
            expected="a file name that says how to write the table.",
            advice=f"Name it {path.stem}.parquet, {path.stem}.csv or {path.stem}.xlsx.",
        )
    with output_file(path) as file:
        WRITERS[ending](table, file)


def write_records(kind: type, records: Sequence[Any], path: Path) -> None:
    """Write dataclasses of one kind as a table, a row each, as `write_table` does.

    The columns are there also without a record; several names in one field have spaces between them.
    """
    columns = {each.name: [getattr(record, each.name) for record in records] for each in fields(kind)}
    written = {
        name: [" ".join(value) if isinstance(value, tuple) else value for value in column]
        for name, column in columns.items()
    }
    write_table(pa.table(written), path)


def write_workbook(
    sheets: Sequence[Sheet], path: Path, *, progress: Callable[[int, int], None] = lambda done, total: None
) -> None:
    """Write tables atomically as the sheets of one `.xlsx` file, calling `progress` with the rows written.

    The path `-` is standard output. Raises `SettingError` for another ending or more rows than a sheet has,
    `OutputError` where the disk refuses.
    """
    require_xlsx(path)
    with output_file(path) as file:
        _write_book(sheets, file, progress)


def require_xlsx(path: Path) -> None:
    """Raise `SettingError` unless a file is named as a workbook, or `-`."""
    if path.suffix != ".xlsx" and path != STANDARD_OUTPUT:
        raise SettingError(
            f"'{path.name}' does not end in .xlsx.",
            expected="the name of a workbook, which has several sheets.",
            advice=f"Name it {path.stem}.xlsx.",
        )


def require_room(rows: int) -> None:
    """Raise `SettingError` for more rows than a sheet has."""
    if rows > MOST_ROWS:
        raise SettingError(
            f"{rows:,} rows do not fit in a sheet of a spreadsheet.",
            expected=f"at most {MOST_ROWS:,} below the header.",
            advice="Write the table as .parquet or .csv, such as by audit-yield score --out ranking.parquet.",
        )


def table_bytes(table: pa.Table, ending: str) -> bytes:
    """Return a table as the content of a file with such an ending: `.parquet`, `.csv` or `.xlsx`."""
    content = io.BytesIO()
    WRITERS[ending](table, content)
    return content.getvalue()


def _write_parquet(table: pa.Table, file: BinaryIO) -> None:
    pq.write_table(table, file, compression="zstd")


def _write_csv(table: pa.Table, file: BinaryIO) -> None:
    form = CsvForm.read()
    file.writelines(csv_blocks(_parts(table), form))


def _parts(table: pa.Table) -> Iterator[pa.Table]:
    """Yield a table in parts of some thousand rows, at least one."""
    yield table.slice(0, ROWS_A_BLOCK)
    for start in range(ROWS_A_BLOCK, table.num_rows, ROWS_A_BLOCK):
        yield table.slice(start, ROWS_A_BLOCK)


def write_rows(table: pa.Table, file: BinaryIO) -> None:
    """Write a table to an open file as a workbook of one sheet; raises `SettingError` for too many rows."""
    _write_book([Sheet("rows", table)], file, lambda done, total: None)


def _write_book(sheets: Sequence[Sheet], file: BinaryIO, progress: Callable[[int, int], None]) -> None:
    from openpyxl import Workbook  # where it is needed: it takes a fifth of a second to import

    book = Workbook(write_only=True)
    total = sum(sheet.table.num_rows for sheet in sheets)
    done = 0
    for sheet in sheets:
        for _ in _rows_added(book.create_sheet(sheet.name), sheet):
            done += 1
            if done % 1000 == 0:
                progress(done, total)
    book.save(file)


def _rows_added(page: Any, sheet: Sheet) -> Iterator[None]:
    """Fill a page of a workbook row by row; its header is frozen and filters.

    A text is a text whatever it begins with.
    """
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    from openpyxl.utils import get_column_letter

    table = sheet.table
    require_room(table.num_rows)
    letters = [get_column_letter(column) for column in range(1, table.num_columns + 1)]
    for letter, name in zip(letters, table.column_names, strict=True):
        page.column_dimensions[letter].width = _width(name, table[name])
    page.freeze_panes = "A2"
    if letters:
        page.auto_filter.ref = f"A1:{letters[-1]}{table.num_rows + 1}"

    def cell(value: object, number_format: str | None) -> object:
        if isinstance(value, str):
            text = WriteOnlyCell(page, ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", value))
            text.data_type = "s"  # not "f", for a formula
            return text
        if number_format is None or value is None:
            return value
        number = WriteOnlyCell(page, value)
        number.number_format = number_format
        return number

    page.append([cell(name, None) for name in table.column_names])
    formats = [sheet.formats.get(name) for name in table.column_names]
    for batch in table.to_batches():
        for row in zip(*(c.to_pylist() for c in batch), strict=True):
            page.append(list(map(cell, row, formats)))
            yield


def _width(name: str, column: pa.ChunkedArray) -> int:
    """Return the width of a column in characters: of its name, and of the first of its texts and days."""
    first = [value for value in column.slice(0, 100).to_pylist() if isinstance(value, str | date)]
    return min(WIDEST, max(map(len, [name, *map(str, first)])) + 4)  # with room for the filter's arrow


WRITERS: Mapping[str, Callable[[pa.Table, BinaryIO], None]] = {
    ".parquet": _write_parquet,
    ".csv": _write_csv,
    ".xlsx": write_rows,
}
"""How a table is written, by the ending of a file's name."""
