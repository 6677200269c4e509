"""Results are written beside their place and renamed: a reader sees the old or the new, whole."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from features.errors import OutputError


@contextlib.contextmanager
def replaced_folder(target: Path) -> Iterator[Path]:
    """Yield an empty folder beside `target`; it takes that place when the block ends well.

    After an error, or a kill at any moment, the earlier folder is there or can be put back: the next
    call does so. Raises `OutputError` where the disk refuses.
    """
    fresh, previous = _beside(target, "new"), _beside(target, "previous")
    try:
        _recover(target, fresh, previous)
        fresh.mkdir(parents=True)
        yield fresh
        if target.exists():
            target.rename(previous)
        fresh.rename(target)
        shutil.rmtree(previous, ignore_errors=True)
    except OSError as error:
        raise OutputError(
            f"{target} cannot be written: {error.strerror or error}.",
            expected="a place with free space where you may write.",
            advice="Free some space or name another place with --out; what was there is unchanged.",
        ) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _beside(target: Path, mark: str) -> Path:
    return target.with_name(f".{target.name}.{mark}")


def _recover(target: Path, fresh: Path, previous: Path) -> None:
    if previous.exists() and not target.exists():
        previous.rename(target)
    shutil.rmtree(previous, ignore_errors=True)
    shutil.rmtree(fresh, ignore_errors=True)
