"""Hurdle model: the probability of an adjustment times its expected amount."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from models.base import YieldModel
from models.fitting.boosting import Growth
from models.fitting.calibrate import amount_map, chance_map, net_share, total_factor
from models.fitting.corrected import CorrectedTrees, fit_corrected_trees
from models.fitting.glm import power, sigmoid
from models.fitting.line import columns_margin
from models.fitting.link import HurdleLink
from models.fitting.margin import LinearMargin
from models.fitting.training_rows import Learned, TrainingRows


@dataclass(kw_only=True, eq=False)
class HurdleModel(YieldModel):
    """Most audits find nothing and amounts are heavy-tailed: P(adjustment) x E[amount | adjustment].

    Both parts are boosted trees, with the monotone directions of the features, calibrated on held-out
    audits (Platt; gamma regression). Refunds count by size in the amount, and their share of the money is
    taken off. `monotone` gives +1 or -1 by feature; `growth` overrides `models.fitting.boosting.Growth` by
    name.

    Amounts grow with trade, which trees of a few hundred findings see only in steps: so they correct a line
    on the logarithm of `exposure`, where there is such a feature (as actuaries do).
    """

    kind: ClassVar[str] = "hurdle"
    monotone: Mapping[str, int] | None = None
    growth: Mapping[str, Any] | None = None
    exposure: str | None = "customs_value_12m"

    def _learn(self, training: TrainingRows) -> Learned:
        chance, amount = self._chance(training), self._amount(training)
        probability = sigmoid(chance.calibration.of(chance.held_out, training.design))
        net = net_share(training.y, training.weight)
        expected = probability * np.exp(amount.calibration.of(amount.held_out, training.design)) * net
        factor = total_factor(training.y, expected, training.weight)
        link = HurdleLink(
            a=chance.calibration.slope,
            b=chance.calibration.intercept,
            c=amount.calibration.intercept + float(np.log(factor * net)),
            d=amount.calibration.slope,
        )
        return Learned(
            margins=(chance.margin, amount.margin),
            link=link,
            expected=expected * factor,
            probability=probability,
            effects={
                "occurrence": training.circumstances.named(chance.calibration.effects.tolist()),
                "amount": training.circumstances.named(amount.calibration.effects.tolist()),
            },
        )

    def _chance(self, training: TrainingRows) -> CorrectedTrees:
        """Learn how likely an adjustment is."""
        adjusted = (training.y != 0).astype(np.float64)
        return fit_corrected_trees(
            training,
            adjusted,
            where=np.ones_like(adjusted),
            growth=Growth.for_rows(self.growth, objective="binary", rows=len(adjusted), seed=self.seed),
            monotone=training.directions(self.monotone),
            calibrate=lambda margin: chance_map(margin, adjusted, training),
        )

    def _amount(self, training: TrainingRows) -> CorrectedTrees:
        """Learn how large an adjustment is, from the audits that made one."""
        size, adjusted = np.abs(training.y), (training.y != 0).astype(np.float64)
        return fit_corrected_trees(
            training,
            size,
            where=adjusted,
            growth=Growth.for_rows(self.growth, objective="gamma", rows=int(adjusted.sum()), seed=self.seed),
            monotone=training.directions(self.monotone),
            calibrate=lambda margin: amount_map(margin, size, training),
            linear=self._exposure_margin(training),
        )

    def _exposure_margin(self, training: TrainingRows) -> LinearMargin | None:
        """Return the log of the amount on the log of exposure: its slope is fitted on adjusted audits.

        It is centred on the audits' mean, from which reasons then count.
        """
        if self.exposure not in training.names:
            return None
        column = training.column_index(self.exposure)
        margin = columns_margin(training.X, columns=[column], scale="log")
        values, adjusted = margin.value(training.X), np.flatnonzero(training.y)
        mean = float(np.average(values, weights=training.weight))
        slope = power(
            np.column_stack([np.ones_like(adjusted), values[adjusted] - mean]),
            np.abs(training.y[adjusted]),
            variance=2.0,
            weight=training.weight[adjusted],
            ridge=np.array([0.0, 1.0]),
        )[1]
        centres = margin.centres.copy()
        centres[column] = mean
        return replace(margin, intercept=0.0, centres=centres, weights=slope * margin.weights)
