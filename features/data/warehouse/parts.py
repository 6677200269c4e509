"""The part files of a table: whole, and alike in their columns."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from features.data.contract import Table
from features.data.contract.violation import Violation
from features.data.warehouse.source import UnreadableError, broken_file, name_faults, unreadable


@dataclass(frozen=True)
class Found:
    """The files of one table, in the order of their names."""

    table: Table
    files: tuple[Path, ...]


def read_schemas(table: Table, files: tuple[Path, ...]) -> list[pa.Schema]:
    """Read what the footers of Parquet files say; raise `UnreadableError` with every damaged one."""
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


def refuse_misnamed(found: Found, schemas: list[pa.Schema]) -> None:
    """Raise `UnreadableError` where the names of a file's columns cannot be used."""
    for file, schema in zip(found.files, schemas, strict=True):
        if faults := tuple(name_faults(found.table, schema.names, place=file.name)):
            raise UnreadableError(*faults)


def refuse_unlike(found: Found, schemas: list[pa.Schema]) -> None:
    """Raise `UnreadableError` where parts differ from the first in a column or its type."""
    faults = [
        _unlike(found, file, unlike)
        for file, schema in zip(found.files, schemas, strict=True)
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


def _unlike(found: Found, file: Path, column: str) -> Violation:
    return unreadable(
        found.table.name,
        f"{file.name} and {found.files[0].name} differ in the column {column}.",
        expected="the same columns of the same types in all parts.",
        advice="Export the parts again in one form.",
    )
