"""What an experiment stands on: the data, the audits that were closed by its day, and its folds."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from features.data.dataset import Dataset
from features.data.warehouse import Warehouse
from features.library import LIBRARY
from training.backtest.candidates import contenders
from training.backtest.experiment import Experiment
from training.backtest.folds import Fold, folds_before
from training.backtest.labelled_audits import Audited, audited

Stage = Callable[[str], None]


@dataclass(frozen=True)
class Ground:
    """The warehouse without quarantined rows, the audits `found` closed by a day, the folds before it."""

    warehouse: Warehouse
    found: Audited
    folds: tuple[Fold, ...]


@contextmanager
def grounded(
    dataset: Dataset, experiment: Experiment, *, stage: Stage = lambda words: None
) -> Iterator[Ground]:
    """Yield the ground of an experiment on a dataset.

    Raises `SettingError` for settings that cannot be used, before the long work, and `DataError` where the
    data is refused.
    """
    features = experiment.chosen(LIBRARY)
    contenders(experiment, features)
    folds = folds_before(
        dataset.cutoff,
        number=experiment.folds,
        months=experiment.fold_months,
        settling_months=experiment.settling_months,
        first_day=experiment.first_fold_on,
    )
    stage("Checking the data")
    with dataset.open() as warehouse:
        stage("Building the features of audited traders")
        found = audited(
            warehouse,
            features=features,
            as_of=dataset.cutoff,
            measure=experiment.measure,
            with_penalties=experiment.with_penalties,
        )
        yield Ground(warehouse, found, folds)
