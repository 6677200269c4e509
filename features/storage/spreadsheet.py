"""Export tables: as Parquet, CSV or XLSX, to files by their name or as bytes."""

import csv
import io
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import SettingError
from features.storage.atomic import atomic_file

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001


def write_table(table: pa.Table, path: Path) -> None:
    """Write a table atomically as `.parquet`, `.csv` or `.xlsx`: the file is there whole or not at all.

    The path `-` is standard output, which gets CSV. Raises `SettingError` for another ending and
    `OutputError` where the disk refuses.
    """
    if str(path) == "-":
        _write_csv(table, sys.stdout.buffer)
        return
    if path.suffix not in WRITERS:
        raise SettingError(
            f"'{path.name}' ends in none of {', '.join(WRITERS)}.",
            expected="a file name that says how to write the table.",
            advice=f"Name it {path.stem}.parquet, {path.stem}.csv or {path.stem}.xlsx.",
        )
    with atomic_file(path) as fresh, fresh.open("wb") as file:
        WRITERS[path.suffix](table, file)


def table_bytes(table: pa.Table, ending: str) -> bytes:
    """Return a table as the content of a file with such an ending: `.parquet`, `.csv` or `.xlsx`."""
    content = io.BytesIO()
    WRITERS[ending](table, content)
    return content.getvalue()


def _write_parquet(table: pa.Table, file: BinaryIO) -> None:
    pq.write_table(table, file, compression="zstd")


def _write_csv(table: pa.Table, file: BinaryIO) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    writer = csv.writer(text)
    writer.writerow(map(inert, table.column_names))
    for batch in table.to_batches():
        writer.writerows(map(inert, row) for row in zip(*(c.to_pylist() for c in batch), strict=True))
    text.flush()
    text.detach()


def _write_xlsx(table: pa.Table, file: BinaryIO) -> None:
    """Write one sheet, its header frozen; a text is a text whatever it begins with."""
    from openpyxl import Workbook  # where it is needed: it takes a fifth of a second to import
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    book = Workbook(write_only=True)
    sheet = book.create_sheet("rows")
    sheet.freeze_panes = "A2"

    def cell(value: object) -> object:
        if not isinstance(value, str):
            return value
        text = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", value))
        text.data_type = "s"  # not "f", for a formula
        return text

    sheet.append([cell(name) for name in table.column_names])
    for batch in table.to_batches():
        for row in zip(*(c.to_pylist() for c in batch), strict=True):
            sheet.append([cell(value) for value in row])
    book.save(file)


WRITERS: Mapping[str, Callable[[pa.Table, BinaryIO], None]] = {
    ".parquet": _write_parquet,
    ".csv": _write_csv,
    ".xlsx": _write_xlsx,
}
"""How a table is written, by the ending of a file's name."""


def inert(value: object) -> object:
    """Return a cell value that no spreadsheet takes for a formula: an apostrophe makes it text."""
    if isinstance(value, str) and value.startswith(FORMULA_STARTS) and not _is_number(value):
        return f"'{value}"
    return value


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True
