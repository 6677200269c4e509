"""Learning curve: how well the model does when it learns from only a part of the audits before each fold."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from features.data.warehouse import Warehouse
from models.fitting.labels import FEWEST_AUDITS
from models.prediction import Prediction
from training.backtest.candidates import new_model
from training.backtest.experiment import Experiment
from training.backtest.labelled_audits import LabelledAudits
from training.backtest.metrics import metrics
from training.backtest.out_of_fold import OutOfFold, joined
from training.backtest.populations import sample_weight
from training.backtest.run import FEWEST_ADJUSTED, BacktestReport, Progress, known_on
from training.backtest.scores import judge

PARTS = (25, 50, 75)
"""Per cent of the audits before a fold; all of them are the backtest itself."""
ALL = 100
SHOWN = ("captured_5", "captured_10", "gini")
POPULATION = "all"


@dataclass(frozen=True)
class LearningStep:
    """A metric of the model that learned from some per cent of the audits before each fold.

    - `audits`: so many it learned from before the newest fold.
    - `metric`, `value`, `low`, `high`: on the audits of all folds that count, with its 95 % interval.
    - `lead_of_all`, `lead_error`: how much higher it is for the model that learned from all, on the same
      audits, and the standard error of that. None of them where the audits are too few.
    """

    per_cent: int
    audits: int
    metric: str
    value: float | None
    low: float | None
    high: float | None
    lead_of_all: float | None
    lead_error: float | None


def learning_curve(
    warehouse: Warehouse,
    labelled_audits: LabelledAudits,
    report: BacktestReport,
    *,
    progress: Progress | None = None,
) -> tuple[LearningStep, ...]:
    """Return the learning curve of the model of a backtest, by metric.

    The parts are drawn by the experiment's seed, each within the next. A fold counts where its least part
    has 20 audits, 5 with an adjustment; where none does the curve is empty. The model is fitted three times
    on each of them. `progress(done, total)` follows the folds.
    """
    experiment = report.experiment
    known = {
        fold.fold: known_on(warehouse, labelled_audits, fold.fold.day, experiment) for fold in report.folds
    }
    folds = [
        each.fold
        for each in report.folds
        if each.enough and _enough(_part(known[each.fold], PARTS[0], experiment))
    ]
    if not folds:
        return ()
    days = np.array(report.out_of_fold.audits["fold"].to_pylist())
    tested: list[OutOfFold] = []
    for done, fold in enumerate(folds, start=1):
        own = report.out_of_fold.where(days == fold.day)
        tested.append(_tested(own, known[fold], fold.test_audits(labelled_audits), experiment))
        if progress:
            progress(done, len(folds))
    newest = {part: len(_part(known[folds[-1]], part, experiment)) for part in (*PARTS, ALL)}
    return tuple(_steps(joined(tested), newest, experiment))


def _tested(
    own: OutOfFold, known: LabelledAudits, test_audits: LabelledAudits, experiment: Experiment
) -> OutOfFold:
    """Return what the model predicts for the audits of a fold from all before it, and from each part."""
    predictions: dict[str, Prediction] = {str(ALL): own.predictions[experiment.model]}
    for part in PARTS:
        some = _part(known, part, experiment)
        weight = sample_weight(some.audits, experiment)
        model = new_model(experiment, some.features)
        model.fit(some.X, some.y, sample_weight=weight, audits=some.audits)
        predictions[str(part)] = model.predict(test_audits.X)
    return OutOfFold(own.audits, predictions)


def _part(known: LabelledAudits, per_cent: int, experiment: Experiment) -> LabelledAudits:
    """Return so many per cent of audits in their order; a larger part holds the smaller."""
    drawn = np.random.default_rng(experiment.seed).permutation(len(known)) < len(known) * per_cent / ALL
    return known.where(pa.array(drawn))


def _enough(part: LabelledAudits) -> bool:
    return len(part) >= FEWEST_AUDITS and int(np.count_nonzero(part.y)) >= FEWEST_ADJUSTED


def _steps(together: OutOfFold, newest: Mapping[int, int], experiment: Experiment) -> Iterator[LearningStep]:
    by_name = {name: metric for name, metric in metrics().items() if name in SHOWN}
    scores = list(judge(together, by_name, population=POPULATION, seed=experiment.seed))
    own = {(each.metric, each.model): each for each in scores if each.against is None}
    leads = {(each.metric, each.against): each for each in scores if each.against is not None}
    for metric in SHOWN:
        for per_cent, audits in newest.items():
            score, lead = own[metric, str(per_cent)], leads.get((metric, str(per_cent)))
            yield LearningStep(
                per_cent=per_cent,
                audits=audits,
                metric=metric,
                value=score.value,
                low=score.low,
                high=score.high,
                lead_of_all=lead.value if lead else None,
                lead_error=lead.standard_error if lead else None,
            )
