"""Spark: sessions of our own, folders of Parquet as tables, and intermediate tables as Parquet.

Spark has no temporary tables. A checkpoint of its own is lost with an executor, or kept as rows; Parquet is
read by columns, and written by the engine whatever its size.
"""

import hashlib
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import ibis
from ibis.backends import BaseBackend
from ibis.expr import types as ir
from sqlglot import exp

from features.data.contract import TABLES
from features.data.warehouse.engines.adapter import Adapter, row_text
from features.data.warehouse.engines.spark_address import SparkAddress
from features.data.warehouse.engines.spark_session import SCRATCH, broken_off, start_session, words
from features.errors import DataError, listed

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PARQUET = ".parquet"
FOLDER = "audit_yield.folder"
"""The setting of a session that names the folder it reads, if it does."""


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]
def xxhash64(text: str) -> int:
    """Spark's hash of 64 bits; the one that Ibis takes has 32."""
    raise NotImplementedError  # Spark has it


def _connect(url: str) -> BaseBackend:
    """Open a session on the database or folder of an address."""
    address = SparkAddress.of(url)
    session = start_session(address)
    if address.folder:
        session.conf.set(FOLDER, address.folder)
    if address.database:
        parts = (exp.to_identifier(part, quoted=True) for part in address.database.split("."))
        try:
            session.sql(f"USE {'.'.join(part.sql('spark') for part in parts)}")
        except _errors() as error:
            raise _not_opened(address.database, error) from error
    return ibis.pyspark.connect(session)


def _not_opened(name: str, error: Exception) -> DataError:
    return DataError(
        f"Spark cannot open '{name}': {words(error)}.",
        expected="a database of its metastore, or a folder with tables such as traders.parquet.",
        advice="Correct the address; `spark://` alone reads Spark's default database.",
    )


def _begin(engine: BaseBackend) -> None:
    """Give the tables of a folder their names, as temporary views."""
    session = engine._session
    for name, path in _folder_tables(session).items():
        session.read.parquet(path).createOrReplaceTempView(name)


def _folder_tables(session: "SparkSession") -> dict[str, str]:
    """Return where the tables of the session's folder are: files or folders of Parquet; empty without one."""
    folder = session.conf.get(FOLDER, "")
    if not folder:
        return {}
    try:
        system, path = _file_system(session, folder)
        entries = sorted(str(status.getPath().getName()) for status in system.listStatus(path))
    except _errors() as error:
        raise _not_opened(folder, error) from error
    tables = [entry for entry in entries if entry.removesuffix(PARQUET) in TABLES]
    paths = {entry.removesuffix(PARQUET): f"{path}/{entry}" for entry in tables}
    if not paths or len(paths) < len(tables):
        raise DataError(
            f"'{folder}' has {'a table twice' if paths else 'no table'}: {listed(entries)}.",
            expected="Parquet, each table once, as a file or folder such as traders.parquet.",
            advice="Name the folder that holds the tables. CSV is read without Spark: give its path alone.",
        )
    return paths


def _file_system(session: "SparkSession", location: str) -> tuple[Any, Any]:
    """Return Hadoop's file system for a location, and its path there: the disk, HDFS, an object store."""
    java: Any = session._jvm
    path = java.org.apache.hadoop.fs.Path(location)
    return path.getFileSystem(session._jsc.hadoopConfiguration()), path


def _disconnect(engine: BaseBackend) -> None:
    """Remove the intermediate tables of a session; Spark itself runs on, as long as the process."""
    system, path = _file_system(engine._session, engine._session.conf.get(SCRATCH))
    system.delete(path, True)


def _table_names(engine: BaseBackend) -> set[str]:
    """Return the names of the tables of the folder, or of the database."""
    if engine._session.conf.get(FOLDER, ""):
        return set(_folder_tables(engine._session))
    return {row.tableName for row in engine._session.sql("SHOW TABLES").collect()}


def _create_view(engine: BaseBackend, name: str, statement: str) -> None:
    """Name a statement; a view in the words of SQL is parsed and analysed wherever it is read."""
    engine._session.sql(statement).createTempView(name)


def _create_table(engine: BaseBackend, name: str, statement: str, schema: ibis.Schema) -> None:  # noqa: ARG001
    """Let Spark compute rows and write them, for this session alone, in its own types."""
    session = engine._session
    rows = session.sql(statement)
    path = f"{session.conf.get(SCRATCH)}/{name}"
    rows.write.parquet(path)
    session.read.schema(rows.schema).parquet(path).createTempView(name)


def _drop(engine: BaseBackend, name: str) -> None:
    engine.drop_view(name)
    system, path = _file_system(engine._session, f"{engine._session.conf.get(SCRATCH)}/{name}")
    system.delete(path, True)


def _row_hash(values: Sequence[ir.Value]) -> ir.IntegerValue:
    return xxhash64(row_text(values))


def _change_marks(engine: BaseBackend) -> dict[str, str]:
    """Return for each table of the contract a digest over names, sizes and times of its files.

    Two metastores with tables of the same names have others. A table that is not made of files has none.
    """
    session = engine._session
    files = {name: _files_below(session, path) for name, path in _folder_tables(session).items()}
    for name in [] if files else sorted(_table_names(engine) & TABLES.keys()):
        files[name] = [_status(session, file) for file in session.table(name).inputFiles()]
    return {
        name: hashlib.sha256("\n".join(sorted(each)).encode()).hexdigest()
        for name, each in files.items()
        if each
    }


def _files_below(session: "SparkSession", path: str) -> list[str]:
    system, root = _file_system(session, path)
    listing, files = system.listFiles(root, True), []
    while listing.hasNext():
        files.append(_stamp(listing.next()))
    return files


def _status(session: "SparkSession", file: str) -> str:
    system, path = _file_system(session, file)
    return _stamp(system.getFileStatus(path))


def _stamp(status: Any) -> str:
    return f"{status.getPath()} {status.getLen()} {status.getModificationTime()}"


def _errors() -> tuple[type[Exception], ...]:
    if sys.modules.get("pyspark") is None:
        return ()
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    return (PySparkException, Py4JError)


def _refuse(error: BaseException, warehouse: str) -> None:
    """Raise an error for a person with Spark's words; what it cannot parse is our fault."""
    if isinstance(error, _errors()) and type(error).__name__ != "ParseException":
        raise broken_off(error, warehouse) from error


SPARK = Adapter(
    name="pyspark",
    schemes=("spark", "pyspark"),
    connect=_connect,
    disconnect=_disconnect,
    begin=_begin,
    table_names=_table_names,
    create_view=_create_view,
    create_table=_create_table,
    drop=_drop,
    row_hash=_row_hash,
    change_marks=_change_marks,
    errors=_errors,
    refuse=_refuse,
)
