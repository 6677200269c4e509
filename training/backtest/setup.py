"""Setup of an experiment: the audits closed before the cutoff with their features, and the folds."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from features.data.dataset import Dataset
from features.data.warehouse import Warehouse, in_memory
from features.snapshots.line_parts import open_with_line_parts
from training.backtest.candidates import candidates
from training.backtest.experiment import Experiment
from training.backtest.folds import Fold, folds_before
from training.backtest.labelled_audits import LabelledAudits, label_audits

OUTCOMES = ("traders", "audits", "findings")
"""The tables that are read fold by fold: descriptions and outcomes, as known on a day."""
Stage = Callable[[str], None]


@dataclass(frozen=True)
class Setup:
    """The audits closed by a cutoff, the folds before, the columns left out of the data, and notes on it.

    `warehouse` holds the usable rows of traders, audits and findings, and those alone.
    """

    warehouse: Warehouse
    left_out: tuple[str, ...]
    notes: tuple[str, ...]
    labelled_audits: LabelledAudits
    folds: tuple[Fold, ...]


@contextmanager
def set_up(dataset: Dataset, experiment: Experiment, *, stage: Stage = lambda words: None) -> Iterator[Setup]:
    """Yield the setup of an experiment on a dataset, which is closed by then: fitting takes far longer.

    Raises `SettingError` for settings that cannot be used, before the long work, and `DataError` where the
    data is refused.
    """
    features = experiment.features()
    candidates(experiment, features)
    folds = folds_before(
        dataset.cutoff,
        number=experiment.folds,
        months=experiment.fold_months,
        settling_months=experiment.settling_months,
        first_day=experiment.first_fold_on,
    )
    with ExitStack() as stack:
        stage("Checking the data")
        with open_with_line_parts(dataset) as (warehouse, outcome):
            stage("Building the features of audited traders")
            labelled_audits = label_audits(
                warehouse,
                features=features,
                cutoff=dataset.cutoff,
                measure=experiment.measure,
                with_penalties=experiment.with_penalties,
            )
            copied = stack.enter_context(in_memory(warehouse, OUTCOMES))
        yield Setup(copied, outcome.left_out, outcome.notes, labelled_audits, folds)
