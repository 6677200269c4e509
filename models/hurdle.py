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
from models.fitting.line import columns_line
from models.fitting.link import HurdleLink
from models.fitting.margin import Line
from models.fitting.training_rows import Audited, Learned


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

    def _learn(self, audited: Audited) -> Learned:
        chance, amount = self._chance(audited), self._amount(audited)
        probability = sigmoid(chance.map.of(chance.margin, audited.design))
        net = net_share(audited.y, audited.weight)
        expected = probability * np.exp(amount.map.of(amount.margin, audited.design)) * net
        factor = total_factor(audited.y, expected, audited.weight)
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
                "occurrence": audited.circumstances.named(chance.map.effects.tolist()),
                "amount": audited.circumstances.named(amount.map.effects.tolist()),
            },
        )

    def _chance(self, audited: Audited) -> Grown:
        """Learn how likely an adjustment is."""
        adjusted = (audited.y != 0).astype(np.float64)
        return grown(
            audited,
            adjusted,
            where=np.ones_like(adjusted),
            growth=Growth.made(self.growth, objective="binary", rows=len(adjusted), seed=self.seed),
            monotone=audited.directions(self.monotone),
            calibrate=lambda margin: chance_map(margin, adjusted, audited),
        )

    def _amount(self, audited: Audited) -> Grown:
        """Learn how large an adjustment is, from the audits that made one."""
        size, adjusted = np.abs(audited.y), (audited.y != 0).astype(np.float64)
        return grown(
            audited,
            size,
            where=adjusted,
            growth=Growth.made(self.growth, objective="gamma", rows=int(adjusted.sum()), seed=self.seed),
            monotone=audited.directions(self.monotone),
            calibrate=lambda margin: amount_map(margin, size, audited),
            line=self._line(audited),
        )

    def _line(self, audited: Audited) -> Line | None:
        """Return the log of the amount on the log of exposure: its slope is fitted on adjusted audits.

        It is centred on the audits' mean, from which reasons then count.
        """
        if self.exposure not in audited.names:
            return None
        column = audited.place(self.exposure)
        line = columns_line(audited.X, columns=[column], scale="log")
        said, adjusted = line.value(audited.X), np.flatnonzero(audited.y)
        mean = float(np.average(said, weights=audited.weight))
        slope = power(
            np.column_stack([np.ones_like(adjusted), said[adjusted] - mean]),
            np.abs(audited.y[adjusted]),
            variance=2.0,
            weight=audited.weight[adjusted],
            ridge=np.array([0.0, 1.0]),
        )[1]
        centres = line.centres.copy()
        centres[column] = mean
        return replace(line, intercept=0.0, centres=centres, weights=slope * line.weights)
