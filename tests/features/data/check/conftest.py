"""An output folder that holds an earlier accepted check, and a check against it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.features.data.check.command import Outcome, check, tree
from tests.features.tables import good_tables, write_parquet

Check = Callable[..., Outcome]


@pytest.fixture(scope="session")
def accepted_before(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What a check of the good tables leaves in `accepted`."""
    folder = tmp_path_factory.mktemp("before")
    outcome = check(write_parquet(folder / "data", good_tables()), out=folder / "out")
    assert outcome.status == 0
    return tree(folder / "out" / "accepted")


@pytest.fixture
def out(tmp_path: Path, accepted_before: dict[str, bytes]) -> Path:
    """An output folder with the files of an accepted check."""
    folder = tmp_path / "out"
    (folder / "accepted").mkdir(parents=True)
    for name, content in accepted_before.items():
        (folder / "accepted" / name).write_bytes(content)
    return folder


@pytest.fixture
def refused(out: Path) -> Check:
    """Check data that must be refused, with the earlier accepted check left byte for byte."""

    def checked(data: Path | str, *options: str) -> Outcome:
        before = tree(out / "accepted")
        outcome = check(data, *options, out=out)
        assert outcome.status == 2, outcome.shown
        assert tree(out / "accepted") == before
        return outcome

    return checked


@pytest.fixture
def accepted(out: Path) -> Check:
    """Check data that must be accepted."""

    def checked(data: Path | str, *options: str) -> Outcome:
        outcome = check(data, *options, out=out)
        assert outcome.status == 0, outcome.shown + outcome.errors
        return outcome

    return checked
