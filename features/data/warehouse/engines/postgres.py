"""PostgreSQL: a repeatable read of the database, and its many types mapped to those of the contract."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import ibis
from ibis.backends import BaseBackend
from ibis.expr import types as ir
from sqlglot import exp

from features.data.warehouse.engine import first_line
from features.data.warehouse.engines.adapter import Adapter
from features.data.warehouse.source import UnreadableError, unreadable
from features.errors import DataError

REFUSED = "42501"
"""The SQL state of a lack of rights."""
REPEATABLE_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ"
ISO_DATES = "SET DateStyle = ISO"
NO_NESTED_LOOP = ("SET enable_nestloop = off", "SET jit = off")
"""What is conformed has no statistics: the planner takes a million lines for few. Where no other plan is
left, it is taken at a cost so high that it would be compiled first, which takes longer than to run it."""
CAN_MATERIALISE = """
SELECT pg_catalog.current_setting('transaction_read_only') = 'off'
  AND pg_catalog.has_database_privilege(pg_catalog.current_database(), 'TEMPORARY')
"""
COPIED_TYPES = {
    "int16": "SMALLINT",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "float32": "FLOAT",
    "float64": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "timestamp('UTC')": "TIMESTAMPTZ",
    "string": "VARCHAR",
}
"""Types of Ibis as DuckDB, which writes the copy, has them."""
NATIVE_TYPES = {
    "int2": "int16",
    "int4": "int32",
    "int8": "int64",
    "float4": "float32",
    "float8": "float64",
    "bool": "boolean",
    "date": "date",
    "timestamp": "timestamp",
    "timestamptz": "timestamp('UTC')",
}
VISIBLE = """
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND pg_catalog.pg_table_is_visible(c.oid)
"""
ALL = """
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
"""
NAMES = f"SELECT c.relname {VISIBLE}"
ALL_NAMES = f"SELECT n.nspname || '.' || c.relname {ALL}"
COLUMNS = f"""
SELECT relation.nspname, a.attname, t.typname
FROM (
  SELECT c.oid, n.nspname {ALL}
  AND c.relname = %s AND CASE WHEN %s::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid)
    ELSE n.nspname = %s END
) AS relation
JOIN pg_catalog.pg_attribute a ON a.attrelid = relation.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
ORDER BY a.attnum
"""  # noqa: S608 - put together from constants
CHANGE_MARKS = f"""
SELECT c.relname, concat_ws(' ', c.oid, pg_catalog.pg_relation_filenode(c.oid),
  pg_catalog.pg_relation_size(c.oid), s.n_tup_ins, s.n_tup_upd, s.n_tup_del, (
    SELECT pg_catalog.md5(string_agg(a.attname || ' ' || a.atttypid::text, ',' ORDER BY a.attnum))
    FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  ))
FROM (SELECT c.* {VISIBLE} AND c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema')) AS c
JOIN pg_catalog.pg_stat_user_tables s ON s.relid = c.oid
WHERE NOT pg_catalog.pg_is_in_recovery() AND pg_catalog.current_setting('track_counts')::boolean
"""  # noqa: S608 - put together from constants


def _begin_repeatable_read(engine: BaseBackend) -> None:
    """Begin a transaction that sees one moment of the database until it is disconnected.

    It is never committed, so nothing stored in it outlives it. Ibis nests its own transactions in it as
    savepoints. It is not declared read-only, as PostgreSQL then refuses temporary tables too.
    """
    for statement in (ISO_DATES, *NO_NESTED_LOOP, REPEATABLE_READ):
        engine.con.execute(statement)


def _can_materialise(engine: BaseBackend) -> bool:
    """Return whether the role may create temporary tables; a hot standby lets nobody."""
    [[allowed]] = engine.con.execute(CAN_MATERIALISE).fetchall()
    return bool(allowed)


def _export(engine: BaseBackend, table: ir.Table, file: Path) -> None:
    """Copy a table as CSV, which keeps every bit of a float, and write that as Parquet.

    Nothing is told from an empty text by its quotes.
    """
    copy = f"COPY ({engine.compile(table)}) TO STDOUT (FORMAT csv, FORCE_QUOTE *)"
    with TemporaryDirectory(dir=file.parent) as folder:
        text = Path(folder) / "rows.csv"
        with (
            engine.con.transaction(),
            engine.con.cursor().copy(copy.encode()) as rows,
            text.open("wb") as out,
        ):
            for block in rows:
                out.write(block)
        with duckdb.connect() as writer:
            writer.execute("SET TimeZone = 'UTC'")
            writer.read_csv(
                str(text),
                header=False,
                auto_detect=False,
                columns={name: COPIED_TYPES[str(kind)] for name, kind in table.schema().items()},
                delimiter=",",
                quotechar='"',
                escapechar='"',
                na_values="",
                allow_quoted_nulls=False,
            ).to_parquet(str(file))


def _change_marks(engine: BaseBackend) -> dict[str, str]:
    """Return for each ordinary table what changes when its rows do, as far as the server counts them.

    Empty where it does not count: on a standby, or where track_counts is off. The counters of another session
    arrive when that is idle for some seconds or ends.
    """
    return dict(engine.con.execute(CHANGE_MARKS).fetchall())


def _refuse(error: BaseException, warehouse: str) -> None:
    """Raise an error for a person where the server refuses for want of rights, or is gone."""
    if getattr(error, "sqlstate", None) == REFUSED:
        raise DataError(
            f"{warehouse} refuses: {first_line(error)}.",
            expected="a role that may select from the tables.",
            advice="Grant it the right.",
        ) from error
    if isinstance(error, _operational_errors()):
        raise DataError(
            f"{warehouse} broke off: {first_line(error)}.",
            expected="a connection that lasts until the tables are read.",
            advice="Look whether the server runs, and call again.",
        ) from error


def _table_names(engine: BaseBackend) -> set[str]:
    """Return the names of the tables and views on the search path."""
    return {name for (name,) in engine.con.execute(NAMES)}


def _all_names(engine: BaseBackend) -> set[str]:
    """Return the names of the tables and views of all schemas, each with its schema."""
    return {name for (name,) in engine.con.execute(ALL_NAMES)}


def _open_table(engine: BaseBackend, name: str, schema: str | None) -> ir.Table:
    """Return a table or view of a schema, or else one that is on the search path."""
    rows = engine.con.execute(COLUMNS, [name, schema, schema]).fetchall()
    if not rows:
        raise UnreadableError(
            unreadable(
                name,
                f"There is no table {schema + '.' if schema else ''}{name}.",
                expected="the name of a table that the role may see, in the case in which it is stored.",
                advice="Correct its name in the mapping.",
            )
        )
    columns = {column: kind for _, column, kind in rows}
    query = exp.select(*_selected(columns)).from_(exp.table_(name, db=rows[0][0], quoted=True))
    kinds = {column: _ibis_type(kind) for column, kind in columns.items()}
    return engine.sql(query.sql("postgres"), schema=ibis.schema(kinds))


def _ibis_type(kind: str) -> str:
    """Return the type to read a column as: other types as the text PostgreSQL writes, char(n) unpadded."""
    return "float64" if kind == "numeric" else NATIVE_TYPES.get(kind, "string")


def _selected(columns: Mapping[str, str]) -> "Iterator[exp.Expr]":
    for name, kind in columns.items():
        column = exp.column(name, quoted=True)
        if kind in NATIVE_TYPES:
            yield column
        else:
            yield exp.cast(column, "double" if kind == "numeric" else "text").as_(name, quoted=True)


def _errors() -> tuple[type[Exception], ...]:
    psycopg = sys.modules.get("psycopg")
    return (psycopg.Error,) if psycopg else ()


def _operational_errors() -> tuple[type[Exception], ...]:
    """Return what the driver raises when the connection is lost, or the server ends a statement."""
    psycopg = sys.modules.get("psycopg")
    return (psycopg.OperationalError,) if psycopg else ()


POSTGRES = Adapter(
    name="postgres",
    begin=_begin_repeatable_read,
    table_names=_table_names,
    all_names=_all_names,
    open_table=_open_table,
    can_materialise=_can_materialise,
    export=_export,
    change_marks=_change_marks,
    errors=_errors,
    refuse=_refuse,
)
