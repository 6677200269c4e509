"""Recording of a training in MLflow: settings, scores, plots, the card, and the model as a version."""

import json
from collections.abc import Mapping, Sequence
from csv import DictWriter
from dataclasses import asdict, dataclass, fields
from io import StringIO

import numpy as np
from numpy.typing import NDArray

from features.storage.temporary import temporary_folder
from models.base import YieldModel
from models.bundle.artefact import save_bundle
from models.card import MeasuredGap, ModelCard
from training.backtest.experiment import Experiment
from training.backtest.fairness import fairness
from training.backtest.labelled_audits import LabelledAudits
from training.backtest.run import BacktestReport
from training.backtest.scores import score_name
from training.diagnostics.importance import Importance, label
from training.diagnostics.learning_curve import POPULATION
from training.diagnostics.report import Diagnostics
from training.labels.report import LabelReport
from training.leaks.alarm import LeakReport
from training.tracking.card import markdown, model_card
from training.tracking.contenders import log_contenders
from training.tracking.plots import beeswarm, gain, importance, learning_curve, reliability
from training.tracking.registry import LABELS, LEAKS, OUT_OF_FOLD
from training.tracking.run import Run

GOLDEN = 5
EXPLAINED = 1_000
"""The newest audits, for the plots: more dots cannot be told apart."""
COMPARED = ("captured_5", "gini", "total_ratio")


@dataclass(frozen=True)
class Training:
    """The results of a training to record.

    `model` was fitted on all of `labelled_audits`, `report` is its backtest, `diagnostics` says what it
    learned and how far it can be trusted, `groups` gives the value of each attribute for the audits of
    `report.out_of_fold`, row for row (see `training.backtest.fairness.trader_groups`), `traders` is a sketch
    of those active (`models.population`), `gap` is what audits by lot measured, and `assumed` are assumptions
    about the data.
    """

    model: YieldModel
    labelled_audits: LabelledAudits
    report: BacktestReport
    diagnostics: Diagnostics
    leaks: LeakReport
    labels: LabelReport
    groups: Mapping[str, list[str]]
    traders: str = ""
    gap: MeasuredGap | None = None
    assumed: tuple[str, ...] = ()


def begin(run: Run, experiment: Experiment, labelled_audits: LabelledAudits) -> None:
    """Log the settings and the data of a training."""
    data = {
        "as_of": labelled_audits.cutoff.isoformat(),
        "fingerprint": labelled_audits.fingerprint,
        "feature_digest": labelled_audits.features.digest,
        "audits": len(labelled_audits),
    }
    run.parameters(json.loads(experiment.to_json()) | data)
    run.data(labelled_audits.X, name="audits", fingerprint=labelled_audits.fingerprint)


def card_of(training: Training) -> ModelCard:
    """Return the card of the model of a training."""
    report = training.report
    return model_card(
        report,
        leaks=training.leaks,
        reliability=training.diagnostics.reliability,
        groups=fairness(report.out_of_fold, report.experiment.model, training.groups),
        labelled_audits=training.labelled_audits,
        written_weight=training.model.written_weight(training.labelled_audits.adjusted),
        traders=training.traders,
        gap=training.gap,
        assumed=training.assumed,
    )


def record(run: Run, training: Training, card: ModelCard) -> str:
    """Log the results of a training with its card and register the version last; return its number."""
    report, kind = training.report, training.report.experiment.model
    evidence = {
        OUT_OF_FOLD: report.out_of_fold.to_parquet(),
        LEAKS: training.leaks.to_json().encode(),
        LABELS: training.labels.to_json().encode(),
    }
    for name, content in evidence.items():
        run.file(content, name)
    _log_scores(run, report)
    _log_gap(run, training.gap)
    log_contenders(run, report)
    _log_diagnostics(run, training.diagnostics, kind=kind)
    _log_plots(run, training)
    run.json(card.to_dict(), "card.json")
    run.text(markdown(card), "card.md")
    summary, _, _ = markdown(card).partition("\n## Fairness")
    run.describe(f"{summary}\nIn full: the artefact card.md.\n")
    with temporary_folder() as temporary:
        folder = temporary / "bundle"
        save_bundle(
            training.model,
            folder,
            features=training.labelled_audits.features,
            fingerprint=training.labelled_audits.fingerprint,
            cutoff=training.labelled_audits.cutoff,
            golden=training.labelled_audits.X.take(_spread(len(training.labelled_audits))),
            card_json=card.to_dict(),
            evidence=evidence,
        )
        return run.register(folder, tags=_version_tags(training), description=summary)


def _log_scores(run: Run, report: BacktestReport) -> None:
    """Log every score of the model, a few of its rivals and its lead over them, and the folds as steps."""
    own = report.experiment.model
    run.metrics(
        {
            score_name(each): each.value
            for each in report.scores
            if each.fold is None and (each.metric in COMPARED or (each.model == own and each.against is None))
        }
    )
    for step, day in enumerate(sorted({each.fold for each in report.scores if each.fold}), start=1):
        of_fold = [each for each in report.scores if each.fold == day and each.model == own]
        run.metrics({score_name(each): each.value for each in of_fold}, step=step)


def _log_gap(run: Run, gap: MeasuredGap | None) -> None:
    """Log what audits by lot measured, and its interval; the step is the year."""
    if gap is not None:
        ends = {"gap": gap.amount, "gap/low": gap.low, "gap/high": gap.high}
        run.metrics({**ends, "gap/answers": float(gap.answers)}, step=gap.year)


def _log_diagnostics(run: Run, diagnostics: Diagnostics, *, kind: str) -> None:
    """Log it as JSON, importance as tables, and the learning curve as metrics: the step is the per cent."""
    run.json(diagnostics.content(), "diagnostics.json")
    for name, importances in (("features", diagnostics.features), ("indicators", diagnostics.indicators)):
        run.text(_as_csv(importances), f"importance/{name}.csv")
    for step in diagnostics.learning_curve:
        run.metrics({f"{step.metric}/{POPULATION}/{kind}/learning_curve": step.value}, step=step.per_cent)


def _as_csv(importances: Sequence[Importance]) -> str:
    written = StringIO()
    writer = DictWriter(written, [field.name for field in fields(Importance)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(each) for each in importances)
    return written.getvalue()


def _log_plots(run: Run, training: Training) -> None:
    out_of_fold, kind = training.report.out_of_fold, training.report.experiment.model
    features = training.labelled_audits.features.features
    X = training.labelled_audits.X.slice(max(len(training.labelled_audits) - EXPLAINED, 0))
    figures = {}
    if len(X):
        labels = {each.name: label(each) for each in features}
        figures["contributions_in_money"] = beeswarm(training.model.explain(X), X, labels)
    if len(out_of_fold):
        figures |= {
            "gain": gain(out_of_fold, kind),
            "reliability": reliability(training.diagnostics.reliability, kind),
            "importance": importance(training.diagnostics.features, "features"),
            "importance_by_indicator": importance(training.diagnostics.indicators, "indicators"),
        }
    if training.diagnostics.learning_curve:
        figures["learning_curve"] = learning_curve(training.diagnostics.learning_curve)
    run.figures(figures)


def _version_tags(training: Training) -> dict[str, str]:
    """Return the tags of the version that `audit-yield models` lists."""
    report = training.report
    whole = {
        each.metric: each.value
        for each in report.scores
        if each.fold is None
        and each.against is None
        and each.model == report.experiment.model
        and each.population == "all"
    }
    raised = ", ".join(alarm.name for alarm in training.leaks.raised)
    return {
        "kind": report.experiment.model,
        "as_of": report.cutoff.isoformat(),
        "captured": _short(whole.get("captured_5")),
        "calibration": _short(whole.get("total_ratio")),
        "leak": raised or "none suspected",
    }


def _short(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _spread(rows: int) -> NDArray[np.int64]:
    """Return indices of rows evenly spread over all of them, the same each time."""
    return np.unique(np.linspace(0, rows - 1, min(GOLDEN, rows)).astype(np.int64))
