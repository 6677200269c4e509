"""The service checks data once for each version: clicks, what-ifs, pages and reports check nothing again."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from features.data.dataset import CHECKS, Dataset
from features.storage.json_cache import read_cached, write_cached
from serving.live.state import load_live
from serving.page.report import report
from tests.serving import tiny
from tests.serving.caller import Service, service
from tests.serving.live.test_what_if import LINE

FEATURE = "customs_value_12m"


def click(running: Service, trader: str) -> int:
    page = running.client.get(f"/traders/{trader}/evidence/{FEATURE}", headers={"Accept": "text/html"})
    return page.status_code


def what_if(running: Service, trader: str) -> int:
    question = {"trader_id": trader, "declarations": [LINE]}
    return running.client.post("/score_declarations", json=question).status_code


def page(running: Service, trader: str) -> int:
    return running.client.get(f"/traders/{trader}", headers={"Accept": "text/html"}).status_code


def reported(running: Service, trader: str) -> int:
    return 200 if trader in report(running.held.current.dataset, trader) else 404


@pytest.fixture
def dataset(own: Path) -> Dataset:
    return tiny.dataset(own / "sim" / "data", own / "mlruns")


def outcomes(dataset: Dataset) -> dict[Path, int]:
    """The outcomes of checks and which files hold them: every check puts another file in its place."""
    return {path: path.stat().st_ino for path in (dataset.home / CHECKS).glob("*.json")}


ASKED = pytest.mark.parametrize("ask", [click, what_if, page, reported])


@ASKED
def test_nothing_that_is_asked_checks_the_data_again(
    dataset: Dataset, tmp_path: Path, ask: Callable[[Service, str], int]
) -> None:
    live = load_live(dataset)
    trader = live.ranking["trader_id"][0].as_py()
    with dataset.open():
        before = outcomes(dataset)
    with service(live, tmp_path / "service") as running:
        assert ask(running, trader) == 200
    assert outcomes(dataset) == before


@pytest.mark.parametrize("ask", [click, what_if])
def test_what_is_asked_of_changed_data_is_checked_and_may_be_refused(
    dataset: Dataset, tmp_path: Path, ask: Callable[[Service, str], int]
) -> None:
    live = load_live(dataset)
    trader = live.ranking["trader_id"][0].as_py()
    with dataset.open():
        [outcome] = outcomes(dataset)
    write_cached(outcome, read_cached(outcome) | {"refusal": "The moon is full."})
    with service(live, tmp_path / "service") as running:
        assert ask(running, trader) >= 500  # what is cached is believed
        shutil.copy(Path(dataset.data) / "links.parquet", Path(dataset.data) / "links.txt")
        assert ask(running, trader) == 200  # another version, checked anew
    assert len(outcomes(dataset)) == 2


def test_a_snapshot_of_changed_data_is_built_anew(dataset: Dataset) -> None:
    before = load_live(dataset)
    (Path(dataset.data) / "links.parquet").unlink()
    after = load_live(dataset)
    assert before.snapshot_digest == after.snapshot_digest  # the model takes nothing from the links
    assert len([each for each in (dataset.home / "snapshots").iterdir() if each.is_dir()]) == 2
