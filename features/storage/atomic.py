"""Atomic writes: write beside the target, then rename, so that a reader sees the old or the new, whole."""

import contextlib
import fcntl
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, BinaryIO

from features.errors import OutputError

NEW, PREVIOUS, LOCK = (f".audit-yield-{mark}" for mark in ("new", "previous", "lock"))
"""Suffixes of the files and folders beside a target while it is written, and after a kill."""
STANDARD_OUTPUT = Path("-")
UNCHANGED = "Free some space, or name another place; what was there is unchanged."


@contextlib.contextmanager
def atomic_folder(target: Path) -> Iterator[Path]:
    """Yield an empty folder beside `target`; it replaces `target` when the block ends without an error.

    After an error the earlier folder is there; after a kill it is there or is restored by the next call,
    which also cleans up after calls for other targets in the same folder. Of two calls at once the second
    waits. Raises `OutputError` where the disk refuses.
    """
    fresh, previous = _beside(target, NEW), _beside(target, PREVIOUS)
    with output_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        _tidy(target.parent)
        with target_lock(target):
            try:
                fresh.mkdir()
                yield fresh
                if target.exists():
                    target.rename(previous)
                fresh.rename(target)
            finally:
                _restore(target)


@contextlib.contextmanager
def atomic_file(target: Path, *, advice: str = UNCHANGED) -> Iterator[Path]:
    """Yield a path beside `target`; the file that the block writes there replaces `target` at its end.

    After an error or a kill the earlier file is there; the next call cleans up. Of two calls at once the
    second waits. Raises `OutputError` with `advice` where the disk refuses.
    """
    fresh = _beside(target, NEW)
    with output_errors(target, advice):
        _tidy(target.parent)
        with target_lock(target):
            try:
                yield fresh
                fresh.replace(target)
            finally:
                _remove(fresh)


@contextlib.contextmanager
def output_file(target: Path) -> Iterator[BinaryIO]:
    """Yield a file that replaces `target` when the block ends without an error; `-` is standard output.

    Raises `OutputError` where the disk refuses.
    """
    if target == STANDARD_OUTPUT:
        yield sys.stdout.buffer
    else:
        with atomic_file(target) as fresh, fresh.open("wb") as file:
            yield file


def restore(target: Path) -> None:
    """Restore `target` where a call that was killed had moved it aside."""
    if _beside(target, LOCK).exists():
        with output_errors(target), target_lock(target):
            pass


def _restore(target: Path) -> None:
    previous = _beside(target, PREVIOUS)
    if previous.exists() and not target.exists():
        previous.rename(target)
    _remove(previous)
    _remove(_beside(target, NEW))


def _remove(leftover: Path) -> None:
    if leftover.is_dir():
        shutil.rmtree(leftover, ignore_errors=True)
    else:
        leftover.unlink(missing_ok=True)


def _beside(target: Path, ending: str) -> Path:
    return target.with_name(f".{target.name}{ending}")


def _tidy(folder: Path) -> None:
    """Clean up after killed calls in a folder: they left a lock file that no process holds."""
    for lock in folder.glob(f".*{LOCK}"):
        target = lock.with_name(lock.name.removeprefix(".").removesuffix(LOCK))
        with contextlib.suppress(OSError), target_lock(target, wait=False):
            pass


@contextlib.contextmanager
def target_lock(target: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold the lock of a target, restored first; the lock's file exists only while it is held.

    The kernel releases it however the process ends. Without `wait`, raises `BlockingIOError` where another
    process holds it.
    """
    path = _beside(target, LOCK)
    while True:
        with path.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not _is_at(lock, path):
                continue  # its holder has removed it: the next one is another file
            try:
                _restore(target)
                yield
            finally:
                path.unlink(missing_ok=True)
            return


def _is_at(file: IO[str], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


@contextlib.contextmanager
def output_errors(target: Path, advice: str = UNCHANGED) -> Iterator[None]:
    """Raise an `OutputError` for a write to `target` that the disk refuses."""
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"{target} cannot be written: {error.strerror or error}.",
            expected="a place with free space where you may write.",
            advice=advice,
        ) from error
