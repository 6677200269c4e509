"""Gate: checks that a model is not credibly worse than the champion, is calibrated and without leaks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.card import Score
from models.prediction import PER_TRADER, Prediction
from training.backtest.metrics import metrics
from training.backtest.out_of_fold import OutOfFold
from training.backtest.scores import judge
from training.leaks.alarm import LeakReport

NEWEST = 2
"""Folds; where they have too few audits, more folds are taken."""
POPULATION = "reference"
YIELD = ("captured_5", "captured_10", "gini")
"""Metrics to compare models by: the first that the audits are enough for."""
CALIBRATION = ("total_ratio", "probability_ratio")
LIMITS = (0.8, 1.25)
SEED = 1
METRICS = metrics()


@dataclass(frozen=True)
class Check:
    """One condition of the gate: whether it is met, and a sentence on what was measured."""

    name: str
    passed: bool
    sentence: str


def gate(out_of_fold: OutOfFold, *, rivals: Mapping[str, Prediction], leaks: LeakReport) -> tuple[Check, ...]:
    """Judge a model that might serve.

    `out_of_fold` holds its prediction alone; `rivals` are the predictions of others for the same audits, row
    for row, by a name for people; `leaks` is the report of the leak alarm.
    """
    [model] = out_of_fold.predictions
    together = OutOfFold(out_of_fold.audits, {**out_of_fold.predictions, **rivals})
    scores = [score for score in _scores(together) if score.model == model and score.value is not None]
    own = {score.metric: score for score in scores if score.against is None}
    return (
        *(_not_worse([score for score in scores if score.against == rival], rival) for rival in rivals),
        *(_calibrated(name, own.get(name)) for name in CALIBRATION),
        _no_leak(leaks),
    )


def pair_predictions(challenger: pa.Table, champion: pa.Table) -> tuple[OutOfFold, Prediction]:
    """Return the out-of-fold predictions of two models for the audits that both were tested on.

    Tables are `OutOfFold.table()` of one model each; money found is as the challenger's run knew it.
    """
    indices = pc.index_in(challenger["audit_id"], champion["audit_id"])
    both = challenger.filter(indices.is_valid())
    return read_out_of_fold(both), _prediction(champion.take(indices.drop_null()))


def read_out_of_fold(table: pa.Table) -> OutOfFold:
    """Return the out-of-fold prediction of an `OutOfFold.table()` of one model."""
    [model] = table["model"].unique().to_pylist() or ["-"]
    audits = table.select([name for name in table.column_names if name not in ("model", *PER_TRADER)])
    return OutOfFold(audits, {model: _prediction(table)})


def _prediction(table: pa.Table) -> Prediction:
    absent = np.full(table.num_rows, np.nan)  # runs before 0.2.0 lack the range if adjusted
    columns = {name: table[name].to_numpy() if name in table.column_names else absent for name in PER_TRADER}
    return Prediction(**columns, by_type=np.zeros((table.num_rows, 0)), types=())


def _scores(together: OutOfFold) -> Sequence[Score]:
    """Score on the newest folds, and on as many more as the metrics need."""
    by_name = {name: metric for name, metric in METRICS.items() if name in (*YIELD, *CALIBRATION)}
    folds = np.array(together.audits["fold"].to_pylist(), dtype="datetime64[D]")
    days = sorted(set(folds.tolist()), reverse=True)
    scores: list[Score] = []
    for oldest in days[NEWEST - 1 :] or days[-1:]:
        newest = together.where(folds >= np.datetime64(oldest))
        scores = list(judge(newest, by_name, population=POPULATION, seed=SEED))
        if any(score.metric == YIELD[0] and score.value is not None for score in scores):
            break
    return scores


def _not_worse(scores: Sequence[Score], rival: str) -> Check:
    """Compare by the first metric with a value; worse is only what chance does not explain."""
    name = f"not worse than {rival}"
    by_metric = {score.metric: score for score in scores}
    for score in (by_metric[metric] for metric in YIELD if metric in by_metric):
        _, high = _interval(score)
        return Check(
            name, high >= 0, _sentence(score, form="+.3f", what=f"{METRICS[score.metric].words}, difference")
        )
    return Check(name, False, "Too few audits were tested by both to compare them.")


def _calibrated(metric: str, score: Score | None) -> Check:
    """Check a ratio: it is outside the limits where its whole interval is."""
    words, (lowest, highest) = METRICS[metric].words, LIMITS
    if score is None:
        return Check(metric, False, f"Too few audits to judge {words}.")
    low, high = _interval(score)
    sentence = _sentence(score, form=".2f", what=words)
    return Check(
        metric, low <= highest and high >= lowest, f"{sentence}; limits {lowest:.2f} to {highest:.2f}"
    )


def _no_leak(report: LeakReport) -> Check:
    names = ", ".join(alarm.name for alarm in report.raised)
    return Check("no leak", not report.suspected, f"suspected by {names}" if names else "none suspected")


def _interval(score: Score) -> tuple[float, float]:
    """Return the interval, or the value twice where no resample differs from it."""
    value = 0.0 if score.value is None else score.value
    return (value, value) if score.low is None or score.high is None else (score.low, score.high)


def _sentence(score: Score, *, form: str, what: str) -> str:
    low, high = _interval(score)
    return f"{what} {score.value:{form}} ({low:{form}} to {high:{form}}, {score.audits:,} audits)"
