"""The home folder: models, snapshots, logs, and the store of experiments."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile

from features.environment import HOME
from features.errors import OutputError


def home_path() -> Path:
    """Return the path of the home folder, whether it exists or not: AUDIT_YIELD_HOME, else ./mlruns."""
    return Path(HOME.read()).absolute()


def home() -> Path:
    """Return the home folder, created where it does not exist.

    Raises `OutputError` where it cannot be created.
    """
    folder = home_path()
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def require_writable(folder: Path) -> None:
    """Raise `OutputError` where nothing can be written below a home: before long work, not after it."""
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass


@contextlib.contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"{folder} cannot be made or written: {error.strerror or error}.",
            expected="a folder for MLflow's store, models and snapshots.",
            advice="Set AUDIT_YIELD_HOME to a folder where you may write.",
        ) from error
