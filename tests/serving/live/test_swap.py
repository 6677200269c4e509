"""Which champion serves: a new one is proved first; what is refused leaves the old one serving."""

import asyncio
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from features.data.dataset import Dataset
from features.errors import DataError, SettingError
from models.bundle.artefact import load_bundle
from models.bundle.champion import POINTER, PUBLISHED
from serving.live.state import Live
from serving.live.swap import ModelSwapper, _warm
from serving.metrics import REFUSED, SWAPS
from tests.serving import tiny


@pytest.fixture(scope="module")
def three(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with three published models, the first of them champion."""
    home = Path(shutil.copytree(trained / "mlruns", tmp_path_factory.mktemp("three") / "mlruns"))
    champion = (home / POINTER).read_bytes()
    for version in ("2", "3"):
        tiny.publish(home, trained / "sim" / "data", version=version, seed=int(version))
    (home / POINTER).write_bytes(champion)
    return home


@pytest.fixture
def home(three: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(three, tmp_path / "mlruns"))


@pytest.fixture
def swapper(home: Path, dataset: Dataset) -> ModelSwapper:
    made = ModelSwapper(lambda: replace(dataset, home=home))
    made.load()
    return made


def refused() -> float:
    return float(REFUSED._value.get())


def promoted(home: Path, version: str = "2") -> Path:
    folder = home / PUBLISHED / version
    tiny.promote(home, load_bundle(folder), version=version)
    return folder


def test_nothing_is_current_before_it_is_loaded(home: Path, dataset: Dataset) -> None:
    with pytest.raises(SettingError, match="has not loaded"):
        _ = ModelSwapper(lambda: replace(dataset, home=home)).current


def test_a_promoted_champion_serves_at_the_next_look(swapper: ModelSwapper, home: Path) -> None:
    before, swaps = swapper.current, SWAPS._value.get()
    assert not swapper.refresh()
    promoted(home)
    assert swapper.refresh()
    assert (before.version, swapper.current.version) == ("1", "2")
    assert SWAPS._value.get() == swaps + 1
    assert not swapper.refresh()


def test_who_took_the_old_one_finishes_with_it(swapper: ModelSwapper, home: Path) -> None:
    taken = swapper.current
    expected = taken.prediction.expected.tobytes()
    promoted(home)
    swapper.refresh()
    assert swapper.current.prediction.expected.tobytes() != expected
    assert taken.bundle.model.predict(taken.X).expected.tobytes() == expected


def cut(folder: Path) -> None:
    trees = folder / "margin_0_0.txt"
    trees.write_bytes(trees.read_bytes()[:100])


def altered(folder: Path) -> None:
    card = folder / "card.json"
    card.write_bytes(card.read_bytes().replace(b"hurdle", b"hurtle"))


def emptied(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


@pytest.mark.parametrize("harm", [cut, altered, emptied])
def test_a_bundle_that_is_not_as_published_is_refused_and_the_old_one_serves_on(
    swapper: ModelSwapper, home: Path, harm: Callable[[Path], None]
) -> None:
    before = refused()
    harm(promoted(home))
    assert not swapper.refresh()
    assert swapper.current.version == "1"
    assert refused() == before + 1


def test_a_pointer_that_is_no_pointer_is_refused(swapper: ModelSwapper, home: Path) -> None:
    before = refused()
    (home / POINTER).write_text("{")
    assert not swapper.refresh()
    assert not swapper.refresh()
    assert swapper.current.version == "1"
    assert refused() == before + 1


def test_a_bundle_whose_digest_is_not_the_promoted_one_is_refused(swapper: ModelSwapper, home: Path) -> None:
    promoted(home)
    named = json.loads((home / POINTER).read_text())
    (home / POINTER).write_text(json.dumps({**named, "digest": "0" * 64}))
    assert not swapper.refresh()
    assert swapper.current.version == "1"


def test_what_was_refused_is_not_tried_at_every_look_but_again_later(
    swapper: ModelSwapper, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = promoted(home)
    whole = (folder / "card.json").read_bytes()
    altered(folder)
    before = refused()
    swapper.refresh()
    swapper.refresh()
    assert refused() == before + 1
    (folder / "card.json").write_bytes(whole)  # it had only been halfway there
    monkeypatch.setattr(time, "monotonic", lambda: float("inf"))
    assert swapper.refresh()
    assert swapper.current.version == "2"


def test_a_champion_promoted_after_a_refused_one_serves_at_once(swapper: ModelSwapper, home: Path) -> None:
    altered(promoted(home))
    swapper.refresh()
    promoted(home, "3")
    assert swapper.refresh()
    assert swapper.current.version == "3"


def test_a_new_day_brings_its_own_snapshot(home: Path, dataset: Dataset) -> None:
    dataset = replace(dataset, home=home)
    datasets = [dataset]
    swapper = ModelSwapper(lambda: datasets[0])
    swapper.load()
    before = swapper.current
    datasets[0] = replace(dataset, cutoff=dataset.cutoff + timedelta(days=1))
    assert swapper.refresh()
    assert swapper.current.dataset.cutoff == dataset.cutoff + timedelta(days=1)
    assert swapper.current.snapshot_digest != before.snapshot_digest


def test_a_day_whose_data_cannot_be_read_leaves_the_day_before_serving(
    home: Path, dataset: Dataset, tmp_path: Path
) -> None:
    dataset = replace(dataset, home=home)
    datasets = [dataset]
    swapper = ModelSwapper(lambda: datasets[0])
    swapper.load()
    datasets[0] = replace(dataset, data=str(tmp_path / "nowhere"))
    assert not swapper.refresh()
    assert swapper.current.dataset == dataset


def test_a_day_without_active_traders_serves_nobody(live: Live) -> None:
    day = live.snapshot
    nobody = replace(
        live, snapshot=replace(day, table=day.table.slice(0, 0), traders=day.traders.slice(0, 0))
    )
    _warm(nobody)
    assert nobody.ranking.num_rows == len(nobody.ranks) == len(nobody.rounded) == 0


def test_without_a_champion_nothing_is_loaded(tmp_path: Path, dataset: Dataset) -> None:
    with pytest.raises(DataError, match="No model is published"):
        ModelSwapper(lambda: replace(dataset, home=tmp_path)).load()


def test_the_event_loop_goes_on_while_a_champion_is_loaded(swapper: ModelSwapper, home: Path) -> None:
    promoted(home)

    async def counted() -> int:
        watching = asyncio.create_task(swapper.watch(every=0.01))
        turns = 0
        while swapper.current.version == "1":
            await asyncio.sleep(0.005)
            turns += 1
        watching.cancel()
        return turns

    assert asyncio.run(counted()) > 5  # blocked, it would have had one turn


def test_the_bundle_that_serves_is_the_promoted_one(swapper: ModelSwapper, home: Path) -> None:
    assert swapper.current.bundle.digest == load_bundle(home / PUBLISHED / "1").digest
