"""Bootstrap: intervals and standard errors of metrics over resampled traders."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from models.prediction import Floats
from training.backtest.metrics import Metric, PredictionLike

RESAMPLES = 2_000
FEWEST_RESAMPLES = 200
MOST_WORK = 30_000_000
CHUNK = 100_000
LEVEL = 0.95
FEWEST_ADJUSTED = 5
MOST_UNDEFINED = 0.05
ROUNDING = 1e-12


@dataclass(frozen=True)
class EvaluationSet:
    """Audits that predictions are judged on: money found, weight and hours, each (n,), and whose they are.

    `trader` (n,) numbers the traders: audits of one trader are drawn together.
    """

    y: Floats
    weight: Floats
    hours: Floats
    trader: np.ndarray

    @property
    def effective(self) -> float:
        """The effective sample size: as many equally weighted audits have the same variance (Kish 1965)."""
        return float(self.weight.sum() ** 2 / (self.weight**2).sum()) if len(self.y) else 0.0

    def enough(self, metric: Metric) -> bool:
        """Return whether the audits are enough for a metric."""
        return self.effective >= metric.fewest and int((self.y != 0).sum()) >= FEWEST_ADJUSTED


@dataclass(frozen=True)
class Estimate:
    """A metric's value, its 95 % interval and standard error; None where the audits are too few."""

    value: float | None
    low: float | None = None
    high: float | None = None
    standard_error: float | None = None


MetricValues = Mapping[str, Mapping[str, Floats]]
"""By metric and model: the value on the audits themselves, then on each resample."""


def resample_metrics(
    evaluation: EvaluationSet,
    predictions: Mapping[str, PredictionLike],
    metrics: Mapping[str, Metric],
    *,
    seed: int,
) -> MetricValues:
    """Return each metric of each model on the audits and on up to 2,000 resamples of their traders.

    All models meet the same resamples, so that they can be compared pair by pair. A metric for which the
    audits are too few is absent. Many audits take fewer resamples, 300 of 100,000, with the same result.
    """
    measurable = {name: metric for name, metric in metrics.items() if evaluation.enough(metric)}
    parts = [
        {
            name: {
                model: np.atleast_1d(
                    metric.function(evaluation.y, prediction, weight=weight, hours=evaluation.hours)
                )
                for model, prediction in predictions.items()
            }
            for name, metric in measurable.items()
        }
        for weight in (_weights(evaluation, seed=seed) if measurable else ())
    ]
    return {
        name: {model: np.concatenate([part[name][model] for part in parts]) for model in predictions}
        for name in measurable
    }


def estimate(values: Floats | None) -> Estimate:
    """Return the first of the values with the percentile interval of the rest, its resamples.

    Where all resamples agree there is no interval, as for 31 audits of 31 inside their interval.
    """
    if values is None or not np.isfinite(values[0]):
        return Estimate(None)
    resamples = values[1:][np.isfinite(values[1:])]
    few = len(resamples) < (1 - MOST_UNDEFINED) * (len(values) - 1)
    if few or np.ptp(resamples) <= ROUNDING * abs(values[0]):
        return Estimate(float(values[0]))
    low, high = np.quantile(resamples, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(float(values[0]), float(low), float(high), float(resamples.std(ddof=1)))


def _weights(evaluation: EvaluationSet, *, seed: int) -> Iterator[Floats]:
    """Yield the weights of the audits themselves, then those of the resamples, some columns at a time."""
    yield evaluation.weight
    rng = np.random.default_rng(seed)
    traders, numbers = np.unique(evaluation.trader, return_inverse=True)
    n = len(evaluation.y)
    left = int(np.clip(MOST_WORK // n, FEWEST_RESAMPLES, RESAMPLES))
    while left:
        columns = min(left, max(1, CHUNK // n))
        times = _times_drawn(rng, len(traders), columns)
        yield evaluation.weight[:, None] * times[numbers]
        left -= columns


def _times_drawn(rng: np.random.Generator, traders: int, columns: int) -> Floats:
    """Return how often each trader is drawn in each column, with replacement: (traders, columns)."""
    cells = rng.integers(traders, size=(traders, columns)) * columns + np.arange(columns)
    counts = np.bincount(cells.ravel(), minlength=traders * columns)
    return counts.reshape(traders, columns).astype(np.float64)
