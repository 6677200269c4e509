"""An administration in which `audit-yield run` was called once, as its own process."""

import subprocess
from pathlib import Path

import pytest

from features.storage.lock import file_lock
from models.bundle.champion import read_champion
from tests.serving.server import command, environment

EXPERIMENT = """
without = ["valuation", "classification", "origin", "physical", "parties", "tax"]
against = ["declared_value"]
folds = 2
fold_months = 9
[parameters.growth]
rounds = 30
bags = 1
"""


def call(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Call a command as a user does who stands in the folder."""
    return subprocess.run(
        command(*arguments), cwd=place, env=environment(place / "mlruns"), capture_output=True, text=True
    )


@pytest.fixture(scope="session")
def place(shared: Path) -> Path:
    """A folder with demo/data, mlruns with a champion, and what `run` said. Only to be read.

    Workers of one session share it.
    """
    place = shared / "run"
    with file_lock(place.with_suffix(".lock")):
        if not (
            place / "first.txt"
        ).exists():  # MLflow keeps whole paths: the folder cannot be made and moved
            _run(place)
    return place


def _run(place: Path) -> None:
    place.mkdir()
    call(place, "simulate", "demo", "--traders", "1500", "--years", "4", "--seed", "3")
    (place / "quick.toml").write_text(EXPERIMENT)
    first = call(place, "run", "demo/data", "--no-serve", "--experiment", "quick.toml")
    assert first.returncode == 0, first.stderr
    if read_champion(place / "mlruns") is None:
        call(place, "promote", "--force", "the tests need a champion")
    (place / "first.txt").write_text(first.stdout)
