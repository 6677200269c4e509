"""The Tweedie model: money in one piece, as a compound Poisson sum."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from models.base import YieldModel
from models.fitting.boosting import Growth
from models.fitting.calibrate import Map, amount_map, net_share, total_factor
from models.fitting.corrected import grown
from models.fitting.link import LogLink, chance_of_any
from models.fitting.margin import Margin
from models.fitting.training_rows import Audited, Learned
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

    def _learn(self, audited: Audited) -> Learned:
        size = np.abs(audited.y)
        options = {"options": {"tweedie_variance_power": self.variance}, **(self.growth or {})}
        found = grown(
            audited,
            size,
            where=np.ones_like(size),
            growth=Growth.made(options, objective="tweedie", rows=len(size), seed=self.seed),
            monotone=audited.directions(self.monotone),
            calibrate=lambda margin: amount_map(margin, size, audited, variance=self.variance),
        )
        return learned_log(found.whole, found.margin, found.map, audited=audited, variance=self.variance)


def learned_log(
    margin: Margin, held_out: Floats, calibration: Map, *, audited: Audited, variance: float
) -> Learned:
    """Return what a margin for the log of money amounts to, given its calibration on held-out audits."""
    net = net_share(audited.y, audited.weight)
    expected = net * np.exp(calibration.of(held_out, audited.design))
    factor = total_factor(audited.y, expected, audited.weight)
    rate = _rate(expected * factor, audited, variance=variance)
    link = LogLink(
        c=calibration.intercept + float(np.log(factor * net)),
        d=calibration.slope,
        rate=rate,
        variance=variance,
    )
    return Learned(
        margins=(margin,),
        link=link,
        expected=expected * factor,
        probability=chance_of_any(expected * factor, rate=rate, variance=variance),
        effects={"money": audited.circumstances.named(calibration.effects.tolist())},
    )


def _rate(expected: Floats, audited: Audited, *, variance: float) -> float:
    """Return the rate at which the probabilities of an adjustment add up to the adjustments there were."""
    adjusted = float(audited.weight @ (audited.y != 0))
    low, high = -60.0, 60.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        chance = chance_of_any(expected, rate=float(np.exp(middle)), variance=variance)
        too_many = float(audited.weight @ chance) > adjusted
        low, high = (low, middle) if too_many else (middle, high)
    return float(np.exp(low))
