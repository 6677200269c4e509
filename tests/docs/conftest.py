"""A folder in which the README's commands were followed: data, a champion and all, made once for all."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from features.lock import held
from tests.docs.pages import PAGES, ROOT, examples
from tests.docs.reader import Reader
from tests.e2e.conftest import EXPERIMENT
from tests.serving.server import served


@pytest.fixture(scope="session")
def followed(shared: Path) -> Path:
    """The folder; only to be read."""
    place = shared / "readme"
    with held(place.with_suffix(".lock")), pytest.MonkeyPatch.context() as patch:
        patch.delenv("AUDIT_YIELD_HOME", raising=False)
        if not (place / "done").exists():
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
            _follow_the_readme(place)
            (place / "done").touch()
    return place


def _follow_the_readme(place: Path) -> None:
    (place / "quick.toml").write_text(EXPERIMENT)  # the one with all defaults takes minutes
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
