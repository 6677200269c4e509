"""A folder in which the README's commands were followed: data, a champion and all, made once for all."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, examples
from tests.docs.reader import Reader
from tests.serving.server import served

QUICK = """\
without = ["valuation", "classification", "origin", "physical", "parties", "tax"]
against = ["declared_value"]
folds = 2
fold_months = 9
[parameters.growth]
rounds = 30
bags = 1
"""
"""The experiment that stands for the one with all defaults, which takes minutes."""


@pytest.fixture(scope="session")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder; only to be read."""
    base = tmp_path_factory.getbasetemp()
    place = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "readme"
    with place.with_suffix(".lock").open("w") as lock, pytest.MonkeyPatch.context() as patch:
        fcntl.flock(lock, fcntl.LOCK_EX)
        patch.delenv("AUDIT_YIELD_HOME", raising=False)
        if not (place / "done").exists():
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
            _follow_the_readme(place)
            (place / "done").touch()
    return place


def _follow_the_readme(place: Path) -> None:
    (place / "quick.toml").write_text(QUICK)
    for export in (ROOT / "tests" / "fixtures" / "asycuda").glob("*.csv"):
        shutil.copy(export, place)
    reader = Reader(place)
    for example in examples(ROOT / "README.md"):
        if example.not_run is None:
            reader.follow(example)


@pytest.fixture
def folder(followed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the folder, to change."""
    monkeypatch.delenv("AUDIT_YIELD_HOME", raising=False)
    return Path(shutil.copytree(followed, tmp_path / "reader"))


@pytest.fixture
def reader(folder: Path, page: Path) -> Iterator[Reader]:
    """Who reads a page; a server runs beside them, where the page calls one."""
    assert page in PAGES
    reader = Reader(folder)
    if not any(reader.address in each.text for each in examples(page)):
        yield reader
        return
    (folder / "sim").symlink_to("demo")  # as tests/serving names its data
    with served(folder) as server:
        yield Reader(folder, str(server.client.base_url).replace("127.0.0.1", "localhost").rstrip("/"))
