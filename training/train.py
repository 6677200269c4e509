"""Training: from data to a registered model, by backtest, leak alarm and fit, and the gate for the first."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import cast

import pyarrow.compute as pc

from features.clock import Clock
from features.data.dataset import Dataset
from features.data.systems import assumed
from features.data.warehouse import Warehouse
from features.errors import DataError
from features.outcomes import Measure, outcomes
from features.spine import Spine
from features.storage.home import require_writable
from models.base import YieldModel
from models.card import ModelCard
from models.gap.detection import detection_of
from models.gap.report import gap_of
from models.population import sketch
from training.backtest.candidates import new_model
from training.backtest.experiment import Experiment
from training.backtest.fairness import trader_groups
from training.backtest.labelled_audits import LabelledAudits
from training.backtest.populations import sample_weight
from training.backtest.report import backtest_to_json, backtest_to_text
from training.backtest.run import Backtest, BacktestReport, Progress
from training.backtest.setup import Stage, set_up
from training.diagnostics.learning_curve import LearningStep, learning_curve
from training.diagnostics.report import Diagnostics, FoldModel, diagnostics, fold_model
from training.diagnostics.text import diagnostics_to_text
from training.labels import KnownOutcomes, LabelEvidence, LabelReport, label_report, recorded_by
from training.leaks import LeakReport, leak_report
from training.promotion.gate import NEWEST
from training.promotion.promote import Promotion, offer
from training.tracking.card import measured_gap
from training.tracking.cleanup import CHAMPION
from training.tracking.record import Training, begin, card_of, record
from training.tracking.registry import models, own_out_of_fold
from training.tracking.run import tracked
from training.tracking.store import store
from training.tune import tune_experiment


@dataclass(frozen=True)
class Trained:
    """The result of a training: its version in the registry, what was tested and learned, whether it serves.

    `promotion` is None where another model serves already: the new version is then its challenger.
    """

    version: str
    card: ModelCard
    report: BacktestReport
    diagnostics: Diagnostics
    leaks: LeakReport
    labels: LabelReport
    promotion: Promotion | None

    def to_json(self) -> str:
        """Return version, verdict, alarms, diagnostics and scores as JSON text."""
        verdict, *_ = self._judged()
        content = {
            "version": self.version,
            "verdict": verdict,
            "ranked": self.card.ranked,
            "promotion": self.promotion and self.promotion.content(),
            "leaks": json.loads(self.leaks.to_json()),
            "labels": json.loads(self.labels.to_json()),
            "diagnostics": self.diagnostics.content(),
            "backtest": json.loads(backtest_to_json(self.report)),
        }
        return json.dumps(content, indent=2, allow_nan=False) + "\n"

    def to_text(self) -> Iterator[str]:
        """Yield the verdict, then what it rests on, as lines for a terminal."""
        verdict, *checks = self._judged()
        yield verdict
        yield from filter(None, [self.card.mark()])
        yield ""
        yield from backtest_to_text(self.report)
        yield ""
        yield from diagnostics_to_text(self.diagnostics)
        yield ""
        yield from self.leaks.to_text()
        yield from self.labels.to_text()
        if checks:
            yield ""
            yield from checks

    def _judged(self) -> Iterator[str]:
        """Yield the verdict, with what the gate says first, then what else it measured."""
        if self.promotion is None:
            yield (
                f"Version {self.version} is challenger, the champion serves on: audit-yield compare champion "
                f"{self.version} says how they differ, audit-yield promote judges it at the gate."
            )
        else:
            first, *checks = self.promotion.to_text()
            state = "champion" if self.promotion.promoted else "not promoted"
            yield f"Version {self.version} is {state}: {first.strip()}"
            yield from checks


def train(
    dataset: Dataset,
    experiment: Experiment,
    *,
    clock: Clock,
    trials: int = 0,
    with_learning_curve: bool = False,
    stage: Stage = lambda words: None,
    progress: Progress | None = None,
) -> Trained:
    """Train a model on a dataset, and register it in the dataset's home.

    The model's trees are tuned in `trials` trials on the folds before the newest, by which the gate judges.
    The model is backtested beside the others, held against the leak alarm, fitted on all closed audits, whose
    outcomes the label alarm doubts, and registered. It becomes champion where nothing serves yet and the gate
    does not refuse it, else challenger. `with_learning_curve` fits it three times more on each fold. `clock`
    stamps what is recorded, `stage(words)` reports the current stage, `progress(done, total)` its progress.
    Raises `DataError` where the data is refused, `SettingError` where the settings cannot be used, and
    `OutputError` at once where the home cannot be written.
    """
    cutoff, home = dataset.cutoff, dataset.home
    require_writable(home)
    with set_up(dataset, experiment, stage=stage) as setup:
        warehouse, labelled_audits = setup.warehouse, setup.labelled_audits
        if trials:
            stage("Tuning")
            experiment = tune_experiment(
                warehouse,
                labelled_audits,
                experiment=experiment,
                folds=setup.folds[:-NEWEST],
                trials=trials,
                home=home,
                progress=progress,
            )
        with tracked(f"{experiment.model} {cutoff}", home=home, clock=clock) as run:
            begin(run, experiment, labelled_audits)
            stage("Backtesting")
            folds: list[FoldModel] = []
            report = Backtest(setup.folds, experiment).run(
                warehouse,
                labelled_audits,
                progress=progress,
                observe=lambda *fitted: folds.append(fold_model(*fitted)),
            )
            curve: tuple[LearningStep, ...] = ()
            if with_learning_curve:
                stage("Learning from parts of the audits")
                curve = learning_curve(warehouse, labelled_audits, report, progress=progress)
            stage("Looking for leaks")
            with dataset.open() as all_tables:
                leaks = leak_report(all_tables, labelled_audits, report.out_of_fold.table(), cutoff=cutoff)
                active = Spine.active(all_tables, cutoff).rows["trader_id"].to_pylist()
            stage("Fitting on all audits and registering")
            groups = trader_groups(warehouse, report.out_of_fold.audits["trader_id"], cutoff=cutoff)
            model = _fit_on_all(labelled_audits, experiment)
            stage("Doubting outcomes")
            labels = label_report(
                LabelEvidence(
                    labelled_audits.audits,
                    model.held_out_,
                    actors=recorded_by(warehouse, cutoff=cutoff),
                    known=_known_outcomes(warehouse, home),
                )
            )
            learned = diagnostics(report, labelled_audits, model, folds=folds, learning_curve=curve)
            about_data = (*assumed(dataset.data), *map(_counts_as_absent, setup.left_out), *setup.notes)
            training = Training(
                model,
                labelled_audits,
                report,
                learned,
                leaks,
                labels,
                groups,
                traders=sketch(active),
                gap=measured_gap(gap_of(dataset, detection=detection_of(home))),
                assumed=about_data,
            )
            card = card_of(training)
            version = record(run, training, card)
    stage("Holding it against the gate")
    return Trained(version, card, report, learned, leaks, labels, offer(version, home=home, clock=clock))


def _known_outcomes(warehouse: Warehouse, home: Path) -> KnownOutcomes | None:
    """Return what the champion's training knew of its audits, beside what the data says of that day now.

    None where nothing serves, or where the champion's evidence is no longer what it was: the gate says so.
    """
    champion = next((each for each in models(home) if CHAMPION in each.aliases), None)
    if champion is None:
        return None
    try:
        tested = own_out_of_fold(champion, home=home)
    except DataError:
        return None
    parameters = store(home).get_run(champion.run_id).data.params
    now = outcomes(
        warehouse,
        cutoff=date.fromisoformat(champion.as_of),
        measure=cast(Measure, parameters["measure"]),
        with_penalties=parameters["with_penalties"] == "true",
    ).to_pyarrow()
    indices = pc.index_in(tested["audit_id"], now["audit_id"])
    return KnownOutcomes(
        champion.version,
        tuple(tested["audit_id"].to_pylist()),
        then=tested["yield_amount"].to_numpy(),
        now=now["yield_amount"].take(indices).to_numpy(),
    )


def _counts_as_absent(column: str) -> str:
    return f"{column} counts as absent, for nearly every value of it is wrong"


def _fit_on_all(labelled_audits: LabelledAudits, experiment: Experiment) -> YieldModel:
    weight = sample_weight(labelled_audits.audits, experiment)
    return new_model(experiment, labelled_audits.features).fit(
        labelled_audits.X, labelled_audits.y, sample_weight=weight, audits=labelled_audits.audits
    )
