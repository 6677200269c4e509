"""Versions of data: a digest by table and part that changes when the rows may have changed."""

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryFile

from features.data.contract import TABLES
from features.data.warehouse.database import connect, without_credentials
from features.data.warehouse.engines import adapter_of, engine_errors
from features.data.warehouse.folder import TABLE_FILES
from features.storage.json_cache import read_cached, write_cached

VERSIONS = "versions"
"""The folder below the home with a manifest of hashed files for each location of data."""
SETTLED_AFTER = 2_000_000_000
"""Nanoseconds, as coarse as the clock of a file system may be: a file changed less than that before it was
hashed may change once more without another time."""


@dataclass(frozen=True)
class DataVersion:
    """The state of data at a moment: a digest for each part, named by table, or by table and file."""

    parts: Mapping[str, str]

    @cached_property
    def digest(self) -> str:
        """The SHA-256 over all parts and their names."""
        return hashlib.sha256(json.dumps(sorted(self.parts.items())).encode()).hexdigest()

    def of(self, tables: Set[str]) -> "DataVersion":
        """Return the version of some tables: of their parts, and of those that are of no table."""
        others = TABLES.keys() - tables
        return DataVersion({name: part for name, part in self.parts.items() if _table(name) not in others})


def _table(part: str) -> str:
    """Return the table of a part such as `findings`, `findings.csv` or `findings/part-0.parquet`."""
    return part.partition("/")[0].partition(".")[0]


def version_of(data: str, *, today: date, home: Path) -> DataVersion:
    """Return the version of a folder, a DuckDB file, or a database behind a URL.

    Of files it covers names and content, `mapping.toml` included: a copy has the same version. A file is
    hashed anew only where its size, times or inode differ from the manifest below `home`. An ordinary table
    of PostgreSQL is known by its columns, its size and the server's counters of rows written, which may lag
    some seconds behind, one of Spark by names, sizes and times of its files. What counts no changes (views of
    PostgreSQL, a standby) has the version of `today`.
    Raises `DataError` where a database cannot be reached; a file that cannot be read is a part like others.
    """
    if "://" in data:
        address = hashlib.sha256(data.encode()).hexdigest()  # a URL may hold a password
        return DataVersion({"address": address, "today": today.isoformat(), **_database_parts(data)})
    return DataVersion(_file_parts(Path(data).absolute(), home / VERSIONS))


def _database_parts(url: str) -> Mapping[str, str]:
    engine = connect(url)
    adapter = adapter_of(engine)
    try:
        return adapter.change_marks(engine)
    except engine_errors() as error:
        adapter.refuse(error, without_credentials(url))
        raise
    finally:
        adapter.disconnect(engine)


def _file_parts(path: Path, folder: Path) -> Mapping[str, str]:
    """Return the digest of each file; the manifest holds those that can be known again by size and times."""
    manifest = folder / f"{hashlib.sha256(os.fsencode(path)).hexdigest()[:16]}.json"
    hashed = read_cached(manifest) or {}
    parts, settled, now = {}, {}, _file_system_time(folder)
    for name, file in _entries(path):
        try:
            status = file.stat()
            stamp = [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]
            *earlier, digest = hashed.get(name, [None])
            if earlier != stamp:
                digest = _content_digest(file, status)
            parts[name] = f"link to {file.readlink()}: {digest}" if file.is_symlink() else digest
        except OSError as error:
            parts[name] = f"not readable: {error.errno}"
            continue
        if max(status.st_mtime_ns, status.st_ctime_ns) + SETTLED_AFTER < now:
            settled[name] = [*stamp, digest]
    if settled != hashed:
        write_cached(manifest, settled)
    return parts


def _entries(path: Path) -> Iterator[tuple[str, Path]]:
    """Yield the parts of data and their files: those that `features.data.warehouse.folder` looks at.

    Hidden files are locks, unless they are named like tables. What lies in other folders, such as a home
    inside the data, is no part of it.
    """
    if path.is_dir():
        for entry in sorted(path.glob("*")):  # which passes over a folder that cannot be read
            is_table = entry.name.partition(".")[0] in TABLES  # as Spark writes a folder, traders.parquet
            for file in (entry, *(sorted(entry.glob("*")) if is_table else [])):
                if not file.name.startswith(".") or file.name.endswith(TABLE_FILES):
                    yield file.relative_to(path).as_posix(), file
        return
    for name, file in (("database", path), ("database.wal", path.with_name(f"{path.name}.wal"))):
        if file.exists():
            yield name, file


def _content_digest(file: Path, status: os.stat_result) -> str:
    """Return the SHA-256 of a regular file; of anything else its type: reading a pipe would never end."""
    if not stat.S_ISREG(status.st_mode):
        return stat.filemode(status.st_mode)[0]
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _file_system_time(folder: Path) -> int:
    """Return the time by which files are stamped, in nanoseconds; 0 where nothing can be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder) as file:
            return os.fstat(file.fileno()).st_mtime_ns
    except OSError:
        return 0
