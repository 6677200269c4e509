"""Locks that the kernel releases however a process ends: what is held is alive."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from features.errors import OutputError
from features.output import answered


@contextlib.contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock of a file while the block runs; another's is waited for.

    Raises `OutputError` where the disk refuses the file.
    """
    with _opened(path) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def held_alone(path: Path, *, doing: str) -> Iterator[None]:
    """Hold the lock of a file while the block runs; raises `OutputError` where another holds it."""
    with _opened(path) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OutputError(
                f"Another {doing} is under way.",
                expected="one at a time.",
                advice="Wait until it is done, look at `audit-yield models`, and decide again.",
            ) from error
        yield


def _opened(path: Path) -> IO[str]:
    with answered(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("a")


def is_held(path: Path) -> bool:
    """Whether a living process holds the lock of a file."""
    try:
        with path.open("r") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
