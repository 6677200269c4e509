"""Whether a model may serve: not credibly worse than what serves now, calibrated, and no leak suspected."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.prediction import Prediction
from training.metrics import metrics
from training.out_of_fold import SAID, OutOfFold
from training.scores import Score, judge

NEWEST = 2
"""Folds; where they have too few audits to say anything, more of them are taken."""
POPULATION = "reference"
YIELD = ("captured_5", "captured_10", "gini")
"""What the models are compared by: the first that the audits are enough for."""
CALIBRATION = ("total_ratio", "probability_ratio")
LIMITS = (0.8, 1.25)
SEED = 1
METRICS = metrics()


@dataclass(frozen=True)
class Check:
    """One condition of the gate: whether it is met, and a sentence on what was seen."""

    name: str
    passed: bool
    sentence: str


def gate(
    predicted: OutOfFold, *, rivals: Mapping[str, Prediction], leaks: Mapping[str, Any] | None
) -> tuple[Check, ...]:
    """Judge a model that might serve.

    `predicted` holds what it said out of fold, its only prediction; `rivals` are what others said of the
    same audits, row for row, by the name a person knows them by; `leaks` is the report of the leak alarm.
    """
    [model] = predicted.predictions
    together = OutOfFold(predicted.audits, {**predicted.predictions, **rivals})
    scores = [score for score in _scores(together) if score.model == model and score.value is not None]
    own = {score.metric: score for score in scores if score.against is None}
    return (
        *(_not_worse([score for score in scores if score.against == rival], rival) for rival in rivals),
        *(_calibrated(name, own.get(name)) for name in CALIBRATION),
        _no_leak(leaks),
    )


def paired(challenger: pa.Table, champion: pa.Table) -> tuple[OutOfFold, Prediction]:
    """Return what two models said out of fold of the audits that both were tested on.

    Tables are `OutOfFold.table()` of one model each; money found is as the challenger's run knew it.
    """
    places = pc.index_in(challenger["audit_id"], champion["audit_id"])
    both = challenger.filter(places.is_valid())
    return read(both), _prediction(champion.take(places.drop_null()))


def read(table: pa.Table) -> OutOfFold:
    """Return what the one model of an `OutOfFold.table()` said."""
    [model] = table["model"].unique().to_pylist() or ["-"]
    return OutOfFold(table.drop_columns(["model", *SAID]), {model: _prediction(table)})


def _prediction(table: pa.Table) -> Prediction:
    said = {name: table[name].to_numpy() for name in SAID}
    return Prediction(**said, by_type=np.zeros((table.num_rows, 0)), types=())


def _scores(together: OutOfFold) -> Sequence[Score]:
    """Judge on the newest folds, and on as many more as it takes to say anything."""
    asked = {name: metric for name, metric in METRICS.items() if name in (*YIELD, *CALIBRATION)}
    folds = np.array(together.audits["fold"].to_pylist(), dtype="datetime64[D]")
    days = sorted(set(folds.tolist()), reverse=True)
    said: list[Score] = []
    for oldest in days[NEWEST - 1 :] or days[-1:]:
        newest = together.where(folds >= np.datetime64(oldest))
        said = list(judge(newest, asked, population=POPULATION, seed=SEED))
        if any(score.metric == YIELD[0] and score.value is not None for score in said):
            break
    return said


def _not_worse(scores: Sequence[Score], rival: str) -> Check:
    """Compare by the first metric that says anything; worse is only what chance does not explain."""
    name = f"not worse than {rival}"
    by_metric = {score.metric: score for score in scores if score.high is not None}
    for score in (by_metric[metric] for metric in YIELD if metric in by_metric):
        return Check(name, _above(score.high, 0.0), _said(score, "{value:+.3f}", more="more than " + rival))
    return Check(name, False, "Too few audits were tested by both to compare them.")


def _calibrated(metric: str, score: Score | None) -> Check:
    """A ratio is outside the limits where its whole interval is."""
    low, high = LIMITS
    if score is None or score.low is None:
        return Check(metric, False, f"Too few audits to judge {METRICS[metric].words}.")
    passed = _above(score.high, low) and not _above(score.low, high)
    return Check(metric, passed, f"{_said(score, '{value:.2f}')}; limits {low:.2f} to {high:.2f}")


def _no_leak(report: Mapping[str, Any] | None) -> Check:
    if report is None:
        return Check("no leak", False, "The run has no report of the leak alarm.")
    raised = [alarm["name"] for alarm in report["alarms"] if alarm["raised"]]
    said = f"Leaks suspected: {', '.join(raised)}." if report["suspected"] else "No leak suspected."
    return Check("no leak", not report["suspected"], said)


def _above(value: float | None, limit: float) -> bool:
    return value is not None and value >= limit


def _said(score: Score, form: str, *, more: str = "") -> str:
    value, low, high = (form.format(value=each) for each in (score.value, score.low, score.high))
    return f"{METRICS[score.metric].words} {value} {more} ({low} to {high}, {score.audits:,} audits)"
