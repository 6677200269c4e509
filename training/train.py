"""From data to a registered model: features, backtest, leak alarm, fit, and the gate for the first one."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from features.clock import Clock
from features.data.dataset import Dataset
from features.data.systems import assumed
from models.base import YieldModel
from training.backtest import report as backtest_report
from training.backtest.candidates import new_model
from training.backtest.experiment import Experiment
from training.backtest.fairness import described
from training.backtest.labelled_audits import Audited
from training.backtest.populations import sample_weight
from training.backtest.run import Backtest, Progress, Report
from training.backtest.setup import Stage, grounded
from training.leaks import LeakReport, leak_report
from training.leaks import lines as leak_lines
from training.promotion import promote
from training.promotion.gate import NEWEST
from training.promotion.promote import Promotion
from training.tracking.record import Training, begin, record
from training.tracking.run import tracked
from training.tune import tuned


@dataclass(frozen=True)
class Trained:
    """What a training came to: its version in the registry, how it fared, and whether it serves.

    `promotion` is None where another model serves already: the new version is then its challenger.
    """

    version: str
    report: Report
    leaks: LeakReport
    promotion: Promotion | None

    def to_json(self) -> str:
        """Return version, scores, alarms and promotion as JSON text."""
        content = {
            "version": self.version,
            "promotion": self.promotion and self.promotion.content(),
            "leaks": json.loads(self.leaks.to_json()),
            "backtest": json.loads(backtest_report.to_json(self.report)),
        }
        return json.dumps(content, indent=2) + "\n"


def train(
    dataset: Dataset,
    experiment: Experiment,
    *,
    clock: Clock,
    trials: int = 0,
    stage: Stage = lambda words: None,
    progress: Progress | None = None,
) -> Trained:
    """Train a model on a dataset, and register it in the dataset's home.

    The model's trees are tuned in `trials` trials on the folds before the newest, by which the gate judges.
    The model is backtested beside the others, held against the leak alarm, fitted on all closed audits and
    registered; where nothing serves yet and it passes the gate it becomes champion, else challenger. `clock`
    stamps what is recorded, `stage(words)` tells what is being done, `progress(done, total)` how far it is.
    Raises `DataError` where the data is refused, `SettingError` where there are too few audits or folds.
    """
    cutoff, home = dataset.cutoff, dataset.home
    with grounded(dataset, experiment, stage=stage) as ground:
        warehouse, found = ground.warehouse, ground.found
        if trials:
            stage("Tuning")
            experiment = tuned(
                warehouse,
                found,
                experiment=experiment,
                folds=ground.folds[:-NEWEST],
                trials=trials,
                home=home,
                progress=progress,
            )
        with tracked(f"{experiment.model} {cutoff}", place=home, clock=clock) as run:
            begin(run, experiment, found)
            stage("Backtesting")
            report = Backtest(ground.folds, experiment).run(warehouse, found, progress=progress)
            stage("Looking for leaks")
            leaks = leak_report(warehouse, found, report.predicted.table(), as_of=cutoff)
            stage("Fitting on all audits and registering")
            groups = described(warehouse, report.predicted.audits["trader_id"], before=cutoff)
            model = _fitted(found, experiment)
            version = record(run, Training(model, found, report, leaks, groups, assumed(dataset.data)))
    stage("Holding it against the gate")
    return Trained(version, report, leaks, promote.offer(version, place=home, clock=clock))


def _fitted(found: Audited, experiment: Experiment) -> YieldModel:
    weight = sample_weight(found.audits, experiment)
    return new_model(experiment, found.features).fit(
        found.X, found.y, sample_weight=weight, audits=found.audits
    )


def lines(trained: Trained) -> Iterator[str]:
    """Tell a person how the model fared, what the leak alarm said, and what serves now."""
    yield from backtest_report.lines(trained.report)
    yield ""
    yield from leak_lines(trained.leaks)
    yield ""
    if trained.promotion is None:
        yield f"Version {trained.version} is the challenger; audit-yield promote makes it serve."
    else:
        yield from promote.lines(trained.promotion)
