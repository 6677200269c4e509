"""The hurdle model: how likely an adjustment is, times how large it would be."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from models.base import YieldModel
from models.fitting.boosting import Growth
from models.fitting.calibrate import amount_map, chance_map, net_share, total_factor
from models.fitting.corrected import Grown, grown
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
        probability = sigmoid(chance.map.of(chance.margin, training.design))
        net = net_share(training.y, training.weight)
        expected = probability * np.exp(amount.map.of(amount.margin, training.design)) * net
        factor = total_factor(training.y, expected, training.weight)
        link = HurdleLink(
            a=chance.map.slope,
            b=chance.map.intercept,
            c=amount.map.intercept + float(np.log(factor * net)),
            d=amount.map.slope,
        )
        return Learned(
            margins=(chance.whole, amount.whole),
            link=link,
            expected=expected * factor,
            probability=probability,
            effects={
                "occurrence": training.circumstances.named(chance.map.effects.tolist()),
                "amount": training.circumstances.named(amount.map.effects.tolist()),
            },
        )

    def _chance(self, training: TrainingRows) -> Grown:
        """Learn how likely an adjustment is."""
        adjusted = (training.y != 0).astype(np.float64)
        return grown(
            training,
            adjusted,
            where=np.ones_like(adjusted),
            growth=Growth.made(self.growth, objective="binary", rows=len(adjusted), seed=self.seed),
            monotone=training.directions(self.monotone),
            calibrate=lambda margin: chance_map(margin, adjusted, training),
        )

    def _amount(self, training: TrainingRows) -> Grown:
        """Learn how large an adjustment is, from the audits that made one."""
        size, adjusted = np.abs(training.y), (training.y != 0).astype(np.float64)
        return grown(
            training,
            size,
            where=adjusted,
            growth=Growth.made(self.growth, objective="gamma", rows=int(adjusted.sum()), seed=self.seed),
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
        said, adjusted = margin.value(training.X), np.flatnonzero(training.y)
        mean = float(np.average(said, weights=training.weight))
        slope = power(
            np.column_stack([np.ones_like(adjusted), said[adjusted] - mean]),
            np.abs(training.y[adjusted]),
            variance=2.0,
            weight=training.weight[adjusted],
            ridge=np.array([0.0, 1.0]),
        )[1]
        centres = margin.centres.copy()
        centres[column] = mean
        return replace(margin, intercept=0.0, centres=centres, weights=slope * margin.weights)
