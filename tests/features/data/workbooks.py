"""Spreadsheets for tests."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from openpyxl import Workbook

from tests.features.tables import Row, column_names

Lines = Sequence[Sequence[object]]


def write_workbook(
    path: Path, sheets: Mapping[str, Lines], *, merged: Iterable[str] = (), hidden: Iterable[str] = ()
) -> Path:
    """Write sheets of lines; `merged` are ranges such as `A1:A2` of the first; return the file."""
    book = Workbook()
    book.remove(book.active)
    for name, lines in sheets.items():
        sheet = book.create_sheet(name)
        for line in lines:
            sheet.append(list(line))
        sheet.sheet_state = "hidden" if name in hidden else "visible"
    for cells in merged:
        book.worksheets[0].merge_cells(cells)
    book.save(path)
    return path


def sheet_lines(rows: list[Row]) -> Lines:
    """Return rows as lines of a sheet, below a line with their names."""
    names = column_names(rows)
    return [[*names], *([row.get(name) for name in names] for row in rows)]
