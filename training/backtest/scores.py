"""Every metric of every model, on every fold and population, with how sure it is."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import numpy as np

from models.card import Score
from training.backtest.bootstrap import Estimate, Judged, drawn, estimate
from training.backtest.experiment import Experiment
from training.backtest.folds import Fold
from training.backtest.metrics import HOURS_SHARE, Metric, metrics
from training.backtest.out_of_fold import OutOfFold
from training.backtest.populations import POPULATIONS, weights

DAYS_A_YEAR = 365.25


def scores(predicted: OutOfFold, experiment: Experiment, *, folds: Sequence[Fold]) -> tuple[Score, ...]:
    """Judge all folds together, then each, on every population.

    Together, the first model is compared with every other, pair by pair on the same resamples.
    """
    asked = metrics(hours_share=hours_share(predicted, experiment, folds=folds))
    days = np.array(predicted.audits["fold"].to_pylist())
    parts = [(None, predicted), *((fold.day, predicted.where(days == fold.day)) for fold in folds)]
    return tuple(
        score
        for day, part in parts
        for population in POPULATIONS
        for score in judge(part, asked, population=population, fold=day, seed=experiment.seed)
    )


def judge(
    predicted: OutOfFold,
    asked: Mapping[str, Metric],
    *,
    population: str,
    seed: int,
    fold: date | None = None,
) -> Iterator[Score]:
    """Score every model on one population of the audits, and compare the first with each other."""
    chosen = predicted.where(POPULATIONS[population](predicted.audits))
    judged = _judged(chosen, population)
    values = drawn(judged, chosen.predictions, asked, seed=seed)
    counts = (len(chosen), int(np.count_nonzero(chosen.y)))
    first, *others = chosen.predictions
    for metric in asked:
        of = values.get(metric, {})
        for model in chosen.predictions:
            yield _score(fold, population, counts, metric, model, None, estimate(of.get(model)))
        for other in others if fold is None else ():
            difference = of[first] - of[other] if of else None
            yield _score(fold, population, counts, metric, first, other, estimate(difference))


def hours_share(predicted: OutOfFold, experiment: Experiment, *, folds: Sequence[Fold]) -> float:
    """Return which part of the hours that the tested audits took is at hand in the time of the folds."""
    took = np.nansum(predicted.audits["hours_spent"].to_numpy())
    if experiment.capacity_hours is None or not took > 0:
        return HOURS_SHARE
    years = sum((fold.until - fold.day).days for fold in folds) / DAYS_A_YEAR
    return min(float(experiment.capacity_hours * years / took), 1.0)


def _judged(chosen: OutOfFold, population: str) -> Judged:
    hours = chosen.audits["hours_spent"].to_numpy()
    return Judged(
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
    found: Estimate,
) -> Score:
    return Score(
        fold,
        population,
        *counts,
        metric,
        model,
        against,
        found.value,
        found.low,
        found.high,
        found.standard_error,
    )
