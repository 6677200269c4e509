"""The same tables in each home that a warehouse can have."""

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import duckdb
import psycopg
import pyarrow as pa
import pytest

from tests.features.tables import Row, arrow, write_csv, write_parquet
from tests.postgres import Server

GERMAN = 'decimal = ","\ndates = "dd.mm.yyyy"\nencoding = "latin-1"\n'
POSTGRES_TYPES = {
    pa.string(): "text",
    pa.int64(): "bigint",
    pa.float64(): "double precision",
    pa.date32(): "date",
    pa.bool_(): "boolean",
    pa.null(): "text",
}

Tables = Mapping[str, list[Row]]


def parquet_folder(tables: Tables, folder: Path) -> str:
    return str(write_parquet(folder / "parquet", tables))


def csv_folder(tables: Tables, folder: Path) -> str:
    return str(write_csv(folder / "csv", tables))


def german_folder(tables: Tables, folder: Path) -> str:
    """Semicolons, decimal commas, dd.mm.yyyy, latin-1: what an office suite in Germany writes."""
    written = {
        name: [{c: _german(v) for c, v in row.items()} for row in rows] for name, rows in tables.items()
    }
    folder = write_csv(folder / "german", written, separator=";", encoding="latin-1")
    (folder / "dialect.toml").write_text(GERMAN)
    return str(folder)


def _german(value: object) -> object:
    if isinstance(value, float):
        return repr(value).replace(".", ",")
    return value.strftime("%d.%m.%Y") if isinstance(value, date) else value


def duckdb_file(tables: Tables, folder: Path, *, typed: bool = True) -> str:
    path = folder / "customs.duckdb"
    with duckdb.connect(str(path)) as connection:
        for name, rows in tables.items():
            connection.register("given", arrow(name, rows) if typed else as_text(rows))
            connection.execute(f"CREATE TABLE {name} AS FROM given")
    return str(path)


def as_text(rows: list[Row]) -> pa.Table:
    return pa.table({name: pa.array([row[name] for row in rows], pa.string()) for name in rows[0]})


def postgres_database(tables: Tables, server: Server, *, typed: bool = True) -> str:
    url = server.url(server.new_database())
    with psycopg.connect(url) as connection:
        for name, rows in tables.items():
            copy_into(connection, name, arrow(name, rows) if typed else as_text(rows))
    return url


def copy_into(connection: psycopg.Connection, name: str, rows: pa.Table) -> None:
    columns = ", ".join(f"{field.name} {POSTGRES_TYPES[field.type]}" for field in rows.schema)
    connection.execute(f"CREATE TABLE {name} ({columns})".encode())
    with connection.cursor().copy(f"COPY {name} FROM STDIN".encode()) as copy:
        for row in rows.to_pylist():
            copy.write_row(tuple(row.values()))


FILES: dict[str, Callable[[Tables, Path], str]] = {
    "Parquet": parquet_folder,
    "CSV": csv_folder,
    "German CSV": german_folder,
    "DuckDB": duckdb_file,
}


@pytest.fixture(params=[*FILES, "PostgreSQL"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Tables], str]:
    """Put tables into one home and return its place; every test that asks runs in each home."""
    if request.param == "PostgreSQL":
        server = request.getfixturevalue("postgres")
        return lambda tables: postgres_database(tables, server)
    return lambda tables: FILES[request.param](tables, tmp_path)
