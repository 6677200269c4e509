"""Sessions of Spark: a process starts one Spark, with a log of its own, and reads in sessions of it."""

import atexit
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any
from uuid import uuid4

from features.data.warehouse.engines.spark_address import SparkAddress
from features.errors import AuditYieldError, DataError, SettingError
from features.storage.temporary import temporary_folder

if TYPE_CHECKING:
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

ALWAYS = {
    "spark.app.name": "audit-yield",
    "spark.sql.ansi.enabled": "true",  # a sum that does not fit stops, and does not wrap
    "spark.sql.execution.arrow.pyspark.enabled": "true",  # results come as Arrow, not pickled row by row
    "spark.sql.maxPlanStringLength": "1000",  # plans are written out for a page that nobody opens
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ui.explainMode": "simple",
    "spark.ui.showConsoleProgress": "false",
}
ON_THIS_MACHINE = {
    "spark.driver.memory": "3g",  # all work is done in the driver, to which Spark gives 1 GB: it then stalls
    "spark.ui.enabled": "false",
}
SECRET = "spark.hadoop."  # noqa: S105 - where credentials of file systems stand: not for a list of processes
SCRATCH = "audit_yield.scratch"
"""The setting of a session that says where its intermediate tables are."""
LOG_LINES = 3
_LOCK = threading.RLock()


class _Process:
    """The Spark of this process, once it runs: how it was started, where its log and temporary files are."""

    context: "SparkContext | None" = None
    configuration: Mapping[str, str]
    log: IO[bytes]
    temporary: Path


def start_session(address: SparkAddress) -> "SparkSession":
    """Return a new session of the Spark of this process, which is started by the first call.

    Raises `DataError`, with Spark's words, where it does not start, and `SettingError` where it runs already
    with other settings, or no folder for intermediate tables is named.
    """
    from pyspark.sql import SparkSession

    with _LOCK:
        if _Process.context is None:
            _start(address)
        elif _Process.configuration != address.configuration:
            raise SettingError(
                "Spark runs in this process already, with other settings.",
                expected="the same settings of Spark in every address that a process reads.",
                advice="Read the other data in a process of its own.",
            )
        session = SparkSession(_Process.context).newSession()
    session.conf.set(SCRATCH, f"{_scratch(address)}/audit-yield-{uuid4().hex}")
    return session


def _scratch(address: SparkAddress) -> str:
    if address.scratch:
        return address.scratch.removesuffix("/")
    if _Process.context is not None and not _is_local(_Process.context.master):
        raise SettingError(
            "No folder for intermediate tables is named.",
            expected="scratch, a folder that the driver and all executors reach.",
            advice="Name one, such as spark://customs?scratch=hdfs:///tmp.",
        )
    return f"file://{_Process.temporary}"


def _is_local(master: str) -> bool:
    return master.startswith("local")


def _start(address: SparkAddress) -> None:
    from py4j.protocol import Py4JError
    from pyspark import SparkConf, SparkContext
    from pyspark.errors import PySparkException
    from pyspark.java_gateway import launch_gateway

    local = ON_THIS_MACHINE if _is_local(address.configuration.get("spark.master", "local")) else {}
    settings = ALWAYS | local | dict(address.configuration)
    log = Path(address.log).open("a+b") if address.log else TemporaryFile()  # noqa: SIM115 - as long as the process
    stack = ExitStack()
    _Process.temporary = stack.enter_context(temporary_folder())
    try:
        launched = {name: value for name, value in settings.items() if not name.startswith(SECRET)}
        gateway = launch_gateway(
            SparkConf(loadDefaults=False).setAll(list(launched.items())), {"stdout": log, "stderr": log}
        )
        conf = SparkConf(loadDefaults=False).setAll(list(settings.items()))
        _Process.context = SparkContext(conf=conf, gateway=gateway)
    except (OSError, Py4JError, PySparkException) as error:
        stack.close()
        raise DataError(
            f"Spark does not start: {words(error)}{_end_of(log)}.",
            expected="Java 17, and settings that Spark knows.",
            advice="Mend what Spark says; ?log=FILE in the address keeps all of it.",
        ) from error
    atexit.register(stack.close)
    _Process.configuration, _Process.log = address.configuration, log


def _end_of(log: IO[bytes]) -> str:
    log.seek(0)
    lines = [line.strip() for line in log.read().decode(errors="replace").splitlines() if line.strip()]
    messages = [line for line in lines if not line.startswith(("at ", "WARNING:"))]
    return f" ({' / '.join(messages[-LOG_LINES:])})" if messages else ""


def words(error: BaseException) -> str:
    """Return what Spark says of an error: the message at the bottom of what it was caused by, on one line."""
    java: Any = getattr(error, "java_exception", None)
    if java is None:
        return next(iter(str(error).splitlines()), type(error).__name__).rstrip(".")
    while java.getCause() is not None:
        java = java.getCause()
    return next(iter(str(java.getMessage() or java.toString()).splitlines()), "").rstrip(".")


def broken_off(error: BaseException, name: str) -> AuditYieldError:
    """Return the error for a person of a statement that Spark did not finish."""
    return DataError(
        f"{name} broke off: {words(error)}.",
        expected="a Spark that runs until the tables are read, with memory and rights enough.",
        advice="Mend what Spark says; ?log=FILE in the address keeps its log, and settings such as "
        "?spark.driver.memory=8g give it more.",
    )
