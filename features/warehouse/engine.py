"""The embedded engine: DuckDB with bounded memory, bounded spill and no way out to the network."""

import os
import tempfile
from pathlib import Path

import duckdb
import ibis
from ibis.backends.duckdb import Backend

try:
    from psycopg import Error as PostgresError
except ImportError:  # the extra `postgres` is not installed, so nothing can raise it
    ENGINE_ERRORS: tuple[type[Exception], ...] = (duckdb.Error,)
else:
    ENGINE_ERRORS = (duckdb.Error, PostgresError)
"""What the engines raise when they cannot read on."""

MEMORY_SETTING = "AUDIT_YIELD_MEMORY"
DEFAULT_MEMORY = "4GB"
LARGEST_SPILL = "50GB"


def embedded(scratch: Path, *, database: Path | None = None) -> Backend:
    """Open DuckDB in memory, or `database` read-only; it spills into `scratch`.

    The memory limit is the environment variable `AUDIT_YIELD_MEMORY`, such as `8GB`. A database file
    that somebody sent is not trusted: its views may not read other files.
    """
    engine = ibis.duckdb.connect(
        database=str(database) if database else ":memory:",
        read_only=database is not None,
        memory_limit=os.environ.get(MEMORY_SETTING, DEFAULT_MEMORY),
        temp_directory=str(scratch),
        max_temp_directory_size=LARGEST_SPILL,
        autoinstall_known_extensions=False,
    )
    if database:
        engine.con.execute("SET enable_external_access = false")
    return engine


def scratch_folder() -> tempfile.TemporaryDirectory[str]:
    """Return a private folder for staged files and spill, removed when it is closed."""
    return tempfile.TemporaryDirectory(prefix="audit-yield-", ignore_cleanup_errors=True)
