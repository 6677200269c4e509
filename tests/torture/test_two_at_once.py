"""Two trainings at once in one home: two versions, one champion, nothing lost."""

from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from features.errors import OutputError
from models.bundle.champion import read_champion
from tests.clock import now
from tests.torture import TORTURE
from tests.torture.command import PATIENCE, Place, begin, learned, server
from tests.training.trained import ended
from training.promotion.promote import offer
from training.tracking.registry import ModelVersion, models
from training.tracking.run import tracked

pytestmark = pytest.mark.long


def champions(offered: tuple[ModelVersion, ...]) -> list[str]:
    return [each.version for each in offered if "champion" in each.aliases]


def train(home: Path, said: Connection) -> None:
    """Do all that a training does but learn: this model passes the gate."""
    with tracked("at once", home=home, clock=now) as run:
        version = ended(run)
    done = offer(version, home=home, clock=now)
    said.send((version, done is not None and done.promoted))


def test_of_two_first_trainings_at_once_one_becomes_champion(place: Place) -> None:
    """In a home with nothing in it, not even MLflow's store."""
    pipes = [server.Pipe() for _ in range(2)]
    processes = [server.Process(target=train, args=(place.home, there)) for _, there in pipes]
    for process in processes:
        process.start()
    for process in processes:
        process.join(PATIENCE)
    assert [process.exitcode for process in processes] == [0, 0]
    told = dict(here.recv() for here, _ in pipes)
    assert sorted(told.values()) == [False, True]
    offered, serving = models(place.home), read_champion(place.home)
    assert serving is not None
    assert {each.version for each in offered} == {"1", "2"} == set(told)
    assert champions(offered) == [serving.version] == [version for version, won in told.items() if won]
    assert place.leftovers() == []


@pytest.mark.skipif(not TORTURE, reason="long: AUDIT_YIELD_TORTURE=1")
def test_two_true_trainings_at_once_give_two_versions_of_one_model(
    place: Place, administration: Path
) -> None:
    data, experiment = administration / "demo/data", administration / "experiment.toml"
    for _ in range(3):
        train = ("train", str(data), "--as-of", "2024-10-01", "--experiment", str(experiment))
        both = [begin(place, *train) for _ in range(2)]
        for running in both:
            status, said = running.ended()
            assert status == 0, said
        assert place.leftovers() == []
    offered = models(place.home)
    assert [each.version for each in offered] == ["6", "5", "4", "3", "2", "1"]
    first = learned(offered[0], place.home)
    assert all(learned(each, place.home) == first for each in offered)


def promote(home: Path, version: str, said: Connection) -> None:
    from training.promotion.promote import promote

    try:
        said.send(promote(version, force="a test", home=home, clock=now).promoted)
    except OutputError as error:
        said.send(error.found)


def test_of_two_promotions_at_once_one_is_done_and_the_other_too_or_told_so(place: Place) -> None:
    for _ in range(2):
        with tracked("a version", home=place.home, clock=now) as run:
            ended(run)
    pipes = [server.Pipe() for _ in range(2)]
    both = [server.Process(target=promote, args=(place.home, str(n + 1), pipes[n][1])) for n in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(PATIENCE)
    said = [here.recv() for here, _ in pipes]
    assert True in said
    assert set(said) <= {True, "Another promotion is under way."}
    serving = read_champion(place.home)
    assert serving is not None
    assert champions(models(place.home)) == [serving.version]
