"""Homes with MLflow's store in them: its tables are made once and copied."""

import shutil
from pathlib import Path

import pytest

from training.tracking.store import STORE, store


@pytest.fixture(scope="session")
def empty_store(shared: Path) -> Path:
    """A store without a run; workers of one session share it."""
    folder = shared / "mlflow-store"
    store(folder)
    return folder / STORE


@pytest.fixture
def home(empty_store: Path, tmp_path: Path) -> Path:
    """A home of one's own."""
    home = tmp_path / "mlruns"
    home.mkdir()
    shutil.copy(empty_store, home / STORE)
    return home
