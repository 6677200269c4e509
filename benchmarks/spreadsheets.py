"""Benchmark of reading a spreadsheet as a table, against openpyxl reading its cells alone.

    python -P benchmarks/spreadsheets.py [LINES]        # default: 200000

Processor seconds of one process. Ours look for cells far apart, read the sheet, write every cell as text in
the form of its column, and store the table as Parquet; openpyxl, in its mode for reading alone, hands out the
cells one row after another and does no more.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from openpyxl import Workbook, load_workbook

from benchmarks.table import row
from features.data.contract import TABLES
from features.data.mapping import Dialect
from features.data.warehouse.sheet_file import stage_sheet

LINES = 200_000
NAMES = ("declaration_id", "item_number", "accepted_on", "trader_id", "customs_value", "description")
OTHERS = tuple(f"column_{number}" for number in range(14))


def write(path: Path, lines: int) -> None:
    """Write a sheet of twenty columns: texts, numbers, days."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("declarations")
    sheet.append([*NAMES, *OTHERS])
    for number in range(lines):
        day = date(2020, 1, 1) + timedelta(days=number % 1500)
        line = [
            f"D{number // 3}",
            number % 3 + 1,
            day,
            f"00{number % 4001}",
            number / 7,
            f"TILES {number % 997}",
        ]
        sheet.append([*line, *(number * each / 3 for each in range(len(OTHERS)))])
    book.save(path)


def seconds(call: Callable[[], object]) -> float:
    """Return the processor seconds that a call takes."""
    start = time.process_time()
    call()
    return time.process_time() - start


def read_cells(path: Path) -> int:
    """Read every row of the only sheet with openpyxl; return how many there are."""
    return sum(1 for _ in load_workbook(path, read_only=True).active.iter_rows(values_only=True))


def main() -> None:
    """Measure both on the same file."""
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else LINES
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "declarations.xlsx"
        write(path, lines)
        table, dialect = TABLES["declarations"], Dialect()
        ours = seconds(lambda: stage_sheet(path, table=table, dialect=dialect, into=Path(folder)))
        peer = seconds(lambda: read_cells(path))
    row(f"a sheet of {lines:,} lines", ours=ours, peer=peer, against="openpyxl", unit="s", at_most=0.5)


if __name__ == "__main__":
    main()
