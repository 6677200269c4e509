"""The findings ledger as files: a row is added to a copy beside the file, which then takes its place."""

import csv
import gzip
import io
import os
import shutil
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from features.data.contract import TABLES
from features.data.mapping import Dialect, TableMapping
from features.data.mapping.files import SEPARATORS
from features.data.mapping.patterns import written_day
from features.data.warehouse.text_file import marked_encoding
from features.storage.atomic import atomic_file
from serving.live.submitted import Row
from serving.problems import ProblemError, ProblemKind

FINDINGS = TABLES["findings"]
OWN_PART = "recorded"
"""The part file of outcomes recorded here, where the ledger is a folder of parts."""


def append(folder: Path, row: Row, *, dialect: Dialect) -> None:
    """Add a row to the findings of a folder; a reader sees the ledger without or with it, also after a kill.

    The format of the files stays: Parquet's types, or the encoding, separator, decimal mark and dates of CSV.
    Raises `ProblemError` where the ledger has no column for a value or is mapped from another form,
    `OutputError` where the disk refuses.
    """
    _require_contract_form(dialect)
    file = _file(folder)
    if file is None:
        raise ProblemError(
            ProblemKind.REFUSED,
            "The findings are in a spreadsheet, into which no outcome is written.",
            expected="a ledger of findings in Parquet or CSV.",
            advice="Save the sheet as findings.csv, and remove the spreadsheet.",
        )
    template = (
        file if file.exists() else next(each for each in sorted(file.parent.iterdir()) if _is_part(each))
    )
    row = {**row, **({dialect.currency_column: dialect.currency} if dialect.currency_column else {})}
    write = _write_parquet if file.name.endswith(".parquet") else _write_csv
    with atomic_file(file, advice="Free some space; the ledger is as it was.") as fresh:
        write(row, template, fresh, keep=template == file, dialect=dialect)
        shutil.copymode(template, fresh)
        with fresh.open("rb") as written:
            os.fsync(written.fileno())


def _require_contract_form(dialect: Dialect) -> None:
    """Refuse a ledger that a mapping reads by other names, or lacks: nothing is written back."""
    if FINDINGS.name in dialect.tables and dialect.tables[FINDINGS.name] != TableMapping(
        form=dialect.tables[FINDINGS.name].form, file_form=dialect.tables[FINDINGS.name].file_form
    ):
        raise ProblemError(
            ProblemKind.REFUSED,
            f"The findings are mapped from a source of another form by {dialect.file}.",
            expected="a ledger of findings with the columns of the data contract.",
            advice="Bring the findings into a file of the contract's columns, and remove [findings] from "
            "the mapping.",
        )


def _file(folder: Path) -> Path | None:
    path = folder / "findings"
    if path.is_dir():
        endings = ("".join(each.suffixes) for each in sorted(path.iterdir()) if _is_part(each))
        ending = next(endings, None)
        return path / f"{OWN_PART}{ending}" if ending else None
    return next((each for each in sorted(folder.glob("findings.*")) if _is_part(each)), None)


def _is_part(path: Path) -> bool:
    return not path.name.startswith(".") and path.name.endswith((".parquet", ".csv", ".csv.gz"))


def _write_parquet(row: Row, template: Path, fresh: Path, *, keep: bool, dialect: Dialect) -> None:
    table = pq.read_table(template, partitioning=None)
    values = _values_by_column(row, table.column_names, optional=dialect.currency_column)
    columns = [_as_type(values[field.name], field.type, dialect) for field in table.schema]
    added = pa.table(columns, schema=table.schema)
    pq.write_table(pa.concat_tables([table, added]) if keep else added, fresh, compression="zstd")


def _as_type(value: object, column_type: pa.DataType, dialect: Dialect) -> pa.Array:
    """Return a value in the type of its column; text is written as the dialect has it."""
    if pa.types.is_string(column_type) or pa.types.is_large_string(column_type):
        return pa.array([None if value is None else _format(value, dialect)], column_type)
    return pa.array([value]).cast(column_type)


def _write_csv(row: Row, template: Path, fresh: Path, *, keep: bool, dialect: Dialect) -> None:
    is_gzip, files = template.name.endswith(".gz"), dialect.files_of(FINDINGS.name)
    content = gzip.decompress(template.read_bytes()) if is_gzip else template.read_bytes()
    encoding = marked_encoding(content) or files.encoding
    text = content.decode(encoding)
    end = "\r\n" if "\r\n" in text else "\n"
    text = text if text.endswith(end) else text + end
    first = text[: text.index(end)]
    separator, names = _header(first)
    values = _values_by_column(row, names, optional=dialect.currency_column)
    line = io.StringIO()
    csv.writer(line, delimiter=separator, lineterminator=end).writerow(
        [_format(values[name], dialect) for name in names]
    )
    content = ((text if keep else first + end) + line.getvalue()).encode(encoding)
    fresh.write_bytes(gzip.compress(content, mtime=0) if is_gzip else content)


def _header(line: str) -> tuple[str, list[str]]:
    """Return separator and names of a header: the separator that yields most names of the contract."""
    readings = [(separator, next(csv.reader([line], delimiter=separator))) for separator in SEPARATORS]
    return max(readings, key=lambda reading: len(set(reading[1]) & set(FINDINGS.names)))


def _values_by_column(row: Row, names: list[str], *, optional: str | None) -> Row:
    """Return the values by column; a value without a column would be lost."""
    missing = [name for name, value in row.items() if value is not None and name not in (*names, optional)]
    if missing:
        raise missing_columns_problem(missing)
    return {name: row.get(name) for name in names}


def missing_columns_problem(names: list[str]) -> ProblemError:
    """Return the problem of a ledger that lacks columns for an outcome."""
    return ProblemError(
        ProblemKind.REFUSED,
        f"The ledger has no column {', '.join(names)}.",
        expected="the columns of the data contract, known_on among them: without it a finding would count as"
        " known before it was recorded.",
        advice="Add the columns to the ledger, empty for earlier rows.",
    )


def _format(value: object, dialect: Dialect) -> str:
    match value:
        case None:
            return ""
        case date():
            return written_day(value, dialect.table_form(FINDINGS.name))
        case float():
            return repr(value).replace(".", dialect.table_form(FINDINGS.name).decimal)
        case _:
            return str(value)
