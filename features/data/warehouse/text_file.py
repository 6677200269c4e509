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
from features.data.warehouse.conform import SOURCE_FILE, SOURCE_ROW
from features.data.warehouse.dialect import Dialect
from features.data.warehouse.engine import refuse_exhausted_resources
from features.data.warehouse.source import UnreadableError, broken_file, name_faults, unreadable

SEPARATORS = (",", ";", "\t", "|")
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
    header = read_header(readable, table, name=path.name)
    staged = into / f"{path.name}.parquet"
    _convert(engine, readable, header, staged, name=path.name)
    _refuse_broken_lines(engine, table, path.name)
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
    marked = (encoding for mark, encoding in BYTE_ORDER_MARKS if start.startswith(mark))
    encoding = next(marked, dialect.encoding)
    if codecs.lookup(encoding).name in ("utf-8", "utf-8-sig", "ascii"):
        return path
    return _transcoded(path, table, encoding, into / f"{name}.utf8")


def _transcoded(path: Path, table: Table, encoding: str, target: Path) -> Path:
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
                advice="Declare its encoding in dialect.toml, or export it in UTF-8.",
            )
        ) from error
    return target


def read_header(path: Path, table: Table, *, name: str) -> Header:
    """Read the names of the columns; the separator is the one that yields most names of the contract."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        start = file.read(LONGEST_HEADER)
    readings = [Header(separator, _first_line(start, separator)) for separator in SEPARATORS]
    header = max(readings, key=lambda reading: len(set(reading.columns) & set(table.names)))
    if not set(header.columns) & set(table.names):
        raise UnreadableError(_no_header(table, name, header))
    if faults := tuple(name_faults(table, header.columns, subject=name)):
        raise UnreadableError(*faults)
    return header


def _first_line(start: str, separator: str) -> tuple[str, ...]:
    try:
        return tuple(next(csv.reader(io.StringIO(start, newline=""), delimiter=separator), ()))
    except csv.Error:
        return ()


def _no_header(table: Table, name: str, header: Header) -> Violation:
    shown = ", ".join(header.columns)[:80].encode("unicode_escape").decode()
    return unreadable(
        table.name,
        f"{name} starts with '{shown}', where no column of the contract is named.",
        expected=f"a first line with names such as {', '.join(table.names[:3])}.",
        advice="Add the line, or declare the file's encoding in dialect.toml.",
    )


def _convert(engine: Backend, path: Path, header: Header, staged: Path, *, name: str) -> None:
    connection = engine.con
    for leftover in ("broken_lines", "broken_scans"):
        connection.execute(f"DROP TABLE IF EXISTS {leftover}")
    rows = connection.read_csv(
        glob.escape(str(path)),
        hive_partitioning=False,
        header=True,
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


def _refuse_broken_lines(engine: Backend, table: Table, name: str) -> None:
    broken = engine.con.execute(
        "SELECT line, min(error_message) FROM broken_lines GROUP BY line ORDER BY line LIMIT ?",
        [REJECTS_SHOWN],
    ).fetchall()
    if broken:
        raise UnreadableError(*_broken(table, name, broken))


def _broken(table: Table, name: str, broken: list[tuple[int, str]]) -> Iterator[Violation]:
    for line, message in broken:
        encoding = "unicode" in message
        yield unreadable(
            table.name,
            f"{name}, line {line}: {message}",
            expected="text in UTF-8." if encoding else "as many values as the first line has names.",
            advice="Declare the file's encoding in dialect.toml, or export it in UTF-8."
            if encoding
            else "Put values that hold a separator or a line break in double quotes.",
        )
