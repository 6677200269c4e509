"""Addresses of Spark: which tables are read, and under which settings, as a URL and a TOML file say."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from features.errors import SettingError, unknown
from features.settings import read_toml

OWN = ("folder", "scratch", "log", "settings")
"""The settings that are ours; all others begin with `SPARKS` and are Spark's."""
SPARKS = "spark."


@dataclass(frozen=True, kw_only=True)
class SparkAddress:
    """An address `spark://DATABASE` or `spark:///FOLDER`, with settings after `?` or in a file.

    - `database`: the database of the metastore, after its catalog and a dot; empty for Spark's default.
    - `folder`: the folder of Parquet that is read instead, as Spark names it, such as `s3a://bucket/customs`.
    - `scratch`: the folder for intermediate tables, which driver and executors reach; empty for one of this
      machine, which is removed at the end.
    - `log`: the file that Spark's log is appended to; empty for none.
    - `configuration`: Spark's own settings.
    """

    database: str = ""
    folder: str = ""
    scratch: str = ""
    log: str = ""
    configuration: Mapping[str, str]

    @classmethod
    def of(cls, url: str) -> Self:
        """Read an address; raise `SettingError` where it, or the file that it names, cannot be used."""
        try:
            parts = urlsplit(url)
            given = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
        except ValueError as error:
            raise _unusable(f"cannot be read: {error}") from error
        if "@" in parts.netloc or ":" in parts.netloc or parts.fragment:
            raise _unusable("names a user, a port or a fragment")
        if "settings" in given:
            given = dict(_flattened(read_toml(Path(given["settings"])))) | given
        for name in given:
            if name not in OWN and not name.startswith(SPARKS):
                raise unknown(name, OWN, what="The address of Spark has no setting")
        folder = given.get("folder") or unquote(parts.path).removesuffix("/")
        if folder and parts.netloc:
            raise _unusable("names a database and a folder")
        return cls(
            database=unquote(parts.netloc),
            folder=folder,
            scratch=given.get("scratch", ""),
            log=given.get("log", ""),
            configuration={name: value for name, value in given.items() if name not in OWN},
        )


def _flattened(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield settings under their dotted names: TOML reads `spark.driver.memory` as tables in tables."""
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flattened(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", str(value).lower() if isinstance(value, bool) else str(value)


def _unusable(reason: str) -> SettingError:
    return SettingError(
        f"The address of Spark {reason}.",
        expected="spark://, spark://DATABASE or spark:///FOLDER, and settings such as ?spark.master=yarn.",
        advice="A cluster is named by its setting: spark://customs?spark.master=spark://host:7077.",
    )
