"""Hurdle model: the probability of an adjustment times its expected amount."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from features.data.contract.required import FINDING_TYPES
from models.base import YieldModel
from models.fitting.calibrate import total_factor
from models.fitting.hurdles import Effects, FittedHurdle, fit_hurdle
from models.fitting.link import Hurdle, HurdlesLink, expectation_of
from models.fitting.stake import Stakes, fit_stakes
from models.fitting.training_rows import Learned, TrainingRows
from models.prediction import Expectation, Floats

LARGEST_SHARE = 0.1


@dataclass(kw_only=True, eq=False)
class HurdleModel(YieldModel):
    """Most audits find nothing and amounts are heavy-tailed: P(adjustment) x E[amount | adjustment].

    Both parts are boosted trees, with the monotone directions of the features, which correct a line on money
    at stake, and are calibrated on held-out audits (Platt; gamma regression). Amounts grow with what is at
    stake, which trees of a few hundred findings see only in steps.

    Additional revenue is seen in two ways, as a whole and as a sum over finding types, and the geometric mean
    of both counts. Refunds are a hurdle of their own, taken off.

    `monotone` gives +1 or -1 by feature; `prior_yields` the share of money at stake that audits are expected
    to book, by feature, and `finding_types` its finding type; `growth` overrides
    `models.fitting.boosting.Growth` by name; `exposure` names features of the value that is traded,
    blank-separated: the first that there is counts.
    """

    kind: ClassVar[str] = "hurdle"
    monotone: Mapping[str, int] | None = None
    prior_yields: Mapping[str, float] | None = None
    finding_types: Mapping[str, str] | None = None
    growth: Mapping[str, Any] | None = None
    exposure: str = "customs_value_24m customs_value_12m"

    def fewest_audits(self, names: Sequence[str]) -> int:
        """Return 0 where money at stake is written for a feature, so that it ranks before any audit."""
        written = set(self.prior_yields or {}) & set(names) and set(self.exposure.split()) & set(names)
        return 0 if written else super().fewest_audits(names)

    def _learn(self, training: TrainingRows) -> Learned:
        limited = _limited(training)
        due, refunded = np.maximum(limited.y, 0.0), np.maximum(-limited.y, 0.0)
        whole = self._hurdle(limited, due, types=None)
        by_type = self._by_type(limited, whole.effects)
        refunds = self._hurdle(limited, refunded, types=()) if refunded.any() else None
        even = _even(whole, by_type, weight=limited.weight)
        held_out = _held_out(whole, by_type, refunds, even=even)
        factor = total_factor(limited.y, held_out.money, limited.weight)
        fitted = [whole, *by_type, *([refunds] if refunds else [])]
        link = HurdlesLink(
            whole=_scaled(whole.hurdle, factor * even),
            by_type=tuple(_scaled(part.hurdle, factor * even) for part in by_type),
            refunds=_scaled(refunds.hurdle, factor) if refunds else None,
        )
        return Learned(
            margins=tuple(margin for part in fitted for margin in part.margins),
            link=link,
            held_out=replace(held_out, money=held_out.money * factor, amount=held_out.amount * factor),
            effects={
                "occurrence": training.circumstances.named(whole.effects[0].tolist()),
                "amount": training.circumstances.named(whole.effects[1].tolist()),
            },
        )

    def _by_type(self, training: TrainingRows, effects: Effects) -> tuple[FittedHurdle, ...]:
        """Learn a hurdle for each finding type, where the money by type is known."""
        if training.by_type is None:
            return ()
        return tuple(
            self._hurdle(training, np.maximum(amounts, 0.0), types=(kind,), effects=effects)
            for kind, amounts in zip(FINDING_TYPES, training.by_type.T, strict=True)
        )

    def _hurdle(
        self,
        training: TrainingRows,
        size: Floats,
        *,
        types: tuple[str, ...] | None,
        effects: Effects | None = None,
    ) -> FittedHurdle:
        """Learn a hurdle of sizes, on what is at stake under findings of some types, or of all."""
        growth = self.growth if effects is None else {"bags": 1, **(self.growth or {})}
        return fit_hurdle(
            training,
            size,
            stakes=self._stakes(training, size, types=types),
            growth=growth,
            monotone=self.monotone if types != () else self._reversed(),
            seed=self.seed,
            effects=effects,
        )

    def _reversed(self) -> Mapping[str, int]:
        """Return the directions for refunds: what makes money due must not make it refunded."""
        return {
            name: -direction
            for name, direction in (self.monotone or {}).items()
            if name not in self.exposure.split()
        }

    def _stakes(
        self, training: TrainingRows, size: Floats, *, types: tuple[str, ...] | None
    ) -> Stakes | None:
        exposure = next((name for name in self.exposure.split() if name in training.names), None)
        if exposure is None:
            return None
        of_type = self.finding_types or {}
        written = np.array(
            [
                (self.prior_yields or {}).get(name, 0.0)
                if types is None or of_type.get(name) in types
                else 0.0
                for name in training.names
            ]
        )
        return fit_stakes(
            training.X,
            size,
            written=written,
            trade=training.column_index(exposure),
            weight=training.weight,
        )


def _even(whole: FittedHurdle, by_type: tuple[FittedHurdle, ...], *, weight: Floats) -> float:
    """Return the factor by which the geometric mean of the two views has the total of both on average."""
    if not by_type or not weight.any():
        return 1.0
    one, other = whole.chance * whole.amount, sum(part.chance * part.amount for part in by_type)
    return float(weight @ (one + other) / (2 * weight @ np.sqrt(one * other)))


def _held_out(
    whole: FittedHurdle, by_type: tuple[FittedHurdle, ...], refunds: FittedHurdle | None, *, even: float
) -> Expectation:
    """Return what the hurdles expect of audits that they had not seen."""
    due, none = whole.chance * whole.amount, np.zeros_like(whole.chance)
    if by_type:
        due = even * np.sqrt(due * sum(part.chance * part.amount for part in by_type))
    return expectation_of(
        due,
        refunds.chance * refunds.amount if refunds else none,
        whole.chance,
        refunds.chance if refunds else none,
        logs_by_type=None,
    )


def _scaled(hurdle: Hurdle, factor: float) -> Hurdle:
    return replace(hurdle, c=hurdle.c + float(np.log(factor)))


def _limited(training: TrainingRows) -> TrainingRows:
    """Return the audits with amounts of at most a tenth of the money of all others together."""
    size = np.abs(training.y)
    hits = np.sort(size[size > 0])
    limit = float(size.max(initial=0.0)) or 1.0
    for largest in hits[::-1]:
        others = float(np.minimum(size, largest).sum()) - largest
        limit = largest
        if largest <= LARGEST_SHARE * others or len(hits) < 2 / LARGEST_SHARE:
            break
    scale = np.minimum(1.0, limit / np.maximum(size, limit))
    by_type = None if training.by_type is None else training.by_type * scale[:, None]
    return replace(training, y=training.y * scale, by_type=by_type)
