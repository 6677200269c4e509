"""Adapters: what differs between engines, as data; no other code asks which engine it has."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from pathlib import Path
from uuid import uuid4

import ibis
import ibis.expr.operations as ops
import pyarrow as pa
from ibis.backends import BaseBackend
from ibis.expr import types as ir
from sqlglot import exp


def _connect(url: str) -> BaseBackend:
    return ibis.connect(url)


def _disconnect(engine: BaseBackend) -> None:
    engine.disconnect()


def _begin(engine: BaseBackend) -> None:
    """Leave a connection as it is."""


def _table_names(engine: BaseBackend) -> set[str]:
    return set(engine.list_tables())


def _all_names(engine: BaseBackend) -> set[str]:
    """Return what is on the search path: of other schemas an engine may not know."""
    return set(engine.list_tables())


def _open_table(engine: BaseBackend, name: str, schema: str | None) -> ir.Table:
    return engine.table(name, database=schema) if schema else engine.table(name)


def _create_view(engine: BaseBackend, name: str, statement: str) -> None:
    _run(engine, f"CREATE TEMPORARY VIEW {_quoted(engine, name)} AS {statement}")


def _create_table(engine: BaseBackend, name: str, statement: str, schema: ibis.Schema) -> None:
    """Store rows in the types of a schema: an engine may sum whole numbers in others."""
    table = _quoted(engine, name)
    columns = ", ".join(each.sql(engine.dialect) for each in schema.to_sqlglot_column_defs(engine.dialect))
    _run(engine, f"CREATE TEMPORARY TABLE {table} ({columns})")
    _run(engine, f"INSERT INTO {table} {statement}")


def _read(engine: BaseBackend, statement: str, schema: ibis.Schema) -> pa.Table:
    name = f"read_{uuid4().hex}"
    _create_view(engine, name, statement)
    rows = ops.DatabaseTable(name, schema=schema, source=engine).to_expr().to_pyarrow()
    engine.drop_view(name)
    return rows


def _run(engine: BaseBackend, statement: str) -> None:
    with engine._safe_raw_sql(statement):
        pass


def _quoted(engine: BaseBackend, name: str) -> str:
    return exp.to_identifier(name, quoted=True).sql(engine.dialect)


def _can_materialise(engine: BaseBackend) -> bool:  # noqa: ARG001
    return True


def _export(engine: BaseBackend, table: ir.Table, file: Path) -> None:  # noqa: ARG001
    table.to_parquet(file)


def _drop(engine: BaseBackend, name: str) -> None:
    engine.drop_table(name)


def row_text(values: Sequence[ir.Value]) -> ir.StringValue:
    """Return a row as one text, of each value its length and its text: no two rows have the same."""
    texts = [value.cast("string") for value in values]
    return reduce(add, ((text.length().cast("string") + ":" + text).fill_null("-") for text in texts))


def _row_hash(values: Sequence[ir.Value]) -> ir.IntegerValue:
    return row_text(values).hash()


def _change_marks(engine: BaseBackend) -> dict[str, str]:  # noqa: ARG001
    return {}


def _errors() -> tuple[type[Exception], ...]:
    return ()


def _refuse(error: BaseException, warehouse: str) -> None:
    """Leave an error as it is."""


@dataclass(frozen=True, kw_only=True)
class Adapter:
    """The functions of one engine; the defaults do as Ibis does.

    - `name`: what Ibis calls the engine.
    - `schemes`: the beginnings of the URLs that it connects to in its own way.
    - `connect`, `disconnect`: opens the database behind a URL, and leaves it.
    - `begin`: prepares a connection, before anything is read.
    - `table_names`: the names of the tables and views that can be opened.
    - `all_names`: the names of the tables and views in any schema, each with its schema.
    - `open_table`: a table or view as it is stored, of a schema or else on the search path.
    - `create_view`: gives a statement a name, for this connection alone.
    - `create_table`: stores the rows of a statement under a name, for this connection alone, until `drop`.
    - `read`: the rows of a statement.
    - `can_materialise`: whether it lets us; where it does not, its tables are copied to this machine.
    - `export`: copies a table into a Parquet file.
    - `row_hash`: a hash of 64 bits of the values of a row.
    - `change_marks`: for each table, what changes when its rows do; nothing where that is not known.
    - `errors`: what its driver raises when it cannot read on and may be shown to people: it cites no password
      of a URL. Nothing while the driver is not imported.
    - `refuse`: raises an error for a person where the engine refuses, for want of rights, what is asked of
      the warehouse of that name; returns where it does not.
    """

    name: str
    schemes: tuple[str, ...] = ()
    connect: Callable[[str], BaseBackend] = _connect
    disconnect: Callable[[BaseBackend], None] = _disconnect
    begin: Callable[[BaseBackend], None] = _begin
    table_names: Callable[[BaseBackend], set[str]] = _table_names
    all_names: Callable[[BaseBackend], set[str]] = _all_names
    open_table: Callable[[BaseBackend, str, str | None], ir.Table] = _open_table
    create_view: Callable[[BaseBackend, str, str], None] = _create_view
    create_table: Callable[[BaseBackend, str, str, ibis.Schema], None] = _create_table
    read: Callable[[BaseBackend, str, ibis.Schema], pa.Table] = _read
    drop: Callable[[BaseBackend, str], None] = _drop
    can_materialise: Callable[[BaseBackend], bool] = _can_materialise
    export: Callable[[BaseBackend, ir.Table, Path], None] = _export
    row_hash: Callable[[Sequence[ir.Value]], ir.IntegerValue] = _row_hash
    change_marks: Callable[[BaseBackend], dict[str, str]] = _change_marks
    errors: Callable[[], tuple[type[Exception], ...]] = _errors
    refuse: Callable[[BaseException, str], None] = _refuse
