"""A folder in which the README's commands were followed: data, a champion and all, made once for all."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pyarrow.parquet as pq
import pytest

from features.storage.lock import file_lock
from tests.docs.pages import ROOT, examples
from tests.docs.reader import DATABASE, Reader
from tests.e2e.conftest import EXPERIMENT
from tests.features.data.warehouse.homes import copy_into
from tests.postgres import Server


@pytest.fixture(scope="session")
def followed(shared: Path) -> Path:
    """The folder; only to be read."""
    place = shared / "readme"
    with file_lock(place.with_suffix(".lock")), pytest.MonkeyPatch.context() as patch:
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
    with contextlib.ExitStack() as servers:
        reader = Reader(place, servers)
        for example in examples(ROOT / "README.md"):
            if example.not_run is None and example.stays_up is None:
                reader.follow(example)


@pytest.fixture
def folder(followed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the folder, to change."""
    monkeypatch.delenv("AUDIT_YIELD_HOME", raising=False)
    return Path(shutil.copytree(followed, tmp_path / "reader"))


@pytest.fixture
def reader(folder: Path, page: Path, request: pytest.FixtureRequest) -> Iterator[Reader]:
    """Who reads a page; a database has their tables, where the page names one."""
    with contextlib.ExitStack() as servers:
        reader = Reader(folder, servers)
        if any(DATABASE in example.text for example in examples(page)):
            reader.database = in_database(folder / "demo" / "data", request.getfixturevalue("postgres"))
        yield reader


def in_database(data: Path, server: Server) -> str:
    """Copy a folder's tables into a database; return its URL."""
    url = server.url(server.new_database())
    with psycopg.connect(url) as connection:
        for table in data.glob("*.parquet"):
            copy_into(connection, table.stem, pq.read_table(table))
    return url
