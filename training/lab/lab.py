"""The lab: runs of all policies over all seeds, a file each, kept from call to call."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from itertools import product
from json import dumps
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread
from typing import Any

import pyarrow.parquet as pq

from features.errors import OutputError, SettingError
from features.simulate.worlds.named import parameters_of
from features.storage.atomic import atomic_file
from training.lab.differences import Runs
from training.lab.policies import LabPolicy
from training.lab.years import run_years


@dataclass(frozen=True)
class LabSettings:
    """What all runs of a lab share."""

    traders: int
    years: int
    world: str


def lab(
    out: Path,
    policies: Sequence[LabPolicy],
    *,
    seeds: int,
    settings: LabSettings,
    jobs: int = 1,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Runs:
    """Simulate all policies over the seeds 1 to `seeds`, and return their runs.

    A run is a Parquet file in `out`, written whole; those that are there are not run again, so a lab that
    was killed goes on where it was. Raises `OutputError` where `out` holds a lab of other settings, and
    `SettingError` where two policies share a name or there is no such world.
    """
    parameters_of(settings.world, seed=1)
    _claim(out, policies, settings=settings)
    runs = list(product(policies, range(1, seeds + 1)))
    left = [(policy, seed) for policy, seed in runs if not _path(out, policy, seed).exists()]
    progress(len(runs) - len(left), len(runs))
    for done, _ in enumerate(_each(out, left, settings=settings, jobs=jobs), len(runs) - len(left) + 1):
        progress(done, len(runs))
    return {
        policy.name: [pq.read_table(_path(out, policy, seed)) for seed in range(1, seeds + 1)]
        for policy in policies
    }


def _claim(out: Path, policies: Sequence[LabPolicy], *, settings: LabSettings) -> None:
    """Write the settings of the lab, and of each policy, into `out`, or find there the same ones."""
    if len({policy.name for policy in policies}) < len(policies):
        raise SettingError(
            "Two policies have the same name.", expected="each once.", advice="Rename a TOML file."
        )
    out.mkdir(parents=True, exist_ok=True)
    claims: list[tuple[str, dict[str, Any]]] = [("lab", asdict(settings))]
    claims += [(policy.name, policy.content()) for policy in policies]
    for name, content in claims:
        path, text = out / f"{name}.json", dumps(content, indent=2) + "\n"
        if path.exists() and path.read_text(encoding="utf-8") != text:
            raise OutputError(
                f"{path} holds other settings.",
                expected="the settings of the runs that are there.",
                advice="Name another folder, or rename the policy's file.",
            )
        with atomic_file(path) as fresh:
            fresh.write_text(text, encoding="utf-8")


def _path(out: Path, policy: LabPolicy, seed: int) -> Path:
    return out / f"{policy.name}-{seed}.parquet"


def _each(
    out: Path, runs: Sequence[tuple[LabPolicy, int]], *, settings: LabSettings, jobs: int
) -> Iterator[None]:
    """Carry the runs out, one after another or `jobs` at a time; yield after each."""
    if jobs == 1:  # starting a process takes longer than a small run
        for policy, seed in runs:
            _run(out, policy, seed, settings)
            yield
        return
    spawned = get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=spawned, initializer=_end_with_parent) as pool:
        for run in as_completed([pool.submit(_run, out, policy, seed, settings) for policy, seed in runs]):
            run.result()
            yield


def _end_with_parent() -> None:
    """Let this process end when the one that started it does, also where that was killed."""
    parent = parent_process()

    def wait() -> None:
        if parent is not None:
            parent.join()
        os._exit(1)

    Thread(target=wait, daemon=True).start()


def _run(out: Path, policy: LabPolicy, seed: int, settings: LabSettings) -> None:
    """Simulate one policy and seed, and write its file."""
    world = parameters_of(settings.world, seed=seed)
    table = run_years(policy, seed=seed, traders=settings.traders, years=settings.years, world=world)
    with atomic_file(_path(out, policy, seed)) as fresh:
        pq.write_table(table, fresh)
