"""The current model of a dataset: the champion, the challenger, or one trained now."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

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
from training.tracking.registry import CHALLENGER, ModelVersion, models, out_of_fold
from training.train import train

AUDIT = ("audit_id", "trader_id", "opened_on")
"""The columns that identify an audit, among those of other administrations too."""


@dataclass(frozen=True)
class CurrentModel:
    """The model of an administration and the snapshot to predict.

    `serves` where it is the champion; `gate` is the last verdict on it, "-" where there was none.
    """

    version: str
    serves: bool
    gate: str
    bundle: Bundle
    snapshot: Snapshot


def current_model(
    dataset: Dataset,
    experiment: Experiment,
    *,
    clock: Clock,
    stage: Stage = lambda words: None,
    progress: Progress | None = None,
) -> CurrentModel:
    """Return the champion, or where there is none the challenger, or where there is neither a new model.

    Raises `SettingError` where the model learned from another administration, and what `train` raises.
    """
    if model_version := _model_version(dataset.home):
        _require_same_administration(model_version, dataset)
    else:
        train(dataset, experiment, clock=clock, stage=stage, progress=progress)
        model_version = _model_version(dataset.home)
        assert model_version is not None  # noqa: S101  a training ends with a version or an error
    stage("Building the features of every trader")
    number, bundle, snapshot = bundle_of_day(dataset, model=model_version.version)
    serves = CHAMPION in model_version.aliases
    return CurrentModel(number, serves, model_version.gate, bundle, snapshot)


def _model_version(home: Path) -> ModelVersion | None:
    by_alias = {alias: each for each in models(home) for alias in each.aliases}
    return by_alias.get(CHAMPION) or by_alias.get(CHALLENGER)


def _require_same_administration(model_version: ModelVersion, dataset: Dataset) -> None:
    """Raise `SettingError` for data that has none of the audits by which the model was tested."""
    tested = _audits(out_of_fold(model_version, home=dataset.home).select(AUDIT))
    with dataset.open() as warehouse:
        present = _audits(warehouse.table("audits").select(*AUDIT).to_pyarrow())
    if tested and tested.isdisjoint(present):
        raise SettingError(
            f"Version {model_version.version} in {dataset.home.name} learned from another administration: "
            f"of the {len(tested):,} audits it was tried by, none is in {Path(dataset.data).name}.",
            expected="one administration in one home.",
            advice="Give this one a home of its own: AUDIT_YIELD_HOME=FOLDER audit-yield run DATA.",
        )


def _audits(table: pa.Table) -> set[tuple[Any, ...]]:
    return set(zip(*(table[name].to_pylist() for name in AUDIT), strict=True))
