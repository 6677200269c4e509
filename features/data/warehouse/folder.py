"""A folder of tables: which files belong to which table, and whether they can be read together."""

import glob
from collections.abc import Iterator
from pathlib import Path

import duckdb
import ibis
from ibis.backends.duckdb import Backend
from ibis.expr import types as ir

from features.data.contract import TABLES, Table
from features.data.contract.violation import Severity, Violation
from features.data.warehouse.conform import SOURCE_FILE, SOURCE_ROW
from features.data.warehouse.dialect import Dialect
from features.data.warehouse.parts import Found, read_schemas, refuse_misnamed, refuse_unlike
from features.data.warehouse.source import ENGINE_ROW, Source, UnreadableError, broken_file, unreadable
from features.data.warehouse.text_file import stage
from features.errors import did_you_mean

PARQUET = (".parquet",)
TEXT = (".csv", ".csv.gz")
OTHER_TEXT = (".tsv", ".txt", ".xlsx", ".xls", ".parq", ".gz")
ARCHIVES = (".zip", ".tar", ".tgz", ".tar.gz", ".7z", ".rar")


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
        _refuse_other_than_files(file, folder, table)
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


def _refuse_other_than_files(file: Path, folder: Path, table: Table) -> None:
    """A pipe would be waited for without end; a link may lead to what nobody meant to hand over."""
    if not file.is_file():
        raise UnreadableError(
            unreadable(
                table.name,
                f"{file.name} is no file.",
                expected="a file, or one folder of part files.",
                advice="Export it again.",
            )
        )
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
        return Source(_scan(engine, found), _form("Parquet", found))
    into = scratch / found.table.name
    into.mkdir()
    staged = tuple(_staged(engine, found, dialect, into))
    refuse_unlike(found, read_schemas(found.table, staged))
    return Source(_opened(engine, staged), _form("CSV", found))


def _staged(engine: Backend, found: Found, dialect: Dialect, into: Path) -> Iterator[Path]:
    faults: list[Violation] = []
    for file in found.files:
        try:
            yield stage(engine, file, table=found.table, dialect=dialect, into=into)
        except UnreadableError as error:
            faults.extend(error.faults)
    if faults:
        raise UnreadableError(*faults)


def _form(kind: str, found: Found) -> str:
    return kind if len(found.files) == 1 else f"{kind}, {len(found.files)} files"


def _scan(engine: Backend, found: Found) -> ir.Table:
    schemas = read_schemas(found.table, found.files)
    refuse_misnamed(found, schemas)
    refuse_unlike(found, schemas)
    try:
        scanned = _opened(engine, found.files, file_row_number=True, filename=SOURCE_FILE)
    except duckdb.Error as error:
        raise UnreadableError(broken_file(found.table.name, found.files[0].name, error)) from error
    return scanned.mutate(
        **{
            SOURCE_FILE: scanned[SOURCE_FILE].re_extract(r"[^/]*$", 0),
            SOURCE_ROW: scanned[ENGINE_ROW] + ibis.literal(1),
        }
    ).drop(ENGINE_ROW)


def _opened(engine: Backend, files: tuple[Path, ...], **options: object) -> ir.Table:
    """Brackets and stars in a path are letters, and `key=value` in it is no column."""
    places = [glob.escape(str(file)) for file in files]
    return engine.read_parquet(places, hive_partitioning=False, **options)


def _strangers(folder: Path) -> Iterator[Violation]:
    """Report archives, and files that look like tables and are none."""
    for entry in sorted(folder.iterdir()):
        name, ending = entry.name.split(".")[0], entry.name.lower()
        if ending.endswith(ARCHIVES):
            yield unreadable(
                name,
                f"{entry.name} is an archive; archives are never unpacked here.",
                expected="Parquet or CSV files.",
                advice="Unpack it yourself and look at what it holds.",
            )
        elif _is_read(entry.name):
            continue
        elif ending.endswith(PARQUET + TEXT + OTHER_TEXT) or name.lower() in TABLES:
            yield _passed_over(name, entry.name)


def _is_read(file: str) -> bool:
    name, _, ending = file.partition(".")
    return name in TABLES and f".{ending}" in (".", *PARQUET, *TEXT)


def _passed_over(name: str, file: str) -> Violation:
    return Violation(
        table=name,
        rule="known_table",
        severity=Severity.NOTE,
        found=f"{file} is no table of the contract and was passed over.",
        expected=f"one of {', '.join(TABLES)}, ending in {', '.join(PARQUET + TEXT)}, in small letters.",
        advice=did_you_mean(name, TABLES).strip() or "Nothing need be done.",
    )
