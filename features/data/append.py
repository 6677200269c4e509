"""Append rows to the tables of an administration: a folder of Parquet, or a DuckDB file.

No row that stands there is changed. A table of one file is written beside and renamed, one of parts gets
another part, and a database takes all rows of all tables or none.
"""

from collections.abc import Mapping
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from features.data.mapping.dialect import Dialect
from features.errors import DataError, OutputError
from features.storage.atomic import atomic_file

PARQUET = ".parquet"


class NotWrittenError(DataError):
    """Tables of a form that no rows are written to."""


def append_rows(data: str, rows: Mapping[str, pa.Table], *, part: str) -> None:
    """Append rows in the contract's form to tables by name; a table that is not there is made.

    `part` names the new file of a table in parts. Raises `NotWrittenError` where the tables are text, stand
    on a server or are read through a mapping, and `OutputError` where they cannot be written.
    """
    path = Path(data)
    if path.is_dir() and Dialect.in_folder(path) == Dialect():
        targets = {name: _target(path, name, part) for name in rows}
        for name, target in targets.items():
            _append_to_file(target, rows[name])
    elif path.is_file():
        _append_to_database(path, rows)
    else:
        raise _not_written(data.rpartition("@")[2])


def _target(folder: Path, name: str, part: str) -> Path:
    """Return the file of a table that takes the rows: its one file, or a new part."""
    stored = [path for path in folder.iterdir() if path.name == name or path.name.startswith(f"{name}.")]
    parts = stored[0] if stored and stored[0].is_dir() else None
    files = list(parts.iterdir()) if parts else stored
    if any(file.suffix != PARQUET for file in files if not file.name.startswith(".")):
        raise _not_written(str(stored[0]))
    return parts / f"{part}{PARQUET}" if parts else folder / f"{name}{PARQUET}"


def _append_to_file(target: Path, rows: pa.Table) -> None:
    """Write the rows of a file, and these with the types that it has, beside it; then rename."""
    if target.exists():
        stored = pq.read_table(target)
        types = {field.name: field.type for field in (*rows.schema, *stored.schema)}
        cast = rows.cast(pa.schema([(name, types[name]) for name in rows.column_names]))
        rows = pa.concat_tables([stored, cast], promote_options="default")
    with atomic_file(target) as fresh:
        pq.write_table(rows, fresh, compression="zstd")


def _append_to_database(path: Path, rows: Mapping[str, pa.Table]) -> None:
    """Insert rows into the tables of a DuckDB file, in one transaction."""
    try:
        with duckdb.connect(str(path)) as connection, connection.cursor() as cursor:
            cursor.begin()
            for name, table in rows.items():
                relation = cursor.from_arrow(table)
                stored = cursor.execute(
                    "SELECT count(*) FROM information_schema.tables WHERE table_name = ?", [name]
                ).fetchall()
                if stored == [(0,)]:
                    relation.limit(0).create(name)
                relation.query("rows", f"INSERT INTO {name} BY NAME FROM rows")  # a name of the contract
            cursor.commit()
    except duckdb.Error as error:
        raise OutputError(
            f"{path.name} takes no rows: {str(error).splitlines()[0]}",
            expected="a DuckDB file that nobody else has open, with the contract's columns.",
            advice="Close it elsewhere, or write the rows to files with --out FOLDER and load them.",
        ) from error


def _not_written(where: str) -> NotWrittenError:
    return NotWrittenError(
        f"{where} is not written to: it is neither Parquet nor a DuckDB file, or is read through a mapping.",
        expected="tables as Parquet in the contract's form, or a DuckDB file.",
        advice="Write the rows to files with --out FOLDER, and load them as the other tables are loaded.",
    )
