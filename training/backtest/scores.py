"""Scores: every metric of every model, on every fold and population, with its interval."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import numpy as np

from models.card import Score
from training.backtest.bootstrap import Estimate, EvaluationSet, estimate, resample_metrics
from training.backtest.experiment import Experiment
from training.backtest.folds import Fold
from training.backtest.metrics import HOURS_SHARE, Metric, metrics
from training.backtest.out_of_fold import OutOfFold
from training.backtest.populations import POPULATIONS, weights

DAYS_A_YEAR = 365.25


def scores(out_of_fold: OutOfFold, experiment: Experiment, *, folds: Sequence[Fold]) -> tuple[Score, ...]:
    """Judge all folds together, then each, on every population.

    Together, the first model is compared with every other, pair by pair on the same resamples.
    """
    by_name = metrics(hours_share=hours_share(out_of_fold, experiment, folds=folds))
    days = np.array(out_of_fold.audits["fold"].to_pylist())
    parts = [(None, out_of_fold), *((fold.day, out_of_fold.where(days == fold.day)) for fold in folds)]
    return tuple(
        score
        for day, part in parts
        for population in POPULATIONS
        for score in judge(part, by_name, population=population, fold=day, seed=experiment.seed)
    )


def judge(
    out_of_fold: OutOfFold,
    metrics_by_name: Mapping[str, Metric],
    *,
    population: str,
    seed: int,
    fold: date | None = None,
) -> Iterator[Score]:
    """Score every model on one population of the audits, and compare the first with each other."""
    chosen = out_of_fold.where(POPULATIONS[population](out_of_fold.audits))
    evaluation = evaluation_set(chosen, population)
    values = resample_metrics(evaluation, chosen.predictions, metrics_by_name, seed=seed)
    counts = (len(chosen), int(np.count_nonzero(chosen.y)))
    first, *others = chosen.predictions
    for metric in metrics_by_name:
        by_model = values.get(metric, {})
        for model in chosen.predictions:
            yield _score(fold, population, counts, metric, model, None, estimate(by_model.get(model)))
        for other in others if fold is None else ():
            difference = by_model[first] - by_model[other] if by_model else None
            yield _score(fold, population, counts, metric, first, other, estimate(difference))


def score_name(score: Score) -> str:
    """Return the name of a score, the same in MLflow and JSON: `metric/population/model`.

    `captured_5/random/hurdle` is a metric of a model, `captured_5/random/hurdle-tweedie` how much higher it
    is than another's, `captured_5/random/hurdle/fold` that of one fold, whose number is the step.
    """
    model = f"{score.model}-{score.against}" if score.against else score.model
    return f"{score.metric}/{score.population}/{model}" + ("/fold" if score.fold else "")


def hours_share(out_of_fold: OutOfFold, experiment: Experiment, *, folds: Sequence[Fold]) -> float:
    """Return the share of the hours of the test audits that auditors have in the time of the folds."""
    hours_spent = np.nansum(out_of_fold.audits["hours_spent"].to_numpy())
    if experiment.capacity_hours is None or not hours_spent > 0:
        return HOURS_SHARE
    years = sum((fold.until - fold.day).days for fold in folds) / DAYS_A_YEAR
    return min(float(experiment.capacity_hours * years / hours_spent), 1.0)


def evaluation_set(chosen: OutOfFold, population: str) -> EvaluationSet:
    """Return audits of a population as what predictions are judged on."""
    hours = chosen.audits["hours_spent"].to_numpy()
    return EvaluationSet(
        y=chosen.y,
        weight=weights(chosen.audits, population),
        hours=np.asarray(hours, dtype=np.float64),
        trader=np.array(chosen.audits["trader_id"].to_pylist(), dtype=str),
    )


def _score(
    fold: date | None,
    population: str,
    counts: tuple[int, int],
    metric: str,
    model: str,
    against: str | None,
    estimated: Estimate,
) -> Score:
    return Score(
        fold,
        population,
        *counts,
        metric,
        model,
        against,
        estimated.value,
        estimated.low,
        estimated.high,
        estimated.standard_error,
    )
