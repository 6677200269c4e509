"""Line parts on disk: lines with all their facts, a sealed folder a quarter, made once and read by builds.

A part is known by what it was made from: the declarations, levies and rates known by the end of its quarter,
the code of its facts, and the code that reads and checks the data. So rows that are appended leave earlier
quarters valid, and history that is rewritten asks for other parts from the first quarter that changed.
"""

import contextlib
import errno
import hashlib
import json
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from ibis.expr import types as ir

from features.build import is_followed
from features.data.check.outcome import CheckOutcome
from features.data.dataset import Dataset, checking_digest
from features.data.version import DataVersion
from features.data.warehouse import LineParts, Warehouse
from features.data.warehouse.database import without_credentials
from features.data.warehouse.engines import engine_errors
from features.digest import CodeDigest
from features.errors import DataError, OutputError, SettingError
from features.snapshots import parts
from features.snapshots.known_rows import KnownRows, cache_known_rows, cached_known_rows, location_digest
from features.spine import end_of_quarter, quarters_between
from features.storage.atomic import atomic_folder, output_errors, target_lock
from features.storage.disk_full import is_disk_full
from features.storage.json_cache import read_cached, sealed
from features.storage.lock import file_lock, try_file_lock

FOLDER = "lines"
"""The folder below the home with the parts of each location of files."""
ROWS, ABOUT = "lines.parquet", "about.json"
MADE_FROM = ("declarations", "levies", "tariff")
"""The tables of which the facts of lines are made, as known by the end of their quarter."""
ALL_OF = ("hs_correlations",)
"""Those of which all rows count: a new edition of the HS renames the subheadings of earlier lines."""
READERS = "readers.lock"
"""The lock that all share who read the parts of a location: while they do, none is removed."""

logger = logging.getLogger(__name__)
Progress = Callable[[int, int], None]


@contextlib.contextmanager
def open_with_line_parts(dataset: Dataset) -> Iterator[tuple[Warehouse, CheckOutcome]]:
    """Open a dataset as `Dataset.open_checked` does, with the parts that were made of its rows earlier."""
    version = dataset.version()
    with dataset.open_checked() as (warehouse, outcome):
        known = cached_known_rows(dataset, version)
        with contextlib.ExitStack() as stack:
            if known and dataset.version() == version:
                warehouse = stack.enter_context(with_line_parts(warehouse, dataset, known))
            yield warehouse, outcome


@contextlib.contextmanager
def with_line_parts(warehouse: Warehouse, dataset: Dataset, known: KnownRows) -> Iterator[Warehouse]:
    """Yield a warehouse with the whole parts on disk that were made of its rows, which have these digests."""
    folder, begin = _folder(dataset), known.first_day("declarations")
    if begin is None or not (folder / READERS).is_file():
        yield warehouse
        return
    with file_lock(folder / READERS, shared=True):
        current = _parts(folder, known, begin, _last_day(dataset))
        files = {quarter: part / ROWS for quarter, part in current.items() if _is_whole(part)}
        yield replace(warehouse, line_parts=LineParts(begin, files))


def prepare(dataset: Dataset, *, progress: Progress) -> dict[date, bool]:
    """Make all parts until the cutoff of a dataset; return their quarters, and whether each was made now.

    Raises `SettingError` for data that is no folder, `DataError` where it is refused or changes meanwhile,
    and `OutputError` where the disk refuses.
    """
    if not is_prepared_for(dataset):
        raise SettingError(
            f"'{without_credentials(dataset.data)}' is no folder.",
            expected="a folder of Parquet or CSV files: what is made of them is kept.",
            advice="Score and train on it as it is: its lines are prepared for each build.",
        )
    version = dataset.version()
    with dataset.open_checked() as (warehouse, outcome):
        known = KnownRows.of(warehouse)
        made = make_line_parts(warehouse, dataset, known, version=version, progress=progress)
        if dataset.version() != version:
            raise DataError(
                f"{warehouse.name} changed while it was read.",
                expected="data that nobody writes to for a while.",
                advice="Call again; what was made of quarters that did not change is kept.",
            )
        cache_known_rows(known, dataset, version, outcome=outcome)
    begin = known.first_day("declarations") or dataset.cutoff
    return {quarter: quarter in made for quarter in quarters_between(begin, _eve(dataset))}


def is_prepared_for(dataset: Dataset) -> bool:
    """Return whether parts are made of a dataset: databases tell their changes in ways of their own."""
    return Path(dataset.data).is_dir()


def make_line_parts(
    warehouse: Warehouse,
    dataset: Dataset,
    known: KnownRows,
    *,
    version: DataVersion,
    since: date = date.min,
    progress: Progress = lambda done, total: None,
) -> tuple[date, ...]:
    """Make the parts that are missing for lines accepted from `since` until the cutoff of a dataset.

    Of two calls at once the second waits, and makes what is still missing. Parts that were made of other rows
    are removed, unless somebody reads. Nothing is written of rows that are not those of `version`. Returns
    the quarters that were made; raises `OutputError` where the disk refuses.
    """
    folder, begin = _folder(dataset), known.first_day("declarations")
    if begin is None:
        return ()
    with output_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / READERS).touch()
    made: list[date] = []
    with target_lock(folder / FOLDER):
        wanted = _parts(folder, known, max(begin, since), _eve(dataset))
        missing = {quarter: part for quarter, part in wanted.items() if not _is_whole(part)}
        with contextlib.closing(parts.prepared_parts(warehouse, sorted(missing))) as prepared:
            for quarter, rows in prepared:
                progress(len(made), len(missing))
                if dataset.version() != version:
                    return tuple(made)
                _write(rows, missing[quarter])
                made.append(quarter)
        if made:
            current = _parts(folder, known, begin, _last_day(dataset))
            _remove_others(folder, {part.name for part in current.values()})
    return tuple(made)


def _eve(dataset: Dataset) -> date:
    """Return the last day that the cutoff of a dataset sees."""
    return dataset.cutoff - timedelta(days=1)


def _last_day(dataset: Dataset) -> date:
    return max(dataset.today, dataset.cutoff)


def _folder(dataset: Dataset) -> Path:
    return dataset.home / FOLDER / location_digest(dataset)


def _parts(folder: Path, known: KnownRows, first: date, last: date) -> dict[date, Path]:
    """Return the folder of the part of each quarter between two days, whether it is there or not."""
    return {
        quarter: folder / f"{quarter}-{_key(known, quarter)}" for quarter in quarters_between(first, last)
    }


def _key(known: KnownRows, quarter: date) -> str:
    made_from = [
        code_digest(),
        known.digest_before(end_of_quarter(quarter), tables=MADE_FROM),
        known.digest_before(date.max, tables=ALL_OF),
    ]
    return hashlib.sha256(json.dumps(made_from).encode()).hexdigest()[:16]


@cache
def code_digest() -> str:
    """Return the digest of the code that makes parts from what was checked, and of that which checks."""
    digests = CodeDigest(follow=lambda module: is_followed(module) or module == parts.__name__)
    return digests.of(parts.prepared_parts) + checking_digest()


def _is_whole(part: Path) -> bool:
    """Return whether a part is there as it was written; warn where it is there, and is not."""
    if not part.is_dir():
        return False
    about = read_cached(part / ABOUT)
    with contextlib.suppress(OSError):
        state = (part / ROWS).stat()
        if about and about == _about(part, _digest(part / ROWS, state.st_size, state.st_mtime_ns)):
            return True
    logger.warning("The lines of %s are not as they were written. They are made anew.", part.name)
    return False


@cache
def _digest(file: Path, size: int, changed: int) -> str:  # noqa: ARG001
    """Return the SHA-256 of a file, read once while it has this size and time."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _about(part: Path, digest: str) -> dict[str, str]:
    return {"part": part.name, ROWS: digest}


def _write(rows: ir.Table, part: Path) -> None:
    with atomic_folder(part) as fresh:
        try:
            rows.to_parquet(fresh / ROWS, compression="zstd")
        except engine_errors() as error:
            if is_disk_full(error):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
            raise
        state = (fresh / ROWS).stat()
        about = _about(part, _digest(fresh / ROWS, state.st_size, state.st_mtime_ns))
        (fresh / ABOUT).write_text(sealed(fresh / ABOUT, about))


def _remove_others(folder: Path, names: set[str]) -> None:
    """Remove the parts of a location that have other names, where nobody reads."""
    with contextlib.suppress(OutputError), try_file_lock(folder / READERS, doing="reading of lines"):
        for part in folder.iterdir():
            if part.is_dir() and part.name not in names:
                shutil.rmtree(part, ignore_errors=True)
