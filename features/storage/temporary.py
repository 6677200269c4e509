"""Temporary folders: they end with their block, and the next process removes those of killed ones."""

import contextlib
import fcntl
import functools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from features.errors import OutputError

PREFIX = "audit-yield-scratch-"


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """Yield a private folder for temporary files, removed when the block ends.

    It is locked meanwhile, and a process that is killed loses its lock: so the next process first removes
    the folders of dead ones. Raises `OutputError` where none can be created.
    """
    try:
        _remove_orphans(Path(tempfile.gettempdir()))
        folder, descriptor = _locked_folder()
    except OSError as error:
        raise temporary_folder_error(str(error)) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


@contextlib.contextmanager
def private_tempdir() -> Iterator[None]:
    """Let every library create its temporary files in a private folder while the block runs."""
    previous = tempfile.tempdir
    with temporary_folder() as folder:
        tempfile.tempdir = str(folder)
        try:
            yield
        finally:
            tempfile.tempdir = previous


def temporary_folder_error(reason: str) -> OutputError:
    """Return the error for a folder for temporary files that is full or may not be written."""
    return OutputError(
        f"The folder for temporary files cannot be used: {reason}.",
        expected="free space for about the size of the CSV files.",
        advice="Free some space, or name another folder in the environment variable TMPDIR.",
    )


def _locked_folder() -> tuple[Path, int]:
    """Return a new folder and the descriptor that locks it; create another where it was removed meanwhile."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        with contextlib.suppress(FileNotFoundError):
            descriptor = os.open(folder, os.O_RDONLY)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if folder.exists():
                return folder, descriptor
            os.close(descriptor)


@functools.cache
def _remove_orphans(parent: Path) -> None:
    for folder in parent.glob(f"{PREFIX}*"):
        _remove_if_unlocked(folder)


def _remove_if_unlocked(folder: Path) -> None:
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return
    try:
        if os.fstat(descriptor).st_uid == os.getuid():
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
    except BlockingIOError:
        pass
    finally:
        os.close(descriptor)
