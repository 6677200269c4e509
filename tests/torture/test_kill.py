"""Killed at any moment, a command leaves its old result or its new one, and run again it succeeds.

A kill in every run, fifty-five with AUDIT_YIELD_TORTURE=1. They pile up in one home, as in life.
"""

import json
import random
import shutil
from pathlib import Path
from signal import SIGKILL

import pytest

from models.bundle.artefact import load_bundle
from models.bundle.champion import read_champion
from tests.features.data.systems.exports import contents
from tests.torture import TORTURE
from tests.torture.command import Place, begin, call, learned
from training.tracking.registry import ModelVersion, models

pytestmark = pytest.mark.long

KILLS = 11 if TORTURE else 1
"""Of each command."""
AS_OF = ("--as-of", "2024-10-01")
OLD = b"what an earlier call wrote"


def killed(place: Place, *arguments: str, within: float, rng: random.Random) -> None:
    """Kill a command at a moment within the seconds that it takes; where it was quicker, sooner then."""
    while True:
        moment = rng.uniform(0.0, within)
        if begin(place, *arguments).signal(SIGKILL, after=moment):
            return
        within = moment


def import_arguments(administration: Path, export: str, out: str) -> list[str]:
    return ["import", "kcs", str(administration / f"{export}.csv"), out, "--overwrite"]


def imported(place: Place, out: str) -> tuple[dict[str, bytes], bytes]:
    """Return the files of an import, and its report."""
    return contents(place.work / out), (place.work / f"{out}.import.json").read_bytes()


def test_import_is_whole_after_a_kill(place: Place, administration: Path) -> None:
    call(place, *import_arguments(administration, "old", "old"))
    _, took = call(place, *import_arguments(administration, "new", "new"))
    old, new = imported(place, "old"), imported(place, "new")
    rng = random.Random(21)  # noqa: S311  moments to kill at, no secret
    for _ in range(KILLS):
        call(place, *import_arguments(administration, "old", "out"))
        killed(place, *import_arguments(administration, "new", "out"), within=took, rng=rng)
        if (place.work / "out").exists():
            assert contents(place.work / "out") in (old[0], new[0])
        call(place, *import_arguments(administration, "new", "out"))
        assert imported(place, "out") == new
        assert place.leftovers() == []


def table_is_whole_after_kills(place: Place, *arguments: str, seed: int) -> None:
    """Kill a command that writes one table, each time with an older one in its place."""
    out = place.work / arguments[-1]
    _, took = call(place, *arguments)
    whole = out.read_bytes()
    rng = random.Random(seed)  # noqa: S311  moments to kill at, no secret
    for _ in range(KILLS):
        shutil.rmtree(place.home / "snapshots", ignore_errors=True)
        out.write_bytes(OLD)
        killed(place, *arguments, within=took, rng=rng)
        assert out.read_bytes() in (OLD, whole)
        call(place, *arguments)
        assert out.read_bytes() == whole
        assert place.leftovers() == []


@pytest.mark.skipif(not TORTURE, reason="long: AUDIT_YIELD_TORTURE=1; scores are built the same way")
def test_features_are_whole_after_a_kill(place: Place, administration: Path) -> None:
    data = str(administration / "demo/data")
    table_is_whole_after_kills(place, "features", data, *AS_OF, "--out", "features.parquet", seed=22)


@pytest.mark.skipif(not TORTURE, reason="long: AUDIT_YIELD_TORTURE=1; an interruption is in the proofs")
def test_prepared_lines_are_whole_after_kills_and_of_two_calls_at_once_one_makes_them(
    place: Place, administration: Path
) -> None:
    data = str(administration / "demo/data")
    _, took = call(place, "prepare", data)
    rng = random.Random(26)  # noqa: S311  moments to kill at, no secret
    for _ in range(KILLS):
        shutil.rmtree(place.home / "lines")
        killed(place, "prepare", data, within=took, rng=rng)
        both = [begin(place, "prepare", data, "--json") for _ in range(2)]
        outputs = [running.ended() for running in both]
        assert [status for status, _ in outputs] == [0, 0]
        made = [json.loads(said)["made"] for _, said in outputs]
        assert not set(made[0]) & set(made[1])
        assert call(place, "prepare", data, "--json")[0].count('"made": []') == 1
        assert place.leftovers() == []


def whole(place: Place) -> tuple[ModelVersion, ...]:
    """Return the versions on offer; what serves is one of them, and loads as it was promoted."""
    offered, serving = models(place.home), read_champion(place.home)
    champions = [each.version for each in offered if "champion" in each.aliases]
    if serving:
        load_bundle(place.home / serving.folder, digest=serving.digest)
    assert champions == ([serving.version] if serving else [])
    return offered


@pytest.mark.skipif(not TORTURE, reason="long: AUDIT_YIELD_TORTURE=1; tests/training/test_kill.py is short")
def test_models_and_scores_are_whole_after_a_kill(place: Place, administration: Path) -> None:
    data = str(administration / "demo/data")
    train = ("train", data, *AS_OF, "--experiment", str(administration / "experiment.toml"))
    _, took = call(place, *train)
    [first] = whole(place)
    rng = random.Random(23)  # noqa: S311  moments to kill at, no secret
    for _ in range(KILLS):
        killed(place, *train, within=took, rng=rng)
        whole(place)
        call(place, *train)
        assert all(learned(each, place.home) == learned(first, place.home) for each in whole(place))
        assert place.leftovers() == []
    promotions_are_whole(place, first.version, whole(place)[0].version)
    table_is_whole_after_kills(place, "score", data, *AS_OF, "--out", "scores.csv", seed=25)


def promotions_are_whole(place: Place, *versions: str) -> None:
    """Kill promotions of two versions in turn: one of them serves, and in the end the one asked for."""
    _, took = call(place, "promote", versions[-1], "--force", "a test")
    rng = random.Random(24)  # noqa: S311  moments to kill at, no secret
    for turn in range(KILLS):
        promote = ("promote", versions[turn % 2], "--force", "a test")
        killed(place, *promote, within=took, rng=rng)
        whole(place)
        call(place, *promote)
        whole(place)
        serving = read_champion(place.home)
        assert serving is not None
        assert serving.version == versions[turn % 2]
        assert place.leftovers() == []
