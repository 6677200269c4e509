"""Models whose margin is money itself: other ways to the same number, to hold ours against."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from models.base import YieldModel
from models.fitting.boosting import Growth, Sample, grow
from models.fitting.calibrate import chance_map
from models.fitting.line import ridge_line
from models.fitting.link import MoneyLink
from models.fitting.margin import Margin
from models.fitting.training_rows import Audited, Learned
from models.prediction import Floats


class DirectModel(YieldModel):
    """Learns money as it stands, in one margin; the total is brought to what was found on held-out audits.

    Circumstances are not corrected for: what they do is not a sum in money.
    """

    @abstractmethod
    def _margin(self, audited: Audited, rows: np.ndarray) -> Margin:
        """Learn the margin from some of the audits."""

    def _learn(self, audited: Audited) -> Learned:
        held_out = np.zeros(len(audited.y))
        for block in audited.blocks:
            rest = np.setdiff1d(np.arange(len(audited.y)), block)
            held_out[block] = self._margin(audited, rest).value(audited.X[block])
        link = money_link(held_out, audited)
        return Learned(
            margins=(self._margin(audited, np.arange(len(audited.y))),),
            link=link,
            expected=link.money(held_out[:, None]),
            probability=link.probability(held_out[:, None]),
            effects={},
        )


def money_link(margin: Floats, audited: Audited) -> MoneyLink:
    """Scale a margin to the money found, and fit the probability on its inverse hyperbolic sine."""
    unit = float(np.median(np.abs(margin))) or 1.0
    said, found = float(audited.weight @ margin), float(audited.weight @ audited.y)
    adjusted = (audited.y != 0).astype(np.float64)
    chances = chance_map(np.arcsinh(margin / unit), adjusted, audited.without_circumstances())
    return MoneyLink(
        factor=found / said if said > 0 and found > 0 else 1.0,
        a=chances.slope,
        b=chances.intercept,
        unit=unit,
    )


class PlainModel(DirectModel):
    """LightGBM's regression with its own defaults on the same features: what one would try first."""

    kind: ClassVar[str] = "plain"
    options: ClassVar[Mapping[str, Any]] = {}

    def _margin(self, audited: Audited, rows: np.ndarray) -> Margin:
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
        sample = Sample(audited.X[rows], audited.y[rows], audited.weight[rows], None, ())
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

    def _margin(self, audited: Audited, rows: np.ndarray) -> Margin:
        return ridge_line(audited.X[rows], audited.y[rows], weight=audited.weight[rows])
