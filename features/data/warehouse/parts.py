"""Part files of a table: check that each is whole and that all have the same columns."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from features.data.contract import Table
from features.data.contract.violation import Violation
from features.data.warehouse.source import UnreadableError, broken_file, name_faults, unreadable

MAGIC = b"PAR1"
LARGEST_FOOTER = 16 << 20
"""Bytes that describe the columns of a Parquet file; a thousand columns take a few hundred thousand."""
LARGEST_RATIO = 200
"""Bytes or rows that a byte of a file may unpack to: a table packs 5 to 20 times."""
SMALLEST_BOMB = 100 << 20
"""Bytes that any file may unpack to."""
MOST_ROWS_UNASKED = 10_000_000
"""Rows that any file may have."""


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
            schemas.append(_read_schema(table, file))
        except UnreadableError as error:
            faults.extend(error.faults)
        except (pa.ArrowException, OSError, UnicodeError) as error:
            faults.append(broken_file(table.name, file.name, error))
    if faults:
        raise UnreadableError(*faults)
    return schemas


def _read_schema(table: Table, file: Path) -> pa.Schema:
    """Return the schema of a Parquet file that says of itself nothing that no table says."""
    size = file.stat().st_size
    with file.open("rb") as content:
        content.seek(max(size - 8, 0))
        length, magic = int.from_bytes(content.read(4), "little"), content.read(4)
    if magic == MAGIC and LARGEST_FOOTER < length < size:
        raise UnreadableError(_bomb(table, file, f"describes its columns in {length:,} bytes"))
    metadata = pq.read_metadata(file)
    groups = (metadata.row_group(index) for index in range(metadata.num_row_groups))
    if sum(group.total_byte_size for group in groups) > max(SMALLEST_BOMB, LARGEST_RATIO * size):
        raise UnreadableError(_bomb(table, file, f"unpacks to more than {LARGEST_RATIO} times its size"))
    if metadata.num_rows > max(MOST_ROWS_UNASKED, LARGEST_RATIO * size):
        raise UnreadableError(_bomb(table, file, f"has more than {LARGEST_RATIO} rows for each of its bytes"))
    return metadata.schema.to_arrow_schema()


def _bomb(table: Table, file: Path, fault: str) -> Violation:
    return unreadable(
        table.name,
        f"{file.name} {fault}.",
        expected="a table, which packs 5 to 20 times.",
        advice="If it is yours, write it anew, without columns and rows that say nothing.",
    )


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
