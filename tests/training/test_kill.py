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

pytestmark = pytest.mark.long

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


def states(home: Path) -> dict[str, str]:
    client = store(home)
    runs = client.search_runs([experiment(client, home)])
    return {run.info.run_id: run.info.status for run in runs}


def whole(home: Path) -> None:
    """Every version offered is of a run that finished, every finished run has one, and none seems to run."""
    offered = models(home)
    statuses = states(home)
    assert set(statuses.values()) <= {"FINISHED", "KILLED"}
    assert sorted(each.run_id for each in offered) == sorted(
        r for r, s in statuses.items() if s == "FINISHED"
    )
    there = store(home).search_model_versions("name = 'audit-yield'")
    assert {str(each.version) for each in there} == {each.version for each in offered}


@pytest.mark.parametrize(
    ("stop", "left"), [("started", ["KILLED"]), ("registered", ["KILLED"]), ("finished", ["FINISHED"])]
)
def test_a_training_killed_before_its_end_is_marked_and_its_version_removed(
    stop: str, left: list[str], home: Path
) -> None:
    with child(train, home, stop) as here:
        wait_for(stop, here)
        assert [each.version for each in models(home)] == (["1"] if stop == "finished" else [])
        assert list(states(home).values()) == (["FINISHED"] if stop == "finished" else ["RUNNING"])
    whole(home)
    assert list(states(home).values()) == left


def test_a_training_killed_at_any_moment_leaves_nothing_half_done(home: Path) -> None:
    rng = random.Random(11)  # noqa: S311  moments to kill at, no secret
    for _ in range(CHANCES):
        with child(train, home, "-") as here:
            wait_for("started", here)
            time.sleep(rng.uniform(0.0, 3.0))
        whole(home)
    training(home)
    whole(home)


def test_a_promotion_killed_at_any_moment_leaves_the_old_model_or_the_new(home: Path) -> None:
    first, second = training(home), training(home)
    promote(first, force="a test", home=home, clock=now)
    rng = random.Random(12)  # noqa: S311  moments to kill at, no secret
    for turn in range(CHANCES):
        with child(serve, home, (first, second)[turn % 2]) as here:
            wait_for("started", here)
            time.sleep(rng.uniform(0.0, 5.0))
        serving = read_champion(home)
        assert serving is not None
        listed = {each.version: each for each in models(home)}
        assert listed[serving.version].aliases == ("champion",)
        assert load_bundle(home / serving.folder, digest=serving.digest).digest == serving.digest
