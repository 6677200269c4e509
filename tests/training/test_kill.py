"""Killed at any point, a training looks unfinished, and a promotion leaves the old model or the new."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from models.bundle.artefact import load_bundle
from models.bundle.champion import read_champion
from tests.clock import now
from tests.torture import TORTURE
from tests.torture.command import server
from tests.training.killed import serve, train
from tests.training.trained import training
from training.promotion.promote import promote
from training.tracking.registry import models
from training.tracking.store import experiment, store

PATIENCE = 120.0
CHANCES = 60 if TORTURE else 3


@contextmanager
def child(target: Callable[..., None], *arguments: object) -> Iterator[Connection]:
    """Run a function in a process of its own; kill it with SIGKILL when the block ends."""
    here, there = server.Pipe()
    process = server.Process(target=target, args=(*arguments, there), daemon=True)
    process.start()
    try:
        yield here
    finally:
        process.kill()
        process.join()


def wait_for(point: str, here: Connection) -> None:
    deadline = time.monotonic() + PATIENCE
    while here.poll(max(0.0, deadline - time.monotonic())):
        if here.recv() == point:
            return
    pytest.fail(f"the child never reached {point}")


def states(place: Path) -> dict[str, str]:
    client = store(place)
    runs = client.search_runs([experiment(client, place)])
    return {run.info.run_id: run.info.status for run in runs}


def whole(place: Path) -> None:
    """Every version offered is of a run that finished, every finished run has one, and none seems to run."""
    offered = models(place)
    found = states(place)
    assert set(found.values()) <= {"FINISHED", "KILLED"}
    assert sorted(each.run_id for each in offered) == sorted(r for r, s in found.items() if s == "FINISHED")
    there = store(place).search_model_versions("name = 'audit-yield'")
    assert {str(each.version) for each in there} == {each.version for each in offered}


@pytest.mark.parametrize(
    ("stop", "left"), [("started", ["KILLED"]), ("registered", ["KILLED"]), ("finished", ["FINISHED"])]
)
def test_a_training_killed_before_its_end_is_marked_and_its_version_removed(
    stop: str, left: list[str], place: Path
) -> None:
    with child(train, place, stop) as here:
        wait_for(stop, here)
        assert [each.version for each in models(place)] == (["1"] if stop == "finished" else [])
        assert list(states(place).values()) == (["FINISHED"] if stop == "finished" else ["RUNNING"])
    whole(place)
    assert list(states(place).values()) == left


def test_a_training_killed_at_any_moment_leaves_nothing_half_done(place: Path) -> None:
    rng = random.Random(11)  # noqa: S311  moments to kill at, no secret
    for _ in range(CHANCES):
        with child(train, place, "-") as here:
            wait_for("started", here)
            time.sleep(rng.uniform(0.0, 3.0))
        whole(place)
    training(place)
    whole(place)


def test_a_promotion_killed_at_any_moment_leaves_the_old_model_or_the_new(place: Path) -> None:
    first, second = training(place), training(place)
    promote(first, force="a test", place=place, clock=now)
    rng = random.Random(12)  # noqa: S311  moments to kill at, no secret
    for turn in range(CHANCES):
        with child(serve, place, (first, second)[turn % 2]) as here:
            wait_for("started", here)
            time.sleep(rng.uniform(0.0, 5.0))
        serving = read_champion(place)
        assert serving is not None
        listed = {each.version: each for each in models(place)}
        assert listed[serving.version].aliases == ("champion",)
        assert load_bundle(place / serving.folder, digest=serving.digest).digest == serving.digest
