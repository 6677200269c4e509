"""The home folder: models, snapshots, logs, and the store of experiments."""

import os
from pathlib import Path

from features.errors import OutputError


def home_path() -> Path:
    """Return the path of the home folder, whether it exists or not: AUDIT_YIELD_HOME, else ./mlruns."""
    return Path(os.environ.get("AUDIT_YIELD_HOME") or "mlruns").absolute()


def home() -> Path:
    """Return the home folder, created where it does not exist.

    Raises `OutputError` where it cannot be created.
    """
    folder = home_path()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{folder} cannot be made: {error.strerror or error}.",
            expected="a folder for MLflow's store, models and snapshots.",
            advice="Set AUDIT_YIELD_HOME to a folder where you may write.",
        ) from error
    return folder
