"""Warehouses: open a folder of files, a DuckDB file or a database behind an Ibis URL as tables."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import duckdb
import ibis
import ibis.expr.operations as ops
import pyarrow as pa
from ibis.backends import BaseBackend
from ibis.expr import types as ir

from features.data.contract import TABLES, Table
from features.data.contract.violation import Severity, Violation
from features.data.mapping import Dialect
from features.data.warehouse.conform import conform, with_defaults
from features.data.warehouse.database import connect, without_credentials
from features.data.warehouse.engine import embedded, first_line, refuse_exhausted_resources
from features.data.warehouse.engines import DUCKDB, Adapter, adapter_of, engine_errors
from features.data.warehouse.folder import read_folder
from features.data.warehouse.line_parts import LineParts
from features.data.warehouse.mapped import column_faults, mapped, without_source
from features.data.warehouse.source import Source, UnreadableError, name_faults, unreadable
from features.errors import DataError, listed
from features.exact import as_float
from features.storage.temporary import temporary_folder

__all__ = [
    "Dialect",
    "LineParts",
    "Source",
    "Warehouse",
    "in_floats",
    "in_memory",
    "open_stored",
    "open_warehouse",
]


@dataclass(frozen=True)
class Warehouse:
    """The tables of one administration, as Ibis expressions on the engine that holds them.

    `adapter` does what each engine does in its own way. `sources` holds the tables as stored; `faults` holds
    all that could not be read, so that it can be reported at once. `line_parts` holds what was worked out
    before from the rows of these very sources.
    """

    name: str
    engine: BaseBackend
    adapter: Adapter
    sources: Mapping[str, Source]
    faults: tuple[Violation, ...]
    dialect: Dialect
    line_parts: LineParts | None = None

    def with_sources(self, sources: Mapping[str, Source]) -> "Warehouse":
        """Return a warehouse of other rows on the same engine; nothing was worked out from them before."""
        return replace(self, sources=sources, line_parts=None)

    def read_files(self, files: Sequence[Path]) -> ir.Table:
        """Return the rows of Parquet files as one table."""
        return self.engine.read_parquet(files)

    def has(self, column: str) -> bool:
        """Return whether a column of the contract, given as `table.column`, or a default for it is there."""
        table, _, name = column.partition(".")
        source = self.sources.get(table)
        return source is not None and (name in source.columns or bool(TABLES[table][name].default))

    def written(self, table: ir.Table) -> str:
        """Return the statement that gives the rows of a table, also of one in this machine's memory."""
        self.engine._run_pre_execute_hooks(table)  # here Ibis tells the engine of rows in memory
        return str(self.engine.compile(table))

    def materialise(self, table: ir.Table) -> ir.Table:
        """Compute a table and store it on the engine, for this connection alone, until it is dropped."""
        name, rows = f"materialised_{uuid4().hex}", in_floats(table)
        self.create_table(name, self.written(rows), rows.schema())
        return self._stored(name, rows.schema())

    def view(self, table: ir.Table) -> ir.Table:
        """Give an expression a name on the engine, for this connection alone, until it is dropped.

        Nothing is computed: the engine reads through the name. What is made of it is written in terms of
        the name, and Ibis takes long to write what is made of long expressions.
        """
        name = f"view_{uuid4().hex}"
        self.create_view(name, self.written(table))
        return self._stored(name, table.schema())

    def _stored(self, name: str, schema: ibis.Schema) -> ir.Table:
        return ops.DatabaseTable(name, schema=schema, source=self.engine).to_expr()

    def create_table(self, name: str, statement: str, schema: ibis.Schema) -> None:
        """Store the rows of a statement under a name, in the types of `schema`, until it is dropped."""
        self.adapter.create_table(self.engine, name, statement, schema)

    def create_view(self, name: str, statement: str) -> None:
        """Give a statement a name, until it is dropped."""
        self.adapter.create_view(self.engine, name, statement)

    def read(self, statement: str, schema: ibis.Schema) -> pa.Table:
        """Return the rows of a statement, in the types of `schema`."""
        return self.adapter.read(self.engine, statement, schema)

    def drop_view(self, name: str) -> None:
        """Drop the name of a statement."""
        self.engine.drop_view(name)

    def drop(self, name: str) -> None:
        """Drop a stored table."""
        self.adapter.drop(self.engine, name)

    def optional_table(self, name: str) -> ir.Table | None:
        """Return a table as `table` does, or None where it is absent."""
        return self.table(name) if name in self.sources else None

    def table(self, name: str) -> ir.Table:
        """Return a table in the contract's columns and types; raise `DataError` where it is absent.

        Columns that the source lacks are typed nulls; `known_on` falls back to its default.
        """
        if name not in self.sources:
            raise DataError(
                f"{self.name} has no table '{name}'.",
                expected=f"the required tables {', '.join(t.name for t in TABLES.values() if t.required)}.",
                advice="Run `audit-yield check` to see all that is missing.",
            )
        stored = self.sources[name].table
        columns = conform(stored, TABLES[name], dialect=self.dialect)
        return with_defaults(stored.select(**{c: each.value for c, each in columns.items()}), TABLES[name])


def in_floats(table: ir.Table) -> ir.Table:
    """Return a table with its numbers as float64, also where the engine takes one for a decimal."""
    floats = {name: as_float(table[name]) for name, kind in table.schema().items() if kind.is_floating()}
    return table.mutate(**floats)


@contextlib.contextmanager
def in_memory(warehouse: Warehouse, names: Iterable[str]) -> Iterator[Warehouse]:
    """Copy small tables into memory, so that the warehouse itself need not stay open for them."""
    with temporary_folder() as temporary:
        engine = embedded(temporary)
        sources = {}
        for name in names:
            stored = warehouse.sources[name]
            present = [column for column in TABLES[name].names if column in stored.columns]
            engine.con.from_arrow(warehouse.table(name).select(*present).to_pyarrow()).create(name)
            sources[name] = Source(engine.table(name), stored.form)
        try:
            yield Warehouse(warehouse.name, engine, DUCKDB, sources, (), Dialect())
        finally:
            engine.disconnect()


@contextlib.contextmanager
def open_warehouse(location: str, *, dialect: Dialect | None = None) -> Iterator[Warehouse]:
    """Open `location`: a folder, a DuckDB file or an Ibis URL such as `postgres://…`.

    The dialect is the given one, or that of the folder's own `mapping.toml`, or the contract's form. Raises
    `DataError` where there is nothing to open. Inside the block what the engine refuses for lack of memory,
    room or rights is raised as an error for a person.
    """
    with temporary_folder() as temporary:
        warehouse = _open(location, dialect, temporary)
        try:
            yield warehouse
        except engine_errors() as error:
            refuse_exhausted_resources(error)
            warehouse.adapter.refuse(error, warehouse.name)
            raise
        finally:
            warehouse.adapter.disconnect(warehouse.engine)


@contextlib.contextmanager
def open_stored(location: str) -> Iterator[tuple[str, Iterator[tuple[str, Source]]]]:
    """Open a DuckDB file or a database; yield its engine, and every table with its name, as it is stored.

    A table that is not on the search path has its schema before its name. Raises `DataError` where there is
    nothing to open, and where a table cannot be read.
    """
    with temporary_folder() as temporary:
        engine = connect(location) if "://" in location else _open_file(Path(location), temporary)
        adapter = adapter_of(engine)
        try:
            adapter.begin(engine)
            yield adapter.name, _stored(engine, adapter)
        except engine_errors() as error:
            refuse_exhausted_resources(error)
            adapter.refuse(error, without_credentials(location))
            raise DataError(
                f"{without_credentials(location)} cannot be read: {first_line(error)}",
                expected="tables, or views of tables of the same database.",
                advice="Ask whoever keeps it for the right to read them.",
            ) from error
        finally:
            adapter.disconnect(engine)


def _stored(engine: BaseBackend, adapter: Adapter) -> Iterator[tuple[str, Source]]:
    on_path = adapter.table_names(engine)  # those of the engine itself among them
    all_names = {full: full.rpartition(".")[2] for full in adapter.all_names(engine)}
    for full in sorted({name if name in on_path else full for full, name in all_names.items()}):
        schema, _, name = full.rpartition(".")
        yield full, Source(adapter.open_table(engine, name, schema or None), adapter.name)


def _open(location: str, dialect: Dialect | None, temporary: Path) -> Warehouse:
    if "://" in location:
        database = _open_database(connect(location), without_credentials(location), dialect or Dialect())
        return database if database.adapter.can_materialise(database.engine) else _copied(database, temporary)
    try:
        return _open_path(Path(location), dialect, temporary)
    except OSError as error:
        refuse_exhausted_resources(error)
        raise DataError(
            f"'{location}' cannot be read: {error.strerror or error}.",
            expected="a folder or file that you may read.",
            advice="Check the path and your rights.",
        ) from error


def _open_path(path: Path, dialect: Dialect | None, temporary: Path) -> Warehouse:
    if path.is_dir():
        return _open_folder(path, dialect or Dialect.in_folder(path), temporary)
    if path.is_file():
        return _open_database(_open_file(path, temporary), str(path), dialect or Dialect())
    raise DataError(
        f"'{path}' is not there.",
        expected="a folder of Parquet, CSV or XLSX files, a DuckDB file, or a URL such as postgres://host/db.",
        advice="Check the path; `audit-yield simulate demo` makes a folder to try.",
    )


def _open_folder(folder: Path, dialect: Dialect, temporary: Path) -> Warehouse:
    engine = embedded(temporary)
    sources, faults = read_folder(engine, folder, dialect=dialect, temporary=temporary)
    sources, mapping_faults = _named_as_contract(sources, dialect)
    return Warehouse(str(folder), engine, DUCKDB, sources, (*faults, *mapping_faults), dialect)


def _named_as_contract(
    stored: Mapping[str, Source], dialect: Dialect
) -> tuple[dict[str, Source], list[Violation]]:
    """Return the tables under the names of the contract, as the mapping has them, and its faults."""
    sources, faults = dict(stored), list[Violation]()
    for name in stored:
        if name in dialect.tables:
            result = mapped(stored[name], TABLES[name], dialect)
            faults += column_faults(result, TABLES[name], dialect)
            sources[name] = result.source
    return sources | without_source(sources, dialect), faults


def _open_database(engine: BaseBackend, name: str, dialect: Dialect) -> Warehouse:
    adapter = adapter_of(engine)
    try:
        adapter.begin(engine)
        stored_names = adapter.table_names(engine)
    except engine_errors() as error:
        adapter.refuse(error, name)
        raise
    sources: dict[str, Source] = {}
    faults: list[Violation] = []
    for table in TABLES.values():
        mapping = dialect.tables.get(table.name)
        stored = (mapping and mapping.table) or table.name
        if mapping and (mapping.is_absent or mapping.derived_from):
            continue
        if stored in stored_names or stored != table.name:
            try:
                sources[table.name] = _open_table(engine, adapter, table, stored)
            except UnreadableError as error:
                faults.extend(error.faults)
        elif alike := _alike(stored, adapter.all_names(engine)):
            faults.append(_named_otherwise(table, alike, dialect))
    sources, mapping_faults = _named_as_contract(sources, dialect)
    return Warehouse(name, engine, adapter, sources, (*faults, *mapping_faults), dialect)


def _alike(name: str, stored: Iterable[str]) -> list[str]:
    """Return the tables of a database, with their schema, that have a name in another case or schema."""
    return sorted(each for each in stored if each.rpartition(".")[2].casefold() == name)


def _named_otherwise(table: Table, alike: Sequence[str], dialect: Dialect) -> Violation:
    return Violation(
        table=table.name,
        rule="required_table",
        severity=Severity.STRUCTURE if table.required else Severity.NOTE,
        found=f"There is no table {table.name} on the search path, but {listed(alike)}.",
        expected=f"{table.name}, in small letters, or the name of the table in {dialect.file}.",
        advice=f'Declare table = "{alike[0]}" under [{table.name}] in {dialect.file}, given by --mapping.',
    )


def _copied(database: Warehouse, temporary: Path) -> Warehouse:
    """Copy the tables of a database that stores none for us, a hot standby for instance, and leave it."""
    engine = embedded(temporary)
    sources: dict[str, Source] = {}
    faults = list(database.faults)
    for name, source in database.sources.items():
        file = temporary / f"{name}.parquet"
        try:
            database.adapter.export(database.engine, source.table, file)
            sources[name] = Source(engine.read_parquet(file), source.form)
        except engine_errors() as error:
            refuse_exhausted_resources(error)
            faults.append(_not_opened(name, error))
    database.adapter.disconnect(database.engine)
    return Warehouse(database.name, engine, DUCKDB, sources, tuple(faults), database.dialect)


def _open_table(engine: BaseBackend, adapter: Adapter, table: Table, stored: str) -> Source:
    schema, _, name = stored.rpartition(".")
    try:
        rows = adapter.open_table(engine, name, schema or None)
    except engine_errors() as error:
        raise UnreadableError(_not_opened(table.name, error)) from error
    if faults := tuple(name_faults(table, rows.columns, subject="The table")):
        raise UnreadableError(*faults)
    return Source(rows, "database")


def _not_opened(name: str, error: Exception) -> Violation:
    return unreadable(
        name,
        f"The table cannot be opened: {first_line(error)}",
        expected="a table, or a view of tables of the same database.",
        advice="Store its rows as a table.",
    )


def _open_file(path: Path, temporary: Path) -> BaseBackend:
    try:
        return embedded(temporary, database=path)
    except duckdb.Error as error:
        raise DataError(
            f"{path.name} is no DuckDB file that can be opened: {first_line(error)}",
            expected="a DuckDB database, or a folder.",
            advice="For a single Parquet or CSV file, give the folder that holds it.",
        ) from error
