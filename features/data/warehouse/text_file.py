"""Read CSV files: byte order marks, encodings, separators, compression, broken lines."""

import codecs
import csv
import glob
import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
from ibis.backends.duckdb import Backend

from features.data.contract import Table
from features.data.contract.violation import Violation
from features.data.mapping.dialect import Dialect
from features.data.mapping.files import SEPARATORS, FileForm
from features.data.warehouse.conform import SOURCE_FILE, SOURCE_ROW
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
from features.data.warehouse.source import UnreadableError, broken_file, unreadable

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
LONGEST_HEADER = 1 << 16
CHUNK = 1 << 20
LARGEST_RATIO = 200
SMALLEST_BOMB = 100 << 20
REJECTS_SHOWN = 5
ENCODINGS = (
    'encoding = "cp1252" for Western Europe, cp1250 for Central Europe, cp1251 for Cyrillic, cp1256 for '
    "Arabic, cp1254 for Turkish, cp932 for Japanese, gb18030 for Chinese"
)


@dataclass(frozen=True)
class Header:
    """The first line of a CSV file, taken apart."""

    separator: str
    columns: tuple[str, ...]


def stage(engine: Backend, path: Path, *, table: Table, dialect: Dialect, into: Path) -> Path:
    """Write a CSV file as Parquet, every value as text, each row with its file and number.

    Returns the Parquet file; raises `UnreadableError` with all that is wrong with the file's form.
    """
    try:
        return _staged(engine, path, table=table, dialect=dialect, into=into)
    except (duckdb.Error, OSError) as error:
        refuse_exhausted_resources(error)
        raise UnreadableError(broken_file(table.name, path.name, error)) from error


def _staged(engine: Backend, path: Path, *, table: Table, dialect: Dialect, into: Path) -> Path:
    plain = _decompressed(path, table, into) if path.suffix == ".gz" else path
    readable = _in_utf8(plain, table, dialect, into, name=path.name)
    header = read_header(readable, table, dialect, name=path.name)
    staged = into / f"{path.name}.parquet"
    _convert(engine, readable, header, staged, form=dialect.files_of(table.name), name=path.name)
    _refuse_broken_lines(engine, table, dialect, path.name)
    return staged


def _decompressed(path: Path, table: Table, into: Path) -> Path:
    plain = into / path.name.removesuffix(".gz")
    most = max(SMALLEST_BOMB, LARGEST_RATIO * path.stat().st_size)
    try:
        with gzip.open(path) as packed, plain.open("wb") as unpacked:
            while chunk := packed.read(CHUNK):
                unpacked.write(chunk)
                if unpacked.tell() > most:
                    raise UnreadableError(_bomb(path, table))
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UnreadableError(
            unreadable(
                table.name,
                f"{path.name} cannot be unpacked: {error}.",
                expected="a whole gzip file.",
                advice="Export or copy it again.",
            )
        ) from error
    return plain


def _bomb(path: Path, table: Table) -> Violation:
    return unreadable(
        table.name,
        f"{path.name} unpacks to more than {LARGEST_RATIO} times its size.",
        expected="a table, which packs 5 to 20 times.",
        advice="If it is yours, unpack it yourself and give the CSV file.",
    )


def _in_utf8(path: Path, table: Table, dialect: Dialect, into: Path, *, name: str) -> Path:
    with path.open("rb") as file:
        start = file.read(4)
    if not start:
        raise UnreadableError(
            unreadable(
                table.name,
                f"{name} is empty.",
                expected="a line with the names of the columns.",
                advice="Export it again; a table without rows still has that line.",
            )
        )
    encoding = marked_encoding(start) or dialect.files_of(table.name).encoding
    if codecs.lookup(encoding).name in ("utf-8", "utf-8-sig", "ascii"):
        return path
    return _transcoded(path, table, encoding, into / f"{name}.utf8", dialect)


def marked_encoding(start: bytes) -> str | None:
    """Return the encoding that the byte order mark of a text says, None where it has none."""
    return next((encoding for mark, encoding in BYTE_ORDER_MARKS if start.startswith(mark)), None)


def _transcoded(path: Path, table: Table, encoding: str, target: Path, dialect: Dialect) -> Path:
    try:
        with (
            path.open(encoding=encoding, newline="") as source,
            target.open("w", encoding="utf-8", newline="") as utf8,
        ):
            while text := source.read(CHUNK):
                utf8.write(text)
    except UnicodeError as error:
        raise UnreadableError(
            unreadable(
                table.name,
                f"{path.name} is not in {encoding}: {error}.",
                expected=f"text in {encoding}.",
                advice=f"Declare its encoding in {dialect.file}, or export it in UTF-8.",
            )
        ) from error
    return target


def read_header(path: Path, table: Table, dialect: Dialect, *, name: str) -> Header:
    """Read the names of the columns; the separator is the one that yields most names that are known.

    Known are those of the contract, and those that the mapping of the table names.
    """
    form = dialect.files_of(table.name)
    start = read_start(path)
    separators = (form.separator,) if form.separator else SEPARATORS
    readings = [Header(mark, line_of(start, mark, form.skip_lines)) for mark in separators]
    if form.names:
        header = min(readings, key=lambda reading: abs(len(reading.columns) - len(form.names)))
        names = named_by_position(len(header.columns), table, dialect, file=name)
        header = Header(header.separator, names)
    else:
        known = known_names(table, dialect)
        header = max(readings, key=lambda reading: count_known(reading.columns, known))
        if not count_known(header.columns, known):
            below = _header_below(start, known, form)
            raise UnreadableError(no_header(header.columns, below, table, dialect, file=name))
    refuse_misnamed_columns(header.columns, table, dialect, file=name)
    return header


def read_start(path: Path) -> str:
    """Return the first characters of a file in UTF-8, its header among them."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        return file.read(LONGEST_HEADER)


def line_of(start: str, separator: str, number: int) -> tuple[str, ...]:
    """Return the values of one line, counted from 0."""
    lines = start.splitlines(keepends=True)[number:]
    try:
        return tuple(next(csv.reader(io.StringIO("".join(lines), newline=""), delimiter=separator), ()))
    except csv.Error:
        return ()


def _header_below(start: str, known: frozenset[str], form: FileForm) -> int | None:
    """Return the number of lines above the one that names most columns, among the first lines of a file."""
    return line_below(
        {
            number: max(count_known(line_of(start, separator, number), known) for separator in SEPARATORS)
            for number in range(form.skip_lines + 1, LINES_SEARCHED)
        }
    )


def _convert(engine: Backend, path: Path, header: Header, staged: Path, *, form: FileForm, name: str) -> None:
    connection = engine.con
    for leftover in ("broken_lines", "broken_scans"):
        connection.execute(f"DROP TABLE IF EXISTS {leftover}")
    rows = connection.read_csv(
        glob.escape(str(path)),
        hive_partitioning=False,
        header=not form.names,
        skiprows=form.skip_lines,
        null_padding=form.short_lines == "fill",
        auto_detect=False,
        columns=dict.fromkeys(header.columns, "VARCHAR"),
        delimiter=header.separator,
        quotechar='"',
        escapechar='"',
        store_rejects=True,
        rejects_table="broken_lines",
        rejects_scan="broken_scans",
        rejects_limit=1000,
    )
    rows.select(
        duckdb.StarExpression(),
        duckdb.ConstantExpression(name).alias(SOURCE_FILE),
        duckdb.SQLExpression("row_number() OVER ()").alias(SOURCE_ROW),
    ).to_parquet(str(staged))


def _refuse_broken_lines(engine: Backend, table: Table, dialect: Dialect, name: str) -> None:
    broken = engine.con.execute(
        "SELECT line, min(error_message) FROM broken_lines GROUP BY line ORDER BY line LIMIT ?",
        [REJECTS_SHOWN],
    ).fetchall()
    if broken:
        raise UnreadableError(*_broken(table, dialect, name, broken))


def _broken(table: Table, dialect: Dialect, name: str, broken: list[tuple[int, str]]) -> Iterator[Violation]:
    for line, message in broken:
        encoding = "unicode" in message
        yield unreadable(
            table.name,
            f"{name}, line {line}: {message}",
            expected="text in UTF-8." if encoding else "as many values as the first line has names.",
            advice=f"Declare the file's encoding in {dialect.file} ({ENCODINGS}), or export it in UTF-8."
            if encoding
            else "Put values that hold a separator or a line break in double quotes. Where the line is a "
            f'title or a remark, declare skip_lines, or short_lines = "fill" and leave_out, under '
            f"[{table.name}] in {dialect.file}.",
        )
