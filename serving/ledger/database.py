"""The findings ledger in a database: a DuckDB file or PostgreSQL, a row added in one transaction."""

from collections.abc import Mapping
from typing import Any

import duckdb
import pyarrow as pa

from features.data.contract import TABLES
from features.data.warehouse.engine import first_line
from features.data.warehouse.engines import engine_errors
from features.errors import OutputError
from serving.ledger.files import without_column
from serving.problems import Kind, ProblemError

FINDINGS = TABLES["findings"]
Row = Mapping[str, Any]


def append(place: str, row: Row) -> None:
    """Add a row to the table findings of a database.

    Raises `ProblemError` where the table has no column for a value or the database cannot be written from
    here, `OutputError` where it refuses.
    """
    given = {name: value for name, value in row.items() if value is not None}
    try:
        if "://" not in place:
            _into_duckdb(place, given)
        elif place.startswith(("postgres://", "postgresql://")):
            _into_postgres(place, given)
        else:
            raise ProblemError(Kind.REFUSED, "The ledger of this warehouse cannot be written from here.")
    except engine_errors() as error:
        raise OutputError(
            f"The ledger cannot be written: {first_line(error)}",
            expected="a table findings that may be written.",
            advice="Check the rights of the service; nothing was recorded.",
        ) from error


LOCK = 6172_6564
"""Held by whoever records an outcome; PostgreSQL locks tables only for roles that may change their rows."""


def _into_duckdb(place: str, given: Row) -> None:
    fields = [FINDINGS.schema.field(name) for name in given]
    sent = pa.Table.from_pylist([dict(given)], schema=pa.schema(fields))
    with duckdb.connect(place) as connection:
        _require_columns(given, connection.table("findings").columns)
        connection.register("sent", sent)
        connection.execute("INSERT INTO findings BY NAME SELECT * FROM sent")


def _into_postgres(place: str, given: Row) -> None:
    import psycopg
    from psycopg import sql

    with psycopg.connect(place) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        there = connection.execute("SELECT * FROM findings LIMIT 0").description or []
        _require_columns(given, [column.name for column in there])
        same = "SELECT 1 FROM findings WHERE audit_id = %(audit_id)s AND event_number = %(event_number)s"
        if connection.execute(same, given).fetchone():
            raise ProblemError(Kind.CONFLICT, "The event was recorded meanwhile.", advice="Send it again.")
        insert = sql.SQL("INSERT INTO findings ({names}) VALUES ({values})").format(
            names=sql.SQL(", ").join(map(sql.Identifier, given)),
            values=sql.SQL(", ").join(map(sql.Placeholder, given)),
        )
        connection.execute(insert, given)


def _require_columns(given: Row, there: list[str]) -> None:
    if homeless := [name for name in given if name not in there]:
        raise without_column(homeless)
