"""A folder of tables: which files belong to which table, and whether they can be read together."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import ibis
import pyarrow as pa
import pyarrow.parquet as pq
from ibis.backends.duckdb import Backend
from ibis.expr import types as ir

from features.contract import TABLES, Table
from features.contract.violation import Severity, Violation
from features.warehouse.conform import SOURCE_FILE, SOURCE_ROW
from features.warehouse.dialect import Dialect
from features.warehouse.source import Source, did_you_mean, unreadable
from features.warehouse.text_file import UnreadableError, stage

PARQUET = (".parquet",)
TEXT = (".csv", ".csv.gz")
ARCHIVES = (".zip", ".tar", ".tgz", ".tar.gz", ".7z", ".rar")


@dataclass(frozen=True)
class Found:
    """The files of one table, in the order of their names."""

    table: Table
    files: tuple[Path, ...]


def read_folder(
    engine: Backend, folder: Path, *, dialect: Dialect, scratch: Path
) -> tuple[dict[str, Source], list[Violation]]:
    """Read every table of `folder`; return the tables that can be read, and all faults of the rest."""
    sources: dict[str, Source] = {}
    faults = list(_strangers(folder))
    for table in TABLES.values():
        try:
            found = _find(folder, table)
            if found:
                sources[table.name] = _read(engine, found, dialect, scratch)
        except UnreadableError as error:
            faults.extend(error.faults)
    return sources, faults


def _find(folder: Path, table: Table) -> Found | None:
    """A table is one file of its name, or a folder of its name with part files."""
    places = [
        folder / f"{table.name}{ending}"
        for ending in ("", *PARQUET, *TEXT)
        if (folder / f"{table.name}{ending}").exists()
    ]
    if not places:
        return None
    if len(places) > 1:
        raise UnreadableError(
            unreadable(
                table.name,
                f"The table is there {len(places)} times: {', '.join(place.name for place in places)}.",
                expected="one file, or one folder of part files.",
                advice="Remove all but one.",
            )
        )
    files = _parts(places[0], table) if places[0].is_dir() else places
    for file in files:
        _refuse_a_way_out(file, folder, table)
    return Found(table, tuple(files))


def _parts(place: Path, table: Table) -> list[Path]:
    files = sorted(file for file in place.iterdir() if file.name.endswith(PARQUET + TEXT))
    endings = {file.name.endswith(PARQUET) for file in files}
    if len(endings) != 1:
        raise UnreadableError(
            unreadable(
                table.name,
                f"The folder {place.name} holds {'both Parquet and CSV' if files else 'no'} files.",
                expected="part files of one kind, Parquet or CSV.",
                advice="Leave only the parts of this table there.",
            )
        )
    return files


def _refuse_a_way_out(file: Path, folder: Path, table: Table) -> None:
    if not file.resolve().is_relative_to(folder.resolve()):
        raise UnreadableError(
            unreadable(
                table.name,
                f"{file.name} is a link that leads out of the folder.",
                expected="the file itself.",
                advice="Copy the file into the folder.",
            )
        )


def _read(engine: Backend, found: Found, dialect: Dialect, scratch: Path) -> Source:
    if found.files[0].name.endswith(PARQUET):
        _refuse_unlike_parts(found)
        return Source(_scan(engine, found.files, found.table), _form("Parquet", found))
    into = scratch / found.table.name
    into.mkdir()
    staged = tuple(_staged(engine, found, dialect, into))
    _refuse_unlike_parts(Found(found.table, staged))
    return Source(engine.read_parquet([str(file) for file in staged]), _form("CSV", found))


def _staged(engine: Backend, found: Found, dialect: Dialect, into: Path) -> Iterator[Path]:
    faults: list[Violation] = []
    for file in found.files:
        try:
            yield stage(engine, file, table=found.table, dialect=dialect, into=into)
        except UnreadableError as error:
            faults.extend(error.faults)
        except duckdb.Error as error:
            faults.append(_engine_fault(found.table, file.name, error))
    if faults:
        raise UnreadableError(*faults)


def _form(kind: str, found: Found) -> str:
    return kind if len(found.files) == 1 else f"{kind}, {len(found.files)} files"


def _scan(engine: Backend, files: tuple[Path, ...], table: Table) -> ir.Table:
    try:
        scanned = engine.read_parquet([str(file) for file in files], file_row_number=True, filename=True)
    except duckdb.Error as error:
        raise UnreadableError(_engine_fault(table, files[0].name, error)) from error
    return scanned.mutate(
        **{
            SOURCE_FILE: scanned.filename.re_extract(r"[^/]*$", 0),
            SOURCE_ROW: scanned.file_row_number + ibis.literal(1),
        }
    ).drop("filename", "file_row_number")


def _engine_fault(table: Table, file: str, error: duckdb.Error) -> Violation:
    return unreadable(
        table.name,
        f"{file} cannot be read: {str(error).splitlines()[0]}",
        expected="a whole Parquet or CSV file with one kind of line ending.",
        advice="Export or copy it again.",
    )


def _refuse_unlike_parts(found: Found) -> None:
    schemas: list[pa.Schema] = []
    faults: list[Violation] = []
    for file in found.files:
        try:
            schemas.append(pq.read_schema(file))
        except (pa.ArrowException, OSError) as error:
            faults.append(_damaged(found.table, file, error))
            continue
        if (unlike := _difference(schemas[0], schemas[-1])) is not None:
            faults.append(_unlike(found, file, unlike))
    if faults:
        raise UnreadableError(*faults)


def _damaged(table: Table, file: Path, error: Exception) -> Violation:
    return unreadable(
        table.name,
        f"{file.name} is no Parquet file, or not all of one: {str(error).splitlines()[0]}",
        expected="a whole Parquet file.",
        advice="Export or copy it again.",
    )


def _difference(first: pa.Schema, other: pa.Schema) -> str | None:
    """Return the first column that only one of them has, or that they hold in different types."""
    names: list[str] = [*first.names, *other.names]
    for name in names:
        if (
            name not in first.names
            or name not in other.names
            or first.field(name).type != other.field(name).type
        ):
            return name
    return None


def _unlike(found: Found, file: Path, column: str) -> Violation:
    return unreadable(
        found.table.name,
        f"{file.name} and {found.files[0].name} differ in the column {column}.",
        expected="the same columns of the same types in all parts.",
        advice="Export the parts again in one form.",
    )


def _strangers(folder: Path) -> Iterator[Violation]:
    for entry in sorted(folder.iterdir()):
        name = entry.name.split(".")[0]
        if entry.name.endswith(ARCHIVES):
            yield unreadable(
                name,
                f"{entry.name} is an archive; archives are never unpacked here.",
                expected="Parquet or CSV files.",
                advice="Unpack it yourself and look at what it holds.",
            )
        elif entry.name.endswith(PARQUET + TEXT) and name not in TABLES:
            yield Violation(
                table=name,
                rule="known_table",
                severity=Severity.NOTE,
                found=f"{entry.name} is no table of the contract and was passed over.",
                expected=f"one of {', '.join(TABLES)}.",
                advice=did_you_mean(name, TABLES).strip() or "Nothing need be done.",
            )
