"""Adapters: what differs between engines, as data; no other code asks which engine it has."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from uuid import uuid4

from ibis.backends import BaseBackend
from ibis.expr import types as ir


def materialised_name() -> str:
    """Return a fresh name for a materialised table."""
    return f"materialised_{uuid4().hex}"


def _begin(engine: BaseBackend) -> None:
    """Leave a connection as it is."""


def _table_names(engine: BaseBackend) -> set[str]:
    return set(engine.list_tables())


def _all_names(engine: BaseBackend) -> set[str]:
    """Return what is on the search path: of other schemas an engine may not know."""
    return set(engine.list_tables())


def _open_table(engine: BaseBackend, name: str, schema: str | None) -> ir.Table:
    return engine.table(name, database=schema) if schema else engine.table(name)


def _materialise(engine: BaseBackend, table: ir.Table) -> ir.Table:
    return engine.create_table(materialised_name(), table, temp=True)


def _drop(engine: BaseBackend, materialised: ir.Table) -> None:
    engine.drop_table(materialised.op().name)


def row_text(values: Sequence[ir.Value]) -> ir.StringValue:
    """Return a row as one text, of each value its length and its text: no two rows have the same."""
    texts = [value.cast("string") for value in values]
    return reduce(add, ((text.length().cast("string") + ":" + text).fill_null("-") for text in texts))


def _row_hash(values: Sequence[ir.Value]) -> ir.IntegerValue:
    return row_text(values).hash()


def _errors() -> tuple[type[Exception], ...]:
    return ()


def _refuse(error: BaseException, warehouse: str) -> None:
    """Leave an error as it is."""


@dataclass(frozen=True, kw_only=True)
class Adapter:
    """The functions of one engine; the defaults do as Ibis does.

    - `name`: what Ibis calls the engine.
    - `begin`: prepares a connection, before anything is read.
    - `table_names`: the names of the tables and views that can be opened.
    - `all_names`: the names of the tables and views in any schema, each with its schema.
    - `open_table`: a table or view as it is stored, of a schema or else on the search path.
    - `materialise`: computes a table and stores it, for this connection alone, until `drop`.
    - `row_hash`: a hash of 64 bits of the values of a row.
    - `errors`: what its driver raises when it cannot read on and may be shown to people: it cites no password
      of a URL. Nothing while the driver is not imported.
    - `refuse`: raises an error for a person where the engine refuses, for want of rights, what is asked of
      the warehouse of that name; returns where it does not.
    """

    name: str
    begin: Callable[[BaseBackend], None] = _begin
    table_names: Callable[[BaseBackend], set[str]] = _table_names
    all_names: Callable[[BaseBackend], set[str]] = _all_names
    open_table: Callable[[BaseBackend, str, str | None], ir.Table] = _open_table
    materialise: Callable[[BaseBackend, ir.Table], ir.Table] = _materialise
    drop: Callable[[BaseBackend, ir.Table], None] = _drop
    row_hash: Callable[[Sequence[ir.Value]], ir.IntegerValue] = _row_hash
    errors: Callable[[], tuple[type[Exception], ...]] = _errors
    refuse: Callable[[BaseException, str], None] = _refuse
