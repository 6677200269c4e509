"""Schema of the log's databases: of a segment, of the log of earlier releases, and its proof."""

import sqlite3
from contextlib import closing
from functools import cache

ANSWERS = """
CREATE TABLE answers (
    sequence INTEGER PRIMARY KEY,
    logged_at TEXT NOT NULL,
    previous BLOB NOT NULL,
    digest BLOB NOT NULL,
{seal}    about TEXT NOT NULL,
    outputs BLOB NOT NULL,
    features BLOB NOT NULL,
    contributions BLOB NOT NULL,
    actor TEXT GENERATED ALWAYS AS (about ->> '$.asked.actor'),
    request_id TEXT GENERATED ALWAYS AS (about ->> '$.asked.request_id')
) STRICT;
CREATE UNIQUE INDEX one_answer_a_request ON answers (actor, request_id);
CREATE TABLE traders (
    trader_id TEXT NOT NULL, sequence INTEGER NOT NULL, place INTEGER NOT NULL,
    PRIMARY KEY (trader_id, sequence, place)
) STRICT, WITHOUT ROWID;
"""
HEADER = """
CREATE TABLE segment (
    number INTEGER PRIMARY KEY, identity TEXT NOT NULL, month TEXT NOT NULL,
    rows INTEGER NOT NULL, previous BLOB NOT NULL, key TEXT NOT NULL, seal BLOB NOT NULL
) STRICT;
CREATE TABLE closing (rows INTEGER PRIMARY KEY, digest BLOB NOT NULL, seal BLOB NOT NULL) STRICT;
CREATE TRIGGER no_INSERT_after_closing BEFORE INSERT ON answers WHEN EXISTS (SELECT 1 FROM closing)
BEGIN SELECT RAISE(ABORT, 'The segment is closed.'); END;
"""


def _triggers(*tables: str) -> str:
    return "".join(
        f"CREATE TRIGGER no_{verb}_of_{table} BEFORE {verb} ON {table} "
        "BEGIN SELECT RAISE(ABORT, 'The prediction log is only ever added to.'); END;\n"
        for verb in ("UPDATE", "DELETE")
        for table in tables
    )


SCHEMA = (
    ANSWERS.format(seal="    seal BLOB NOT NULL,\n")
    + HEADER
    + _triggers("answers", "traders", "segment", "closing")
)
EARLIER_SCHEMA = ANSWERS.format(seal="") + _triggers("answers", "traders")
"""The schema of the one file of releases before 0.2.0."""
AS_SEGMENT = """
CREATE TEMP VIEW answers AS SELECT *, x'' AS seal FROM main.answers;
CREATE TEMP VIEW segment AS SELECT
    0 AS number, '' AS identity, '' AS month, 0 AS rows, zeroblob(32) AS previous, '' AS key, x'' AS seal;
CREATE TEMP VIEW closing AS SELECT 0 AS rows, x'' AS digest, x'' AS seal WHERE FALSE;
"""


def schema_fault(connection: sqlite3.Connection, *, number: int) -> str | None:
    """Return what a database has too much, or lacks; None where its schema is as it was made."""
    actual, expected = _schema_of(connection), _made_by(SCHEMA if number else EARLIER_SCHEMA)
    for name in sorted(actual.keys() | expected.keys()):
        if name not in expected:
            return f"its database has {name}, which is none of the log's"
        if name not in actual:
            return f"its database lacks {name}"
        if actual[name] != expected[name]:
            return f"{name} in its database is not as the log makes it"
    return None


@cache
def _made_by(schema: str) -> dict[str, str]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(schema)
        return _schema_of(connection)


def _schema_of(connection: sqlite3.Connection) -> dict[str, str]:
    """Return the statement of each object; what SQLite makes for itself is left out."""
    query = "SELECT type || ' ' || name, sql FROM main.sqlite_schema WHERE name NOT GLOB 'sqlite_*'"
    return dict(connection.execute(query).fetchall())
