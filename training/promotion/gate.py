"""Gate: judges whether a model may serve, by its ranking, its money and intervals, and the alarms."""

from collections.abc import Mapping, Sequence
from statistics import NormalDist

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.card import Score
from models.prediction import PER_TRADER, Prediction
from training.backtest.out_of_fold import OutOfFold
from training.backtest.scores import judge
from training.backtest.wilson import NORMAL_95
from training.labels.report import LabelReport
from training.leaks.alarm import LeakReport
from training.promotion.calibration import METRICS, REFERENCE, SEED, calibrated, covered, interval, measured
from training.promotion.verdict import Check, GateVerdict

ORDER = "gini"
NEWEST = 2
"""Folds by which rankings are compared; where they have too few audits, more folds are taken."""
YIELD = ("captured_5", "captured_10", "gini")
"""Metrics to compare models by: the first that the audits are enough for."""
MARGIN = 0.1
"""Of the Gini coefficient, 0 by chance and 1 in the order of the outcomes: what a challenger may be worse.

On some 250 audits it is two to three standard errors of the difference between a champion and its retraining:
half of it would keep most champions for ever. It is about the lead over the analyst in the first 5 %.
"""
UNTESTED = Check(
    "backtest",
    GateVerdict.CANNOT_TELL,
    "no model can be judged yet: too few audits are closed to hold some out",
)


def gate(
    out_of_fold: OutOfFold,
    *,
    rivals: Mapping[str, Prediction],
    leaks: LeakReport,
    labels: LabelReport,
    champion: str | None = None,
    coverage: float = 0.9,
    margin: float = MARGIN,
) -> tuple[Check, ...]:
    """Judge a model that might serve.

    `out_of_fold` holds its prediction alone; `rivals` are the predictions of others for the same audits, row
    for row, by a name for people. The one named `champion` serves: the model must be shown to be no worse
    than it by `margin`, and its money and chances to be those that were accepted. Where nothing serves, a
    model must only not be refuted. `leaks` and `labels` are the reports of the alarms, `coverage` is what
    intervals promise.
    """
    alarms, accepted = (_outcomes_credible(labels), _no_leak(leaks)), rivals[champion] if champion else None
    if not len(out_of_fold):
        return (UNTESTED, *alarms)
    [model] = out_of_fold.predictions
    together = OutOfFold(out_of_fold.audits, {**out_of_fold.predictions, **rivals})
    compared = [score for score in _newest_scores(together) if score.model == model]
    return (
        *(_not_worse([score for score in compared if score.against == rival], rival) for rival in rivals),
        *([_not_inferior(together, champion, margin=margin)] if champion else []),
        *calibrated(out_of_fold, accepted),
        *covered(out_of_fold, coverage, accepted),
        *alarms,
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


def _not_inferior(together: OutOfFold, champion: str, *, margin: float) -> Check:
    """Ask for evidence that the model is no worse than the champion by a margin (non-inferiority, ICH E9).

    The whole order of all audits that both were tested on, for the difference at its top rests on a dozen of
    them. The power beside it is how often a model equal to the champion would pass, given that many audits.
    """
    name = f"non-inferior to {champion}"
    differences = (
        score
        for score in judge(together, {ORDER: METRICS[ORDER]}, population="all", seed=SEED)
        if score.against == champion
    )
    [score] = differences
    if score.value is None:
        return Check(name, GateVerdict.CANNOT_TELL, "too few audits were tested by both to compare them")
    low, high = interval(score)
    power = 1.0
    if score.standard_error:
        power = NormalDist().cdf(margin / score.standard_error - NORMAL_95)
    if low > -margin:
        verdict = GateVerdict.PASSED
    else:
        verdict = GateVerdict.REFUSED if high < 0 else GateVerdict.CANNOT_TELL
    sentence = measured(score, form="+.3f", what=f"{METRICS[ORDER].words}, difference")
    return Check(
        name, verdict, f"{sentence}; must lie above {-margin:.2f}, which one equal to it does in {power:.0%}"
    )


def _outcomes_credible(report: LabelReport) -> Check:
    """Leave open what was learned from doubtful outcomes: the same outcomes would judge it."""
    sentence = "; ".join(alarm.sentence.rstrip(".") for alarm in report.raised) or "none doubted"
    verdict = GateVerdict.CANNOT_TELL if report.raised else GateVerdict.PASSED
    return Check("outcomes credible", verdict, sentence)


def _no_leak(report: LeakReport) -> Check:
    names = ", ".join(alarm.name for alarm in report.raised)
    verdict = GateVerdict.REFUSED if report.suspected else GateVerdict.PASSED
    return Check("no leak", verdict, f"suspected by {names}" if names else "none suspected")
