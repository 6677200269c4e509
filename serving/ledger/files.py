"""The findings ledger as files: a row is added to a copy beside the file, which then takes its place."""

import csv
import gzip
import io
import os
import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from features.data.contract import TABLES
from features.data.warehouse import Dialect
from features.data.warehouse.text_file import BYTE_ORDER_MARKS, SEPARATORS
from features.storage.atomic import atomic_file
from serving.problems import Kind, ProblemError

FINDINGS = TABLES["findings"]
OWN_PART = "recorded"
"""The part file for what is recorded here, where the ledger is a folder of parts."""
Row = Mapping[str, Any]


def append(folder: Path, row: Row, *, dialect: Dialect) -> None:
    """Add a row to the findings of a folder; a reader sees the ledger without or with it, also after a kill.

    The form of the files is kept: Parquet's types, or the encoding, separator, decimal mark and dates of CSV.
    Raises `ProblemError` where the ledger has no column for a value, `OutputError` where the disk refuses.
    """
    file = _file(folder)
    model = file if file.exists() else next(each for each in sorted(file.parent.iterdir()) if _is_part(each))
    row = {**row, **({dialect.currency_column: dialect.currency} if dialect.currency_column else {})}
    write = _write_parquet if file.name.endswith(".parquet") else _write_csv
    with atomic_file(file, advice="Free some space; the ledger is as it was.") as fresh:
        write(row, model, fresh, keep=model == file, dialect=dialect)
        shutil.copymode(model, fresh)
        _onto_the_disk(fresh)


def _file(folder: Path) -> Path:
    place = folder / "findings"
    if place.is_dir():
        ending = next("".join(each.suffixes) for each in sorted(place.iterdir()) if _is_part(each))
        return place / f"{OWN_PART}{ending}"
    return next(each for each in sorted(folder.glob("findings.*")) if _is_part(each))


def _is_part(path: Path) -> bool:
    return not path.name.startswith(".") and path.name.endswith((".parquet", ".csv", ".csv.gz"))


def _onto_the_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _write_parquet(row: Row, model: Path, fresh: Path, *, keep: bool, dialect: Dialect) -> None:
    known = pq.read_table(model, partitioning=None)
    values = _placed(row, known.column_names, optional=dialect.currency_column)
    columns = [_as(values[field.name], field.type, dialect) for field in known.schema]
    added = pa.table(columns, schema=known.schema)
    pq.write_table(pa.concat_tables([known, added]) if keep else added, fresh, compression="zstd")


def _as(value: object, kind: pa.DataType, dialect: Dialect) -> pa.Array:
    """Return a value in the type of its column; text is written as the dialect has it."""
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return pa.array([None if value is None else _written(value, dialect)], kind)
    return pa.array([value]).cast(kind)


def _write_csv(row: Row, model: Path, fresh: Path, *, keep: bool, dialect: Dialect) -> None:
    packed = model.name.endswith(".gz")
    content = gzip.decompress(model.read_bytes()) if packed else model.read_bytes()
    encoding = next((each for mark, each in BYTE_ORDER_MARKS if content.startswith(mark)), dialect.encoding)
    text = content.decode(encoding)
    end = "\r\n" if "\r\n" in text else "\n"
    text = text if text.endswith(end) else text + end
    first = text[: text.index(end)]
    separator, names = _header(first)
    values = _placed(row, names, optional=dialect.currency_column)
    line = io.StringIO()
    csv.writer(line, delimiter=separator, lineterminator=end).writerow(
        [_written(values[name], dialect) for name in names]
    )
    content = ((text if keep else first + end) + line.getvalue()).encode(encoding)
    fresh.write_bytes(gzip.compress(content, mtime=0) if packed else content)


def _header(line: str) -> tuple[str, list[str]]:
    """The separator is the one that yields most names of the contract, as where tables are read."""
    readings = [(separator, next(csv.reader([line], delimiter=separator))) for separator in SEPARATORS]
    return max(readings, key=lambda reading: len(set(reading[1]) & set(FINDINGS.names)))


def _placed(row: Row, names: list[str], *, optional: str | None) -> Row:
    """Return the values by column; a value without a column would be lost."""
    homeless = [name for name, value in row.items() if value is not None and name not in (*names, optional)]
    if homeless:
        raise without_column(homeless)
    return {name: row.get(name) for name in names}


def without_column(names: list[str]) -> ProblemError:
    """Return the problem of a ledger that lacks columns for what is to be recorded."""
    return ProblemError(
        Kind.REFUSED,
        f"The ledger has no column {', '.join(names)}.",
        expected="the columns of the data contract, known_on among them: without it a finding would count as"
        " known before it was recorded.",
        advice="Add the columns to the ledger, empty for earlier rows.",
    )


def _written(value: object, dialect: Dialect) -> str:
    match value:
        case None:
            return ""
        case date():
            parts = {"yyyy": f"{value.year:04}", "mm": f"{value.month:02}", "dd": f"{value.day:02}"}
            text = dialect.dates
            for mark, part in parts.items():
                text = text.replace(mark, part)
            return text
        case float():
            return repr(value).replace(".", dialect.decimal)
        case _:
            return str(value)
