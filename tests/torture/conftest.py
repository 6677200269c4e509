"""An administration that the commands work on, made once for all tests of a session."""

from pathlib import Path

import pytest

from features.simulate import simulate
from features.storage.lock import file_lock
from tests.features.data.systems.exports import kcs_file
from tests.torture.command import Place

EXPERIMENT = """
without = ["valuation", "classification", "origin", "physical", "parties", "tax"]
against = ["declared_value"]
folds = 1
first_fold_on = 2023-10-01
fold_months = 9
[parameters.growth]
rounds = 20
bags = 1
"""


@pytest.fixture(scope="session")
def administration(shared: Path) -> Path:
    """A folder with a simulated administration, a small experiment and two exports of a source system."""
    folder = shared / "administration"
    with file_lock(folder.with_suffix(".lock")):
        if not (folder / "demo").exists():
            folder.mkdir(exist_ok=True)
            (folder / "experiment.toml").write_text(EXPERIMENT)
            for name, count in (("old", 1_000), ("new", 20_000)):
                kcs_file(folder, *map(export_line, range(count)), name=f"{name}.csv")
            simulate(folder / "demo", traders=1000, years=4, seed=3)
    return folder


def export_line(number: int) -> str:
    """Return a line of the Korean form."""
    day = f"2020-{1 + number % 12:02}-{1 + number % 28:02}"
    fixed = "11,21,11,10,D1"
    goods = f"{10000 + number % 80000:06},BE,BE,8.0,A,G,{1 + number % 97}.5,{100 + number % 9973}.5"
    return f"{number:08},{day},30,B,{fixed},I{number % 300},S{number % 50},,{goods},{number % 9 // 8},0"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A place of one's own for commands."""
    return Place.made(tmp_path)
