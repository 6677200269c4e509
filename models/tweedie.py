"""Tweedie model: expected money as the mean of a compound Poisson sum."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from models.base import YieldModel
from models.fitting.boosting import Growth
from models.fitting.calibrate import CalibrationMap, amount_map, net_share, total_factor, upward_share
from models.fitting.corrected import fit_corrected_trees
from models.fitting.link import LogLink, chance_of_any
from models.fitting.margin import Margin
from models.fitting.training_rows import Learned, TrainingRows
from models.prediction import Floats

BISECTIONS = 200


@dataclass(kw_only=True, eq=False)
class TweedieModel(YieldModel):
    """Boosted trees for the log of expected money, with Var ~ money ** variance (Jorgensen 1997).

    The challenger of the hurdle model: one part instead of two. Refunds count as 0 while learning, and their
    share of the money is taken off.
    """

    kind: ClassVar[str] = "tweedie"
    monotone: Mapping[str, int] | None = None
    growth: Mapping[str, Any] | None = None
    variance: float = 1.5

    def _learn(self, training: TrainingRows) -> Learned:
        size = np.abs(training.y)
        given = self.growth or {}
        options = {"tweedie_variance_power": self.variance, **given.get("options", {})}
        trees = fit_corrected_trees(
            training,
            size,
            where=np.ones_like(size),
            growth=Growth.for_rows(
                {**given, "options": options}, objective="tweedie", rows=len(size), seed=self.seed
            ),
            monotone=training.directions(self.monotone),
            calibrate=lambda margin: amount_map(margin, size, training, variance=self.variance),
        )
        return fit_log_link(
            trees.margin, trees.held_out, trees.calibration, training=training, variance=self.variance
        )


def fit_log_link(
    margin: Margin, held_out: Floats, calibration: CalibrationMap, *, training: TrainingRows, variance: float
) -> Learned:
    """Fit the link from a margin to the log of money, given the calibration on held-out audits."""
    net = net_share(training.y, training.weight)
    expected = net * np.exp(calibration.of(held_out, training.design))
    factor = total_factor(training.y, expected, training.weight)
    rate = _rate(expected * factor, training, variance=variance)
    link = LogLink(
        c=calibration.intercept + float(np.log(factor * net)),
        d=calibration.slope,
        rate=rate,
        variance=variance,
        upward=upward_share(training.y, training.weight),
    )
    under_own = replace(link, c=0.0, d=1.0)
    return Learned(
        margins=(margin,),
        link=link,
        held_out=under_own.expectation(np.log(expected * factor)[:, None]),
        effects={"money": training.circumstances.named(calibration.effects.tolist())},
    )


def _rate(expected: Floats, training: TrainingRows, *, variance: float) -> float:
    """Return the rate at which the probabilities of an adjustment add up to the adjustments there were."""
    adjusted = float(training.weight @ (training.y != 0))
    low, high = -60.0, 60.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        chance = chance_of_any(expected, rate=float(np.exp(middle)), variance=variance)
        too_many = float(training.weight @ chance) > adjusted
        low, high = (low, middle) if too_many else (middle, high)
    return float(np.exp(low))
