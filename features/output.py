"""Results are written beside their place and renamed: a reader sees the old or the new, whole."""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from features.errors import OutputError


@contextlib.contextmanager
def replaced_folder(target: Path) -> Iterator[Path]:
    """Yield an empty folder beside `target`; it takes that place when the block ends well.

    After an error the earlier folder is there; after a kill it is there or is put back by the next call.
    Of two calls at once the second waits. Raises `OutputError` where the disk refuses.
    """
    fresh, previous = _beside(target, "new"), _beside(target, "previous")
    with _answered(target), _alone(target):
        _put_back(target)
        try:
            fresh.mkdir()
            yield fresh
            if target.exists():
                target.rename(previous)
            fresh.rename(target)
        finally:
            _put_back(target)


@contextlib.contextmanager
def replaced_file(
    target: Path, *, advice: str = "Free some space or name another file; what was there is unchanged."
) -> Iterator[Path]:
    """Yield a path beside `target`; the file that the block writes there takes that place when it ends well.

    After an error or a kill the earlier file is there. Raises `OutputError` with `advice` where the disk
    refuses.
    """
    fresh = _beside(target, f"{os.getpid()}.new")
    try:
        yield fresh
        fresh.replace(target)
    except OSError as error:
        raise OutputError(
            f"{target} cannot be written: {error.strerror or error}.",
            expected="a place with free space where you may write.",
            advice=advice,
        ) from error
    finally:
        fresh.unlink(missing_ok=True)


def put_back(target: Path) -> None:
    """Put `target` back in its place, where a run that was killed had moved it aside."""
    if target.parent.is_dir():
        with _answered(target), _alone(target):
            _put_back(target)


def _put_back(target: Path) -> None:
    previous = _beside(target, "previous")
    if previous.exists() and not target.exists():
        previous.rename(target)
    _remove(previous)
    _remove(_beside(target, "new"))


def _remove(leftover: Path) -> None:
    if leftover.is_dir():
        shutil.rmtree(leftover, ignore_errors=True)
    else:
        leftover.unlink(missing_ok=True)


def _beside(target: Path, mark: str) -> Path:
    return target.with_name(f".{target.name}.{mark}")


@contextlib.contextmanager
def _alone(target: Path) -> Iterator[None]:
    """Hold a lock that the kernel releases however the process ends; its empty file stays."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with _beside(target, "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def _answered(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"{target} cannot be written: {error.strerror or error}.",
            expected="a place with free space where you may write.",
            advice="Free some space or name another place with --out; what was there is unchanged.",
        ) from error
