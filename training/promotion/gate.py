"""Gate: judges whether a model may serve, by its ranking, its money and intervals, and the leak alarms."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.card import Score
from models.prediction import PER_TRADER, Prediction
from training.backtest.out_of_fold import OutOfFold
from training.backtest.scores import judge
from training.leaks.alarm import LeakReport
from training.promotion.calibration import METRICS, REFERENCE, SEED, calibrated, covered, interval, measured
from training.promotion.verdict import Check, GateVerdict

NEWEST = 2
"""Folds by which rankings are compared; where they have too few audits, more folds are taken."""
YIELD = ("captured_5", "captured_10", "gini")
"""Metrics to compare models by: the first that the audits are enough for."""
UNTESTED = Check(
    "backtest",
    GateVerdict.CANNOT_TELL,
    "no model can be judged yet; this ranking is by the money at stake under the written indicators",
)


def gate(
    out_of_fold: OutOfFold, *, rivals: Mapping[str, Prediction], leaks: LeakReport, coverage: float = 0.9
) -> tuple[Check, ...]:
    """Judge a model that might serve.

    `out_of_fold` holds its prediction alone; `rivals` are the predictions of others for the same audits, row
    for row, by a name for people; `leaks` is the report of the leak alarm, `coverage` what intervals promise.
    """
    if not len(out_of_fold):
        return (UNTESTED, _no_leak(leaks))
    [model] = out_of_fold.predictions
    together = OutOfFold(out_of_fold.audits, {**out_of_fold.predictions, **rivals})
    compared = [score for score in _newest_scores(together) if score.model == model]
    return (
        *(_not_worse([score for score in compared if score.against == rival], rival) for rival in rivals),
        *calibrated(out_of_fold),
        *covered(out_of_fold, coverage),
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


def _newest_scores(together: OutOfFold) -> Sequence[Score]:
    """Score rankings on the newest folds, and on as many more as the metrics need."""
    by_name = {name: METRICS[name] for name in YIELD}
    folds = np.array(together.audits["fold"].to_pylist(), dtype="datetime64[D]")
    days = sorted(set(folds.tolist()), reverse=True)
    scores: list[Score] = []
    for oldest in days[NEWEST - 1 :] or days[-1:]:
        newest = together.where(folds >= np.datetime64(oldest))
        judged = judge(newest, by_name, population=REFERENCE, seed=SEED)
        scores = [score for score in judged if score.value is not None]
        if any(score.metric == YIELD[0] for score in scores):
            break
    return scores


def _not_worse(scores: Sequence[Score], rival: str) -> Check:
    """Compare by the first metric with a value; worse is only what chance does not explain."""
    name = f"not worse than {rival}"
    by_metric = {score.metric: score for score in scores}
    for score in (by_metric[metric] for metric in YIELD if metric in by_metric):
        _, high = interval(score)
        sentence = measured(score, form="+.3f", what=f"{METRICS[score.metric].words}, difference")
        return Check(name, GateVerdict.PASSED if high >= 0 else GateVerdict.REFUSED, sentence)
    return Check(name, GateVerdict.CANNOT_TELL, "Too few audits were tested by both to compare them.")


def _no_leak(report: LeakReport) -> Check:
    names = ", ".join(alarm.name for alarm in report.raised)
    verdict = GateVerdict.REFUSED if report.suspected else GateVerdict.PASSED
    return Check("no leak", verdict, f"suspected by {names}" if names else "none suspected")
