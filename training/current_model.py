"""Which model stands for the data at hand: the one that serves, the challenger, or one trained now."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from features.clock import Clock
from features.data.dataset import Dataset
from features.errors import SettingError
from features.snapshots.snapshot import Snapshot
from models.bundle.artefact import Bundle
from training.backtest.experiment import Experiment
from training.backtest.run import Progress
from training.backtest.setup import Stage
from training.score import bundle_of_day
from training.tracking.cleanup import CHAMPION
from training.tracking.registry import CHALLENGER, OUT_OF_FOLD, Version, kept_file, models
from training.train import train

AUDIT = ("audit_id", "trader_id", "opened_on")
"""What tells an audit from all others, of other administrations too."""


@dataclass(frozen=True)
class Standing:
    """The model of an administration and what it is asked about; `serves` where it is the champion."""

    version: str
    serves: bool
    bundle: Bundle
    snapshot: Snapshot


def standing(
    dataset: Dataset,
    experiment: Experiment,
    *,
    clock: Clock,
    stage: Stage = lambda words: None,
    progress: Progress | None = None,
) -> Standing:
    """Return the champion, or where there is none the challenger, or where there is neither a new model.

    Raises `SettingError` where the model that is there
    learned from another administration, and what `train` raises.
    """
    if found := _found():
        _require_ours(found, dataset)
    else:
        train(dataset, experiment, clock=clock, stage=stage, progress=progress)
        found = _found()
        assert found is not None  # noqa: S101  a training ends with a version or an error
    stage("Building the features of every trader")
    number, bundle, snapshot = bundle_of_day(dataset, model=found.version)
    return Standing(number, CHAMPION in found.aliases, bundle, snapshot)


def _found() -> Version | None:
    by_alias = {alias: each for each in models() for alias in each.aliases}
    return by_alias.get(CHAMPION) or by_alias.get(CHALLENGER)


def _require_ours(found: Version, dataset: Dataset) -> None:
    """Refuse data that has none of the audits by which the model was tried: it would say things at random."""
    theirs = _audits(pq.read_table(kept_file(found, OUT_OF_FOLD, place=dataset.home), columns=list(AUDIT)))
    with dataset.open() as warehouse:
        ours = _audits(warehouse.table("audits").select(*AUDIT).to_pyarrow())
    if theirs.isdisjoint(ours):
        raise SettingError(
            f"Version {found.version} in {dataset.home.name} learned from another administration: of the "
            f"{len(theirs):,} audits it was tried by, none is in {Path(dataset.data).name}.",
            expected="one administration in one home.",
            advice="Give this one a home of its own: AUDIT_YIELD_HOME=FOLDER audit-yield run DATA.",
        )


def _audits(table: pa.Table) -> set[tuple[Any, ...]]:
    return set(zip(*(table[name].to_pylist() for name in AUDIT), strict=True))
