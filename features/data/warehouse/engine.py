"""The embedded engine: DuckDB with bounded memory, bounded spill and no way out to the network."""

from pathlib import Path

import duckdb
import ibis
import pyarrow as pa
from ibis.backends.duckdb import Backend
from ibis.expr import types as ir

from features.environment import MEMORY
from features.errors import SettingError
from features.storage.disk_full import is_disk_full
from features.storage.temporary import temporary_folder, temporary_folder_error

ibis.options.sql.fuse_selects = False
"""A select of a select stays nested: fused, each value is written out wherever it is used."""

LARGEST_SPILL = "50GB"


def embedded(temporary: Path, *, database: Path | None = None) -> Backend:
    """Open DuckDB in memory, or `database` read-only; it spills into `temporary`.

    The memory limit is the environment variable `AUDIT_YIELD_MEMORY`, such as `8GB`. A database file
    that somebody sent is not trusted: its views may not read other files. Times with a zone are read
    in UTC, so that their day does not depend on the machine. Where DuckDB takes Python for interactive it
    would draw a progress bar of its own, into standard output.
    """
    engine = ibis.duckdb.connect(
        database=str(database) if database else ":memory:",
        read_only=database is not None,
        temp_directory=str(temporary),
        max_temp_directory_size=LARGEST_SPILL,
        autoinstall_known_extensions=False,
    )
    engine.con.execute("SET TimeZone = 'UTC'")
    engine.con.execute("SET enable_progress_bar = false")
    _limit_memory(engine, MEMORY.read())
    if database:
        engine.con.execute("SET enable_external_access = false")
    return engine


def _limit_memory(engine: Backend, limit: str) -> None:
    try:
        engine.con.execute("SET memory_limit = ?", [limit])
    except duckdb.Error as error:
        raise SettingError(
            f"{MEMORY.name} is '{limit}': {first_line(error)}",
            expected="an amount of memory such as 8GB.",
            advice="Correct the environment variable, or remove it for the default.",
        ) from error


def execute_in_memory(table: ir.Table) -> pa.Table:
    """Execute an expression over tables in memory, on an engine of its own: threads share that of Ibis."""
    with temporary_folder() as temporary:
        engine = embedded(temporary)
        try:
            return engine.to_pyarrow(table)
        finally:
            engine.disconnect()


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message, or its class where it has none."""
    return next(iter(str(error).splitlines()), type(error).__name__)


def refuse_exhausted_resources(error: BaseException) -> None:
    """Raise an error for a person where the machine, not the data, is why reading broke off."""
    if isinstance(error, duckdb.OutOfMemoryException):
        raise SettingError(
            f"The memory does not suffice: {first_line(error)}",
            expected=f"tables that can be read within {MEMORY.name} ({MEMORY.default} unless set).",
            advice=f"Set {MEMORY.name} to more, such as 8GB.",
        ) from error
    if isinstance(error, OSError | duckdb.IOException) and is_disk_full(error):
        raise temporary_folder_error(first_line(error)) from error
