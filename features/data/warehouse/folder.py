"""Read folders of tables: assign files to tables, and check that they can be read together."""

import glob
from collections.abc import Iterator
from pathlib import Path

import duckdb
import ibis
import pyarrow.parquet as pq
from ibis.backends.duckdb import Backend
from ibis.expr import types as ir

from features.data.contract import TABLES, Table
from features.data.contract.violation import Severity, Violation
from features.data.mapping.dialect import Dialect
from features.data.warehouse.conform import SOURCE_FILE, SOURCE_ROW
from features.data.warehouse.parts import TableFiles, read_schemas, refuse_misnamed, refuse_unlike
from features.data.warehouse.sheet_file import SHEETS, stage_sheet
from features.data.warehouse.source import ENGINE_ROW, Source, UnreadableError, broken_file, unreadable
from features.data.warehouse.text_file import stage
from features.errors import did_you_mean, listed

PARQUET = (".parquet",)
TEXT = (".csv", ".csv.gz")
MAPPED_TEXT = (*TEXT, ".txt", ".txt.gz", ".tsv", ".tsv.gz")
"""Endings of text files that a mapping may name."""
TABLE_FILES = (*PARQUET, *TEXT, *SHEETS)
"""Endings of files that are tables by their name."""
MAPPED_FILES = (PARQUET, MAPPED_TEXT, SHEETS)
"""Endings of files that a mapping may name, by kind: those of one table are of one kind."""
OTHER_FILES = (".tsv", ".txt", ".xls", ".ods", ".xml", ".parq", ".gz")
ARCHIVES = (".zip", ".tar", ".tgz", ".tar.gz", ".7z", ".rar")


def read_folder(
    engine: Backend, folder: Path, *, dialect: Dialect, temporary: Path
) -> tuple[dict[str, Source], list[Violation]]:
    """Read every table of `folder`; return the tables that can be read, and all faults of the rest."""
    sources: dict[str, Source] = {}
    faults = list(_unknown_files(folder, dialect))
    for table in TABLES.values():
        try:
            parts = _table_files(folder, table, dialect)
            if parts:
                sources[table.name] = _read(engine, parts, dialect, temporary)
        except UnreadableError as error:
            faults.extend(error.faults)
    return sources, faults


def _table_files(folder: Path, table: Table, dialect: Dialect) -> TableFiles | None:
    """Return the files of a table: as its mapping names them, one of its name, or parts in such a folder."""
    mapping = dialect.tables.get(table.name)
    if mapping and mapping.files:
        return _mapped_files(folder, table, mapping.files, dialect)
    if mapping and (mapping.is_absent or mapping.derived_from):
        return None
    paths = [
        folder / f"{table.name}{ending}"
        for ending in ("", *TABLE_FILES)
        if (folder / f"{table.name}{ending}").exists()
    ]
    if not paths:
        return None
    if len(paths) > 1:
        raise UnreadableError(
            unreadable(
                table.name,
                f"The table is there {len(paths)} times: {', '.join(path.name for path in paths)}.",
                expected="one file, or one folder of part files.",
                advice="Remove all but one.",
            )
        )
    files = _parts(paths[0], table) if paths[0].is_dir() else paths
    for file in files:
        _refuse_other_than_files(file, folder, table)
    return TableFiles(table, tuple(files))


def _mapped_files(folder: Path, table: Table, pattern: str, dialect: Dialect) -> TableFiles:
    files = [file for file in sorted(folder.glob(pattern)) if not file.name.startswith(".")]
    is_of_a_kind = any(all(file.name.lower().endswith(kind) for file in files) for kind in MAPPED_FILES)
    if not files or not is_of_a_kind:
        raise UnreadableError(
            unreadable(
                table.name,
                f"{'No file' if not files else listed([file.name for file in files])} is like '{pattern}'.",
                expected=f"files of one kind beside {dialect.file}, ending in "
                f"{', '.join(sum(MAPPED_FILES, ()))}.",
                advice=f"Correct files under [{table.name}] in {dialect.file}.",
            )
        )
    for file in files:
        _refuse_other_than_files(file, folder, table)
    return TableFiles(table, tuple(files))


def _parts(folder: Path, table: Table) -> list[Path]:
    files = sorted(file for file in folder.iterdir() if file.name.endswith(TABLE_FILES))
    kinds = {_kind(file) for file in files}
    if len(kinds) != 1:
        raise UnreadableError(
            unreadable(
                table.name,
                f"The folder {folder.name} holds {' and '.join(sorted(kinds)) or 'no'} files.",
                expected="part files of one kind: Parquet, CSV or XLSX.",
                advice="Leave only the parts of this table there.",
            )
        )
    return files


def _refuse_other_than_files(file: Path, folder: Path, table: Table) -> None:
    """Refuse pipes, which would never end, and links, which may lead to what nobody meant to hand over."""
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


def _read(engine: Backend, parts: TableFiles, dialect: Dialect, temporary: Path) -> Source:
    kind = _kind(parts.files[0])
    if kind == "Parquet":
        return Source(_scan(engine, parts), _form(kind, parts))
    into = temporary / parts.table.name
    into.mkdir()
    staged = tuple(_staged(engine, parts, dialect, into))
    refuse_unlike(parts, [pq.read_schema(file) for file in staged])
    return Source(_read_parquet(engine, staged), _form(kind, parts))


def _kind(file: Path) -> str:
    name = file.name.lower()
    return "Parquet" if name.endswith(PARQUET) else "XLSX" if name.endswith(SHEETS) else "CSV"


def _staged(engine: Backend, parts: TableFiles, dialect: Dialect, into: Path) -> Iterator[Path]:
    faults: list[Violation] = []
    for file in parts.files:
        try:
            yield stage_file(engine, file, table=parts.table, dialect=dialect, into=into)
        except UnreadableError as error:
            faults.extend(error.faults)
    if faults:
        raise UnreadableError(*faults)


def stage_file(engine: Backend, file: Path, *, table: Table, dialect: Dialect, into: Path) -> Path:
    """Write a text file or a sheet as Parquet, every value as text, each row with its file and number."""
    if file.name.lower().endswith(SHEETS):
        return stage_sheet(file, table=table, dialect=dialect, into=into)
    return stage(engine, file, table=table, dialect=dialect, into=into)


def _form(kind: str, parts: TableFiles) -> str:
    return kind if len(parts.files) == 1 else f"{kind}, {len(parts.files)} files"


def _scan(engine: Backend, parts: TableFiles) -> ir.Table:
    schemas = read_schemas(parts.table, parts.files)
    refuse_misnamed(parts, schemas)
    refuse_unlike(parts, schemas)
    try:
        scanned = _read_parquet(engine, parts.files, file_row_number=True, filename=SOURCE_FILE)
    except duckdb.Error as error:
        raise UnreadableError(broken_file(parts.table.name, parts.files[0].name, error)) from error
    return scanned.mutate(
        **{
            SOURCE_FILE: scanned[SOURCE_FILE].re_extract(r"[^/]*$", 0),
            SOURCE_ROW: scanned[ENGINE_ROW] + ibis.literal(1),
        }
    ).drop(ENGINE_ROW)


def _read_parquet(engine: Backend, files: tuple[Path, ...], **options: object) -> ir.Table:
    """Read Parquet files; brackets and stars in a path are letters, and `key=value` in it is no column."""
    patterns = [glob.escape(str(file)) for file in files]
    return engine.read_parquet(patterns, hive_partitioning=False, **options)


def _unknown_files(folder: Path, dialect: Dialect) -> Iterator[Violation]:
    """Report archives, and files that look like tables and are none."""
    patterns = [each.files for each in dialect.tables.values() if each.files]
    lists = dialect.code_lists
    for entry in sorted(folder.iterdir()):
        name, ending = entry.name.split(".")[0], entry.name.lower()
        if ending.endswith(ARCHIVES):
            yield unreadable(
                name,
                f"{entry.name} is an archive; archives are never unpacked here.",
                expected="Parquet, CSV or XLSX files.",
                advice="Unpack it yourself and look at what it holds.",
            )
        elif _is_read(entry.name) or entry.name in lists or any(map(entry.match, patterns)):
            continue
        elif ending.endswith(TABLE_FILES + OTHER_FILES) or name.lower() in TABLES:
            yield _ignored(name, entry.name)


def _is_read(file: str) -> bool:
    name, _, ending = file.partition(".")
    return name in TABLES and f".{ending}" in (".", *TABLE_FILES)


def _ignored(name: str, file: str) -> Violation:
    return Violation(
        table=name,
        rule="known_table",
        severity=Severity.NOTE,
        found=f"{file} is no table of the contract and was passed over.",
        expected=f"one of {', '.join(TABLES)}, ending in {', '.join(TABLE_FILES)}, in small letters.",
        advice=did_you_mean(name, TABLES).strip() or "Nothing need be done.",
    )
