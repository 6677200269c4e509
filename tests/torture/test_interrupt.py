"""Stopped by Ctrl-C, a command says so in one line, with status 130, and leaves what was there."""

import random
from pathlib import Path
from signal import SIGINT

from tests.torture import TORTURE
from tests.torture.command import Place, begin, call
from training.tracking.registry import models

STOPPED = 130
TIMES = 10 if TORTURE else 1


def test_a_training_that_is_stopped_leaves_no_half_a_version_and_no_files(
    place: Place, administration: Path
) -> None:
    data, experiment = administration / "demo/data", administration / "experiment.toml"
    train = ("train", str(data), "--as-of", "2024-10-01", "--experiment", str(experiment))
    took = call(place, *train)[1] if TORTURE else 4.0
    rng = random.Random(26)  # noqa: S311  moments to stop at, no secret
    for _ in range(TIMES):
        before = models(place.home)
        running = begin(place, *train)
        if running.signal(SIGINT, after=rng.uniform(0.0, 0.9 * took)):
            status, said = running.ended()
            assert (status, len(said.splitlines())) == (STOPPED, 1), said
            assert place.leftovers() == []
            after = models(place.home)
            assert len(after) - len(before) in (0, 1)  # one, where the stop came after it was registered
            assert {each.digest for each in before} <= {each.digest for each in after}


def test_a_table_that_is_not_finished_leaves_the_one_before(place: Place, administration: Path) -> None:
    out = place.work / "features.csv"
    out.write_text("before")
    rng = random.Random(27)  # noqa: S311  moments to stop at, no secret
    data = str(administration / "demo/data")
    for _ in range(TIMES):
        running = begin(place, "features", data, "--as-of", "2024-10-01", "--out", "features.csv")
        assert running.signal(SIGINT, after=rng.uniform(0.0, 2.0))
        status, said = running.ended()
        assert (status, len(said.splitlines())) == (STOPPED, 1), said
        assert out.read_text() == "before"
        assert place.leftovers() == []
