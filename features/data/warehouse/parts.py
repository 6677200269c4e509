"""Part files of a table: check that each is whole and that all have the same columns."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from features.data.contract import Table
from features.data.contract.violation import Violation
from features.data.warehouse.source import UnreadableError, broken_file, name_faults, unreadable


@dataclass(frozen=True)
class TableFiles:
    """The files of one table, in the order of their names."""

    table: Table
    files: tuple[Path, ...]


def read_schemas(table: Table, files: tuple[Path, ...]) -> list[pa.Schema]:
    """Read the schemas of Parquet files; raise `UnreadableError` with every damaged one."""
    schemas: list[pa.Schema] = []
    faults: list[Violation] = []
    for file in files:
        try:
            schemas.append(pq.read_schema(file))
        except (pa.ArrowException, OSError, UnicodeError) as error:
            faults.append(broken_file(table.name, file.name, error))
    if faults:
        raise UnreadableError(*faults)
    return schemas


def refuse_misnamed(parts: TableFiles, schemas: list[pa.Schema]) -> None:
    """Raise `UnreadableError` where the names of a file's columns cannot be used."""
    for file, schema in zip(parts.files, schemas, strict=True):
        if faults := tuple(name_faults(parts.table, schema.names, subject=file.name)):
            raise UnreadableError(*faults)


def refuse_unlike(parts: TableFiles, schemas: list[pa.Schema]) -> None:
    """Raise `UnreadableError` where parts differ from the first in a column or its type."""
    faults = [
        _unlike(parts, file, unlike)
        for file, schema in zip(parts.files, schemas, strict=True)
        if (unlike := _difference(schemas[0], schema)) is not None
    ]
    if faults:
        raise UnreadableError(*faults)


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


def _unlike(parts: TableFiles, file: Path, column: str) -> Violation:
    return unreadable(
        parts.table.name,
        f"{file.name} and {parts.files[0].name} differ in the column {column}.",
        expected="the same columns of the same types in all parts.",
        advice="Export the parts again in one form.",
    )
