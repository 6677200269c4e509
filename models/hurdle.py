"""Hurdle model: the probability of an adjustment times its expected amount."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from models.base import YieldModel
from models.fitting.calibrate import total_factor
from models.fitting.hurdles import FittedHurdle, fit_hurdle
from models.fitting.link import Hurdle, HurdleLink, expectation_of
from models.fitting.stake import REFUND_ODDS, Stakes, fit_stakes, written_weight
from models.fitting.training_rows import Learned, TrainingRows
from models.prediction import ExpectedOutcome, Floats

LARGEST_SHARE = 0.1
"""No audit counts for more than this share of the money of all others."""
KNOWN_REFUNDS = 20
"""Below so many, refunds are doubted where they exceed the written share of what is due."""


@dataclass(kw_only=True, eq=False)
class HurdleModel(YieldModel):
    """Most audits find nothing and amounts are heavy-tailed: P(adjustment) x E[amount | adjustment].

    Both parts are boosted trees, with the monotone directions of the features, calibrated on held-out audits
    (Platt; gamma regression). They correct lines on the money at stake under the features' suspicions: with
    no audit these stand alone, and amounts grow with what is at stake, which trees of a few hundred findings
    see only in steps. Refunds are a hurdle of their own, whose money is taken off.

    `monotone` gives +1 or -1 by feature; `prior_yields` the share of money at stake that audits are expected
    to book, by feature; `exposure` names features of the value that is traded, blank-separated, of which the
    first that there is counts; `growth` overrides `models.fitting.boosting.Growth` by name.
    """

    kind: ClassVar[str] = "hurdle"
    monotone: Mapping[str, int] | None = None
    prior_yields: Mapping[str, float] | None = None
    growth: Mapping[str, Any] | None = None
    exposure: str = "customs_value_24m customs_value_12m"

    def fewest_audits(self, names: Sequence[str]) -> int:
        """Return 0 where money at stake is written for a feature, so that it ranks before any audit."""
        written = set(self.prior_yields or {}) & set(names)
        return 0 if written and self._traded(names) else super().fewest_audits(names)

    def written_weight(self, adjusted: int) -> float:
        """Return how much the written yields weigh beside so many adjusted audits."""
        return written_weight(adjusted) if self.fewest_audits(self.feature_names_in_) == 0 else 0.0

    def _learn(self, training: TrainingRows) -> Learned:
        audits = replace(training, y=limited(training.y))
        gained, refunded = np.maximum(audits.y, 0.0), np.maximum(-audits.y, 0.0)
        due = self._hurdle(audits, gained, yields=self.prior_yields, monotone=self.monotone)
        refunds = None
        if refunded.any():
            refunds = self._hurdle(
                audits, refunded, yields=None, monotone=self._reversed(), odds=REFUND_ODDS, like=due
            )
            refunds = _doubted(refunds, due, training=audits, count=int(np.count_nonzero(refunded)))
        as_audited = _held_out(due, refunds, training.design)
        factor = total_factor(audits.y, as_audited.money, audits.weight)
        as_reference = _held_out(due, refunds, np.zeros_like(training.design))
        effects = {"occurrence": due.chance, "amount": due.amount}
        return Learned(
            margins=(*due.margins, *(refunds.margins if refunds else ())),
            link=HurdleLink(
                _scaled(due.hurdle, factor), _scaled(refunds.hurdle, factor) if refunds else None
            ),
            held_out=replace(as_reference, amount=as_reference.amount * factor),
            effects={
                part: training.circumstances.named(trees.calibration.effects.tolist())
                for part, trees in effects.items()
            },
        )

    def _hurdle(
        self,
        audits: TrainingRows,
        size: Floats,
        *,
        yields: Mapping[str, float] | None,
        monotone: Mapping[str, int] | None,
        odds: float = 1.0,
        like: FittedHurdle | None = None,
    ) -> FittedHurdle:
        traded = self._traded(audits.names)
        return fit_hurdle(
            audits,
            size,
            stakes=_stakes(audits, size, yields=yields or {}, traded=traded) if traded else None,
            growth=self.growth,
            directions=audits.directions(monotone),
            seed=self.seed,
            odds=odds,
            like=like,
        )

    def _traded(self, names: Sequence[str]) -> str | None:
        return next((name for name in self.exposure.split() if name in names), None)

    def _reversed(self) -> Mapping[str, int]:
        """Return the directions for refunds: what makes money due must not make it refunded."""
        directions = (self.monotone or {}).items()
        return {name: -direction for name, direction in directions if name not in self.exposure.split()}


def limited(y: Floats) -> Floats:
    """Return money with no amount above `LARGEST_SHARE` of all others together: one is no lesson.

    Fewer adjustments than the share makes room for twice are left as they are.
    """
    size = np.abs(y)
    hits = np.sort(size[size > 0])[::-1]
    if len(hits) < 2 / LARGEST_SHARE:
        return y
    others = np.array([np.minimum(hits, limit).sum() - limit for limit in hits])
    limit = hits[np.argmax(hits <= LARGEST_SHARE * others)]
    return np.asarray(np.clip(y, -limit, limit), np.float64)


def _stakes(audits: TrainingRows, size: Floats, *, yields: Mapping[str, float], traded: str) -> Stakes:
    written = np.array([yields.get(name, 0.0) for name in audits.names])
    column = audits.column_index(traded)
    return fit_stakes(audits.X, size, written=written, traded=column, weight=audits.weight)


def _doubted(refunds: FittedHurdle, due: FittedHurdle, *, training: TrainingRows, count: int) -> FittedHurdle:
    """Return refunds drawn down to the written share of what is due where their `count` is small.

    One large refund among a handful of audits would else outweigh what is due by every trader, and turn the
    ranking round. From `KNOWN_REFUNDS` on they count as they are.
    """
    reference = np.zeros_like(training.design)
    totals = [
        float(training.weight @ np.prod(hurdle.held_out(reference), axis=0)) for hurdle in (refunds, due)
    ]
    beyond = totals[0] / (REFUND_ODDS * totals[1])
    if count >= KNOWN_REFUNDS or beyond <= 1:
        return refunds
    return refunds.scaled(beyond ** ((count / KNOWN_REFUNDS) ** 2 - 1))


def _held_out(due: FittedHurdle, refunds: FittedHurdle | None, design: Floats) -> ExpectedOutcome:
    """Return what is expected of audits not seen, under circumstances (n, levels)."""
    none = np.zeros(len(design))
    return expectation_of(*due.held_out(design), *(refunds.held_out(design) if refunds else (none, none)))


def _scaled(hurdle: Hurdle, factor: float) -> Hurdle:
    return replace(hurdle, c=hurdle.c + float(np.log(factor)))
