"""Direct models: regressions on money itself, as comparisons for the hurdle and Tweedie models."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from models.base import YieldModel
from models.fitting.boosting import Growth, Sample, grow
from models.fitting.calibrate import chance_map, upward_share
from models.fitting.line import ridge_margin
from models.fitting.link import MoneyLink
from models.fitting.margin import Margin
from models.fitting.training_rows import Learned, TrainingRows
from models.prediction import Floats


class DirectModel(YieldModel):
    """Learns money itself, in one margin; the total is calibrated to the money found on held-out audits.

    Circumstances are not corrected for: what they do is not a sum in money.
    """

    @abstractmethod
    def _margin(self, training: TrainingRows, rows: np.ndarray) -> Margin:
        """Learn the margin from some of the audits."""

    def _learn(self, training: TrainingRows) -> Learned:
        held_out = np.zeros(len(training.y))
        for block in training.blocks:
            rest = np.setdiff1d(np.arange(len(training.y)), block)
            held_out[block] = self._margin(training, rest).value(training.X[block])
        link = money_link(held_out, training)
        return Learned(
            margins=(self._margin(training, np.arange(len(training.y))),),
            link=link,
            held_out=link.expectation(held_out[:, None]),
            effects={},
        )


def money_link(margin: Floats, training: TrainingRows) -> MoneyLink:
    """Scale a margin to the money found, and fit the probability on its inverse hyperbolic sine."""
    size = np.abs(margin)
    unit = float(np.median(size)) or float(size.mean()) or 1.0
    adjusted = (training.y != 0).astype(np.float64)
    chances = chance_map(np.arcsinh(margin / unit), adjusted, training.without_circumstances())
    return MoneyLink(
        factor=_factor(margin, training.y, training.weight),
        a=chances.slope,
        b=chances.intercept,
        unit=unit,
        upward=upward_share(training.y, training.weight),
    )


def _factor(margin: Floats, y: Floats, weight: Floats) -> float:
    """Return what brings the total of a margin to the money found; where one is not above 0, their sizes."""
    predicted, booked = float(weight @ margin), float(weight @ y)
    if predicted > 0 and booked > 0:
        return booked / predicted
    size = float(weight @ np.abs(margin))
    return float(weight @ np.abs(y)) / size if size > 0 else 1.0


class PlainModel(DirectModel):
    """LightGBM's regression with its own defaults on the same features: what one would try first."""

    kind: ClassVar[str] = "plain"
    options: ClassVar[Mapping[str, Any]] = {}

    def _margin(self, training: TrainingRows, rows: np.ndarray) -> Margin:
        growth = Growth(
            objective="regression",
            rounds=100,
            bags=1,
            learning_rate=0.1,
            num_leaves=31,
            min_data_in_leaf=20,
            feature_fraction=1.0,
            bagging_fraction=1.0,
            lambda_l2=0.0,
            max_bin=255,
            seed=self.seed,
            options=self.options,
        )
        sample = Sample(training.X[rows], training.y[rows], training.weight[rows], None, ())
        return grow(sample, growth)


class RandomForestModel(PlainModel):
    """A random forest (Breiman 2001), grown by LightGBM so that it needs nothing else to predict."""

    kind: ClassVar[str] = "random_forest"
    options: ClassVar[Mapping[str, Any]] = {
        "boosting": "rf",
        "bagging_fraction": 0.632,
        "feature_fraction_bynode": 0.33,
        "num_leaves": 127,
        "min_data_in_leaf": 5,
    }


class RidgeModel(DirectModel):
    """Ridge regression of money on all features, on logarithmic scales; the penalty by cross-validation."""

    kind: ClassVar[str] = "ridge"

    def _margin(self, training: TrainingRows, rows: np.ndarray) -> Margin:
        return ridge_margin(training.X[rows], training.y[rows], weight=training.weight[rows])
