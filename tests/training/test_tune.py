"""Tuning: in time order, on the folds before the newest, resumed where it was stopped."""

from datetime import date
from pathlib import Path

import pytest

from features.data.warehouse import open_warehouse
from features.errors import SettingError
from features.library import LIBRARY
from tests.features.tables import write_parquet
from tests.training.tiny import weekly
from training.backtest.experiment import Experiment
from training.backtest.folds import Fold
from training.backtest.labelled_audits import LabelledAudits, label_audits
from training.tune import DEFAULTS, tune_experiment

CUTOFF = date(2024, 6, 1)
FOLDS = (Fold(date(2023, 1, 1), date(2023, 9, 1)),)
FEATURES = LIBRARY.select(["customs_value_12m", "closed_audits"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_parquet(tmp_path_factory.mktemp("weekly"), weekly(100))


def tune(folder: Path, home: Path, *, trials: int, experiment: Experiment) -> tuple[Experiment, list[int]]:
    """Return the tuned experiment, and the trials that were told as finished."""
    reported: list[int] = []
    with open_warehouse(str(folder)) as warehouse:
        labelled_audits: LabelledAudits = label_audits(
            warehouse, features=FEATURES, cutoff=CUTOFF, measure="assessed", with_penalties=False
        )
        best = tune_experiment(
            warehouse,
            labelled_audits,
            experiment=experiment,
            folds=FOLDS,
            trials=trials,
            home=home,
            progress=lambda done, total: reported.append(done),
        )
    return best, reported


def test_the_defaults_are_tried_first_and_the_best_growth_is_returned(folder: Path, tmp_path: Path) -> None:
    best, reported = tune(folder, tmp_path, trials=1, experiment=Experiment())
    assert best.parameters["growth"] == DEFAULTS
    assert reported == [0, 1]


def test_a_tuning_goes_on_where_it_stopped(folder: Path, tmp_path: Path) -> None:
    tune(folder, tmp_path, trials=2, experiment=Experiment())
    _, reported = tune(folder, tmp_path, trials=3, experiment=Experiment())
    assert reported == [2, 3]


def test_the_same_seed_tries_the_same(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    one, _ = tune(folder, tmp_path, trials=3, experiment=Experiment())
    other, _ = tune(folder, tmp_path / "other", trials=3, experiment=Experiment())
    assert one == other


def test_what_the_experiment_says_of_the_growth_stays(folder: Path, tmp_path: Path) -> None:
    experiment = Experiment(parameters={"growth": {"rounds": 20}})
    best, _ = tune(folder, tmp_path, trials=1, experiment=experiment)
    assert best.parameters["growth"]["rounds"] == 20


def test_a_model_without_trees_has_nothing_to_tune(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="nothing to tune"):
        tune(folder, tmp_path, trials=1, experiment=Experiment(model="ridge"))
