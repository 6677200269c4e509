"""What an experiment stands on: the data, the audits that were closed by its day, and its folds."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from features.check import usable
from features.library import LIBRARY
from features.warehouse import Dialect, Warehouse, open_warehouse
from training.audited import Audited, audited
from training.contenders import contenders
from training.experiment import Experiment
from training.folds import Fold, folds_before

Stage = Callable[[str], None]


@dataclass(frozen=True)
class Ground:
    """The warehouse without quarantined rows, the audits `found` closed by a day, the folds before it."""

    warehouse: Warehouse
    found: Audited
    folds: tuple[Fold, ...]


@contextmanager
def grounded(
    data: str,
    *,
    as_of: date,
    experiment: Experiment,
    today: date,
    dialect: Dialect | None = None,
    stage: Stage = lambda words: None,
) -> Iterator[Ground]:
    """Yield the ground of an experiment as of a day, on `data` checked as of `today`.

    Raises `SettingError` for settings that cannot be used, before the long work, and `DataError` where the
    data is refused.
    """
    features = experiment.chosen(LIBRARY)
    contenders(experiment, features)
    folds = folds_before(
        as_of,
        number=experiment.folds,
        months=experiment.fold_months,
        settling_months=experiment.settling_months,
        first_day=experiment.first_fold_on,
    )
    with open_warehouse(data, dialect=dialect) as opened:
        stage("Checking the data")
        warehouse = usable(opened, today=today)
        stage("Building the features of audited traders")
        found = audited(
            warehouse,
            features=features,
            as_of=as_of,
            measure=experiment.measure,
            with_penalties=experiment.with_penalties,
        )
        yield Ground(warehouse, found, folds)
