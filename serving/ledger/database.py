"""The findings ledger in a database: a DuckDB file or PostgreSQL, a row added in one transaction."""

import duckdb
import pyarrow as pa

from features.data.contract import TABLES
from features.data.warehouse.engine import first_line
from features.data.warehouse.engines import engine_errors
from features.errors import OutputError
from serving.ledger.files import missing_columns_problem
from serving.live.submitted import Row
from serving.problems import ProblemError, ProblemKind

FINDINGS = TABLES["findings"]


def append(url: str, row: Row) -> None:
    """Add a row to the table findings of a database.

    Raises `ProblemError` where the table has no column for a value or the database cannot be written from
    here, `OutputError` where it refuses.
    """
    values = {name: value for name, value in row.items() if value is not None}
    try:
        if "://" not in url:
            _into_duckdb(url, values)
        elif url.startswith(("postgres://", "postgresql://")):
            _into_postgres(url, values)
        else:
            raise ProblemError(
                ProblemKind.REFUSED, "The ledger of this warehouse cannot be written from here."
            )
    except engine_errors() as error:
        raise OutputError(
            f"The ledger cannot be written: {first_line(error)}",
            expected="a table findings that may be written.",
            advice="Check the rights of the service; nothing was recorded.",
        ) from error


LOCK = 6172_6564
"""Held by whoever records an outcome; PostgreSQL locks tables only for roles that may change their rows."""


def _into_duckdb(url: str, values: Row) -> None:
    fields = [FINDINGS.schema.field(name) for name in values]
    submitted = pa.Table.from_pylist([dict(values)], schema=pa.schema(fields))
    with duckdb.connect(url) as connection:
        _require_columns(values, connection.table("findings").columns)
        connection.register("submitted", submitted)
        connection.execute("INSERT INTO findings BY NAME SELECT * FROM submitted")


def _into_postgres(url: str, values: Row) -> None:
    import psycopg
    from psycopg import sql

    with psycopg.connect(url) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        columns = connection.execute("SELECT * FROM findings LIMIT 0").description or []
        _require_columns(values, [column.name for column in columns])
        same = "SELECT 1 FROM findings WHERE audit_id = %(audit_id)s AND event_number = %(event_number)s"
        if connection.execute(same, values).fetchone():
            raise ProblemError(
                ProblemKind.CONFLICT, "The event was recorded meanwhile.", advice="Send it again."
            )
        insert = sql.SQL("INSERT INTO findings ({names}) VALUES ({values})").format(
            names=sql.SQL(", ").join(map(sql.Identifier, values)),
            values=sql.SQL(", ").join(map(sql.Placeholder, values)),
        )
        connection.execute(insert, values)


def _require_columns(values: Row, column_names: list[str]) -> None:
    if missing := [name for name in values if name not in column_names]:
        raise missing_columns_problem(missing)
