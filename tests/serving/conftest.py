"""A trained home, made once for all workers of a session and copied by whoever changes it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from features.data.dataset import Dataset
from features.storage.lock import file_lock
from serving.live.state import Live, load_live
from tests.serving import tiny
from tests.serving.caller import Service, service


@pytest.fixture(scope="session")
def trained(shared: Path) -> Path:
    """A folder with `sim/data`, `sim/truth` and `mlruns`; the champion is version 1. Only to be read."""
    folder = shared / "trained"
    with file_lock(folder.parent / "trained.lock"):
        if not folder.exists():
            made = folder.with_name("trained.new")
            tiny.publish(made / "mlruns", tiny.administration(made / "sim"))
            load_live(tiny.dataset(made / "sim" / "data", made / "mlruns"))
            made.rename(folder)
    return folder


@pytest.fixture(scope="session")
def dataset(trained: Path) -> Dataset:
    """What the live model answers from."""
    return tiny.dataset(trained / "sim" / "data", trained / "mlruns")


@pytest.fixture(scope="session")
def live(dataset: Dataset) -> Live:
    """The champion and the day's snapshot, loaded once."""
    return load_live(dataset)


@pytest.fixture
def own(trained: Path, tmp_path: Path) -> Path:
    """A copy of the trained folder, to change."""
    return Path(shutil.copytree(trained, tmp_path / "own"))


@pytest.fixture(scope="module")
def served(live: Live, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service on the machine itself, without tokens."""
    with service(live, tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture(scope="module")
def traders(live: Live) -> list[str]:
    """Every trader, the highest expected yield first."""
    return list(live.ranking["trader_id"].to_pylist())


@pytest.fixture(scope="module")
def small_trader(live: Live, traders: list[str]) -> str:
    """The trader of whom least is expected among those with a value of every feature: it has few lines."""
    return next(trader for trader in reversed(traders) if not np.isnan(live.X[live.row_index[trader]]).any())
