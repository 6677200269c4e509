"""Backtest: models fitted as of past days and evaluated on the audits that opened afterwards."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from features.as_known import known_before
from features.build import FeatureSet
from features.data.dataset import Dataset
from features.data.warehouse import Warehouse
from features.outcomes import outcomes
from models.base import YieldModel
from models.card import Score
from models.prediction import Prediction
from training.analyst.model import AnalystModel
from training.backtest.candidates import candidates
from training.backtest.experiment import Experiment
from training.backtest.folds import Fold
from training.backtest.labelled_audits import LabelledAudits
from training.backtest.out_of_fold import ORACLE, OutOfFold, joined, oracle, untested
from training.backtest.populations import sample_weight
from training.backtest.scores import scores
from training.backtest.setup import set_up

FEWEST_LEARNED = 50
FEWEST_ADJUSTED = 5

Progress = Callable[[int, int], None]
Observer = Callable[[Fold, YieldModel, LabelledAudits], None]
"""Called with a fold, the first of the models fitted before it, and the audits that it is tested on."""


@dataclass(frozen=True)
class FoldReport:
    """The audits of a fold: `learned` from, `tested` on, and opened then but `without_outcome` yet."""

    fold: Fold
    learned: int
    adjusted: int
    tested: int
    without_outcome: int

    @property
    def enough(self) -> bool:
        """Whether the fold can be used: a model needs some audits to learn from, some of them adjusted."""
        return self.learned >= FEWEST_LEARNED and self.adjusted >= FEWEST_ADJUSTED and self.tested > 0


@dataclass(frozen=True)
class BacktestReport:
    """The result of a backtest: the folds, every prediction out of fold, and the scores."""

    cutoff: date
    experiment: Experiment
    features: FeatureSet
    folds: tuple[FoldReport, ...]
    out_of_fold: OutOfFold
    scores: tuple[Score, ...]

    def __repr__(self) -> str:
        used = sum(fold.enough for fold in self.folds)
        return (
            f"BacktestReport(cutoff={self.cutoff}, model={self.experiment.model}, folds={used}, "
            f"audits={len(self.out_of_fold):,}, scores={len(self.scores):,})"
        )

    def to_pandas(self) -> Any:
        """Return a frame with a row a score, the fields of `models.card.Score`; needs pandas."""
        return pa.Table.from_pylist([asdict(score) for score in self.scores]).to_pandas()


@dataclass(frozen=True)
class Backtest:
    """Models tried in time order: each fold's learn from what was known by its day and no more."""

    folds: tuple[Fold, ...]
    experiment: Experiment

    def run(
        self,
        warehouse: Warehouse,
        labelled_audits: LabelledAudits,
        *,
        models: Mapping[str, YieldModel | AnalystModel] | None = None,
        progress: Progress | None = None,
        observe: Observer | None = None,
    ) -> BacktestReport:
        """Fit every model on every fold and score its predictions for the audits opened in the fold.

        `labelled_audits` are as known at the end of the backtest. `models` are fitted anew on each fold; the
        first is compared with the others; the experiment's own and those it names where not given.
        `progress(done, total)` follows each fit, `observe` sees the first model on each fold. Folds on which
        nothing can be learned are passed over; where none is left the report has no prediction and no score.
        """
        models = candidates(self.experiment, labelled_audits.features) if models is None else models
        training_audits = [
            known_on(warehouse, labelled_audits, fold.day, self.experiment) for fold in self.folds
        ]
        reports = tuple(
            _reports(warehouse, labelled_audits, folds=self.folds, training_audits=training_audits)
        )
        usable_folds = [(r.fold, part) for r, part in zip(reports, training_audits, strict=True) if r.enough]
        step = _step_counter(progress, total=len(usable_folds) * len(models))
        parts = [
            self._fit_and_predict(fold, part, labelled_audits, models=models, step=step, observe=observe)
            for fold, part in usable_folds
        ]
        out_of_fold = joined(parts) if parts else untested(labelled_audits.audits, models)
        return BacktestReport(
            cutoff=labelled_audits.cutoff,
            experiment=self.experiment,
            features=labelled_audits.features,
            folds=reports,
            out_of_fold=out_of_fold,
            scores=scores(out_of_fold, self.experiment, folds=[fold for fold, _ in usable_folds])
            if parts
            else (),
        )

    def _fit_and_predict(
        self,
        fold: Fold,
        training_audits: LabelledAudits,
        labelled_audits: LabelledAudits,
        *,
        models: Mapping[str, YieldModel | AnalystModel],
        step: Callable[[], None],
        observe: Observer | None,
    ) -> OutOfFold:
        """Return the predictions of models fitted before the fold for its test audits, and the oracle's."""
        test_audits = fold.test_audits(labelled_audits)
        weight = sample_weight(training_audits.audits, self.experiment)
        predictions: dict[str, Prediction] = {}
        for name, model in models.items():
            model.fit(
                _columns(training_audits, model),
                training_audits.y,
                sample_weight=weight,
                audits=training_audits.audits,
            )
            predictions[name] = model.predict(_columns(test_audits, model))
            if observe and len(predictions) == 1 and isinstance(model, YieldModel):
                observe(fold, model, test_audits)
            step()
        days = pa.array([fold.day] * len(test_audits), pa.date32())
        return OutOfFold(
            test_audits.audits.append_column("fold", days), predictions | {ORACLE: oracle(test_audits.y)}
        )


def _columns(audits: LabelledAudits, model: YieldModel | AnalystModel) -> pa.Table:
    return audits.page if isinstance(model, AnalystModel) else audits.X


def known_on(
    warehouse: Warehouse, labelled_audits: LabelledAudits, cutoff: date, experiment: Experiment
) -> LabelledAudits:
    """Return the audits closed by a cutoff, with outcomes as known by then."""
    labels = outcomes(
        warehouse, cutoff=cutoff, measure=experiment.measure, with_penalties=experiment.with_penalties
    )
    return labelled_audits.as_known(labels.to_pyarrow(), cutoff)


def run_backtest(
    dataset: Dataset,
    experiment: Experiment,
    *,
    models: Mapping[str, YieldModel | AnalystModel] | None = None,
    progress: Progress | None = None,
) -> BacktestReport:
    """Run the backtest of an experiment on all audits closed by the cutoff of a dataset.

    `models` are compared, the first with the others; the experiment's own and its rivals where not given.

    Raises `DataError` where the data is refused, `SettingError` where the settings cannot be used.
    """
    with set_up(dataset, experiment) as setup:
        return Backtest(setup.folds, experiment).run(
            setup.warehouse, setup.labelled_audits, models=models, progress=progress
        )


def _reports(
    warehouse: Warehouse,
    labelled_audits: LabelledAudits,
    *,
    folds: tuple[Fold, ...],
    training_audits: list[LabelledAudits],
) -> Iterator[FoldReport]:
    audits = warehouse.table("audits")
    known = audits.filter(known_before(audits, labelled_audits.cutoff))
    opened = Counter(known.select("opened_on").to_pyarrow()["opened_on"].to_pylist())
    for fold, part in zip(folds, training_audits, strict=True):
        tested = len(fold.test_audits(labelled_audits))
        all_opened = sum(n for day, n in opened.items() if day and fold.day <= day < fold.until)
        yield FoldReport(fold, len(part), int(np.count_nonzero(part.y)), tested, all_opened - tested)


def _step_counter(progress: Progress | None, *, total: int) -> Callable[[], None]:
    """Return a function that counts its calls and reports them."""
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        if progress:
            progress(done, total)

    return step
