"""File locks: the kernel releases them however a process ends, so the holder of a lock is alive."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from features.errors import OutputError
from features.storage.atomic import output_errors


@contextlib.contextmanager
def file_lock(path: Path, *, shared: bool = False) -> Iterator[None]:
    """Hold the lock of a file while the block runs; wait while another process holds it.

    Those who hold it `shared`, which needs no right to write the file, hold it together and keep out the
    others. Raises `OutputError` where the disk refuses the file.
    """
    with path.open("r") if shared else _open(path) as file:
        fcntl.flock(file, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def try_file_lock(path: Path, *, doing: str) -> Iterator[None]:
    """Hold the lock of a file while the block runs; raise `OutputError` where another process holds it."""
    with _open(path) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OutputError(
                f"Another {doing} is under way.",
                expected="one at a time.",
                advice="Wait until it is done, look at `audit-yield models`, and decide again.",
            ) from error
        yield


def _open(path: Path) -> IO[str]:
    with output_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("a")


def is_locked(path: Path) -> bool:
    """Return whether a living process holds the lock of a file."""
    try:
        with path.open("r") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
