"""Homes with MLflow's store in them: its tables are made once and copied."""

import os
import shutil
from pathlib import Path

import pytest

from training.home import STORE, store


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store without a run; workers of one session share it."""
    base = tmp_path_factory.getbasetemp()
    place = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "mlflow-store"
    store(place)
    return place / STORE


@pytest.fixture
def place(empty_store: Path, tmp_path: Path) -> Path:
    """A home of one's own."""
    home = tmp_path / "mlruns"
    home.mkdir()
    shutil.copy(empty_store, home / STORE)
    return home
