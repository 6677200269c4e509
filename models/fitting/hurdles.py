"""Hurdles: the chance of some money times its amount, as trees that correct a line on money at stake."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models.fitting.boosting import Growth
from models.fitting.calibrate import amount_map, amount_share, chance_map, chance_share
from models.fitting.corrected import CorrectedTrees, PriorLine, fit_corrected_trees
from models.fitting.glm import sigmoid
from models.fitting.link import Hurdle
from models.fitting.margin import Margin
from models.fitting.stake import Stakes, rise_by_size
from models.fitting.training_rows import TrainingRows
from models.prediction import Floats


@dataclass(frozen=True)
class FittedHurdle:
    """The margins of a hurdle's chance and amount, each with its calibration on audits held out."""

    chance: CorrectedTrees
    amount: CorrectedTrees
    by_size: tuple[float, float] | None
    """How the lines of chance and amount rise, calibrated, where a trader is larger in all; None without."""

    @property
    def margins(self) -> tuple[Margin, Margin]:
        """The margins of chance and amount."""
        return self.chance.margin, self.amount.margin

    @property
    def hurdle(self) -> Hurdle:
        """The calibrated hurdle of the reference audit."""
        chance, amount = self.chance.calibration, self.amount.calibration
        return Hurdle(a=chance.slope, b=chance.intercept, c=amount.intercept, d=amount.slope)

    def scaled(self, factor: float) -> "FittedHurdle":
        """Return the same chances with amounts that are `factor` times as large."""
        calibration = self.amount.calibration
        calibration = replace(calibration, intercept=calibration.intercept + float(np.log(factor)))
        return replace(self, amount=replace(self.amount, calibration=calibration))

    def held_out(self, design: Floats) -> tuple[Floats, Floats]:
        """Return chance and amount (n,) of audits not seen, under circumstances (n, levels)."""
        chance = self.chance.calibration.of(self.chance.held_out, design)
        return sigmoid(chance), np.exp(self.amount.calibration.of(self.amount.held_out, design))


def fit_hurdle(
    training: TrainingRows,
    size: Floats,
    *,
    stakes: Stakes | None,
    growth: Mapping[str, Any] | None,
    directions: tuple[int, ...],
    seed: int,
    odds: float,
    like: FittedHurdle | None = None,
) -> FittedHurdle:
    """Learn how likely sizes (n,) above 0 are among all audits, and how large they are where they are.

    The trees correct lines on the `stakes`, where there are any; the calibration then expects them to be
    right. `directions` are +1, -1 or 0 a column; `odds` is how much likelier than the written line says.
    The lines begin to rise with size as those of the hurdle `like` it do, where one is given.
    """
    hit = (size > 0).astype(np.float64)
    chance_line = amount_line = None
    chance_by_size, amount_by_size = like.by_size if like and like.by_size else (None, None)
    if stakes:
        on_chance = stakes.chance_line(
            training.X, hit, weight=training.weight, odds=odds, by_size=chance_by_size
        )
        on_amount = stakes.amount_line(training.X, size, weight=training.weight, by_size=amount_by_size)
        chance_line = PriorLine(on_chance, share=lambda line, trees: chance_share(line, trees, hit, training))
        amount_line = PriorLine(
            on_amount, share=lambda line, trees: amount_share(line, trees, size, training)
        )
    prior = stakes is not None
    chance = fit_corrected_trees(
        training,
        hit,
        where=np.ones_like(hit),
        growth=Growth.for_rows(growth, objective="binary", rows=len(hit), seed=seed),
        monotone=directions,
        calibrate=lambda margin: chance_map(margin, hit, training, trusted=prior),
        line=chance_line,
    )
    amount = fit_corrected_trees(
        training,
        size,
        where=hit,
        growth=Growth.for_rows(growth, objective="gamma", rows=int(hit.sum()), seed=seed),
        monotone=directions,
        calibrate=lambda margin: amount_map(margin, size, training, trusted=prior),
        line=amount_line,
    )
    by_size = None
    if stakes:
        by_size = (
            chance.calibration.slope * rise_by_size(on_chance),
            amount.calibration.slope * rise_by_size(on_amount),
        )
    return FittedHurdle(chance, amount, by_size)
