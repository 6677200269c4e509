"""Database connections behind URLs, with errors that never show a password."""

from urllib.parse import urlsplit

from ibis.backends import BaseBackend

from features.data.warehouse.engine import first_line
from features.data.warehouse.engines import adapter_at, engine_errors
from features.errors import AuditYieldError, DataError

EXPECTED = "a database that Ibis can reach, such as postgres://user@host/database."


def without_credentials(location: str) -> str:
    """Return a location as it is shown to people: a URL without user, password and options."""
    scheme, separator, rest = location.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}" if separator else location


def connect(url: str) -> BaseBackend:
    """Connect to the database behind `url`; raise `DataError` where that fails."""
    _refuse_misread(url)
    try:
        return adapter_at(url).connect(url)
    except AuditYieldError:
        raise
    except Exception as error:  # each driver raises its own kind; what misread the URL may cite the password
        is_safe_to_show = isinstance(error, (ImportError, *engine_errors()))
        raise _unreachable(url, f": {first_line(error)}" if is_safe_to_show else ".") from error


def _refuse_misread(url: str) -> None:
    """Refuse a URL whose password ends its host early, so that a part of it would be shown as the host."""
    try:
        parts = urlsplit(url)
        readable = ("@" not in url.partition("?")[0]) or (parts.username is not None and parts.port != 0)
    except ValueError:
        readable = False
    if not readable:
        raise DataError(
            "The address of the database cannot be read.",
            expected="a URL such as postgres://user@host:5432/database.",
            advice="Write special characters in the password as %2F and so on, or set PGPASSWORD instead.",
        )
    if url.startswith("duckdb:"):
        raise DataError(
            "A DuckDB file is given by its path.",
            expected="a path such as data/customs.duckdb.",
            advice="Leave out duckdb://; the file is then opened read-only.",
        )


def _unreachable(url: str, reason: str) -> DataError:
    return DataError(
        f"{without_credentials(url)} cannot be opened{reason}",
        expected=EXPECTED,
        advice="Check the address, the user's rights, and that the driver is installed.",
    )
