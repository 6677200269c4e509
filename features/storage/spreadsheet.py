"""Export tables to files: Parquet or CSV, by the file's name."""

import csv
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import SettingError
from features.storage.atomic import atomic_file

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001


def write_table(table: pa.Table, path: Path) -> None:
    """Write a table atomically as `.parquet` or `.csv`: the file is there whole or not at all.

    Raises `SettingError` for another ending and `OutputError` where the disk refuses.
    """
    writers = {".parquet": _write_parquet, ".csv": _write_csv}
    if path.suffix not in writers:
        raise SettingError(
            f"'{path.name}' ends in neither .parquet nor .csv.",
            expected="a file name that says how to write the table.",
            advice=f"Name it {path.stem}.parquet or {path.stem}.csv.",
        )
    with atomic_file(path) as fresh:
        writers[path.suffix](table, fresh)


def _write_parquet(table: pa.Table, path: Path) -> None:
    pq.write_table(table, path, compression="zstd")


def _write_csv(table: pa.Table, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(map(inert, table.column_names))
        for batch in table.to_batches():
            writer.writerows(map(inert, row) for row in zip(*(c.to_pylist() for c in batch), strict=True))


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
