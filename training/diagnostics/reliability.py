"""Reliability: chance and money predicted beside what audits found, in groups of like predictions."""

from collections.abc import Iterator, Mapping
from typing import Literal

import numpy as np

from models.card import ReliabilityRow
from models.prediction import Floats, Prediction
from training.backtest.bootstrap import EvaluationSet, estimate, resample_metrics
from training.backtest.metrics import DECILES, Metric, Number, PredictionLike
from training.backtest.out_of_fold import OutOfFold
from training.backtest.populations import POPULATIONS
from training.backtest.scores import evaluation_set
from training.backtest.wilson import wilson

By = Literal["chance", "money"]
FEWEST_IN_GROUP = 20
"""Audits: where there are fewer than ten times as many, there are fewer groups than tenths."""


def reliability(out_of_fold: OutOfFold, model: str, *, seed: int) -> tuple[ReliabilityRow, ...]:
    """Return the reliability of a model in each population, by predicted chance and by predicted money."""
    return tuple(
        row
        for population, is_in in POPULATIONS.items()
        for row in _rows(out_of_fold.where(is_in(out_of_fold.audits)), model, population, seed=seed)
    )


def _rows(out_of_fold: OutOfFold, model: str, population: str, *, seed: int) -> Iterator[ReliabilityRow]:
    prediction = out_of_fold.predictions[model]
    columns: Mapping[By, Floats] = {"chance": prediction.probability, "money": prediction.expected}
    for by, predicted in columns.items():
        groups = _groups(predicted)
        for number, group in enumerate(np.unique(groups), start=1):
            chosen = out_of_fold.where(groups == group)
            yield _row(chosen, chosen.predictions[model], population, by, number, seed=seed)


def _row(
    chosen: OutOfFold, prediction: Prediction, population: str, by: By, group: int, *, seed: int
) -> ReliabilityRow:
    evaluation = evaluation_set(chosen, population)
    adjusted = chosen.y != 0
    predicted, outcome = (
        (prediction.probability, adjusted) if by == "chance" else (prediction.expected, evaluation.y)
    )
    observed = float(np.average(outcome, weights=evaluation.weight))
    low, high = (
        wilson(observed, evaluation.effective)
        if by == "chance"
        else _between(evaluation, prediction, seed=seed)
    )
    return ReliabilityRow(
        population=population,
        by=by,
        group=group,
        audits=len(chosen),
        adjusted=int(adjusted.sum()),
        predicted=float(np.average(predicted, weights=evaluation.weight)),
        observed=observed,
        low=low,
        high=high,
    )


def _between(
    evaluation: EvaluationSet, prediction: Prediction, *, seed: int
) -> tuple[float | None, float | None]:
    """Return the interval of the mean money found, over resampled traders."""
    values = resample_metrics(evaluation, {"own": prediction}, {MEAN.name: MEAN}, seed=seed)
    mean = estimate(values[MEAN.name]["own"] if values else None)
    return mean.low, mean.high


def _mean(y: Floats, prediction: PredictionLike, *, weight: Floats, hours: Floats) -> Number:  # noqa: ARG001
    return (y @ weight) / weight.sum(axis=0)  # type: ignore[no-any-return]


MEAN = Metric("mean", "mean money found", _mean, fewest=0)


def _groups(predicted: Floats) -> np.ndarray:
    """Return the number of each audit's group, the highest predictions first.

    Audits of equal prediction are in one group, so that their order in the data never matters.
    """
    number = min(DECILES, max(1, len(predicted) // FEWEST_IN_GROUP))
    _, tied, counts = np.unique(-predicted, return_inverse=True, return_counts=True)
    middle = counts.cumsum() - counts / 2
    return np.asarray(np.floor(number * middle / max(len(predicted), 1)).astype(int)[tied])
