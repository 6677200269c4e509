"""Trees corrected for the circumstances of each audit, so that they learn the trader and not the auditor."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from models.fitting.boosting import Growth, Sample, grow, held_out
from models.fitting.calibrate import CalibrationMap
from models.fitting.margin import Margin, Sum
from models.fitting.training_rows import TrainingRows
from models.prediction import Floats

FEWEST_FOR_TREES = 20
"""Audits with money; a tree needs some on either side of a split."""


@dataclass(frozen=True)
class CorrectedTrees:
    """A margin, its values (n,) for audits that were held out, and its calibration on them."""

    margin: Margin
    held_out: Floats
    calibration: CalibrationMap


@dataclass(frozen=True)
class PriorLine:
    """A line that trees correct; `share` says how much of the trees' margin audits not seen bear out.

    It takes the margins of line and trees (n,), those of the trees held out.
    """

    margin: Margin
    share: Callable[[Floats, Floats], float]


def fit_corrected_trees(
    training: TrainingRows,
    target: Floats,
    *,
    where: Floats,
    growth: Growth,
    monotone: tuple[int, ...],
    calibrate: Callable[[Floats], CalibrationMap],
    line: PriorLine | None = None,
) -> CorrectedTrees:
    """Grow trees for a target (n,) on the audits `where` it is known.

    A first look, by trees that know no circumstances, gives the effects of these; the trees that count are
    then grown on top of them, as offsets. Where a `line` is given they correct it, by its share of what they
    say; with too few audits the line stands alone.
    """
    known = line.margin.value(training.X) if line else np.zeros(len(target))
    if line and np.count_nonzero(target) < FEWEST_FOR_TREES:
        return CorrectedTrees(line.margin, known, calibrate(known))
    sample = Sample(training.X, target, training.weight, known, monotone)
    if training.circumstances.levels:
        first_look = known + held_out(sample, replace(growth, bags=1), blocks=training.blocks, where=where)
        sample = replace(sample, offset=known + training.design @ calibrate(first_look).effects)
    correction = held_out(sample, growth, blocks=training.blocks, where=where)
    trees = grow(sample.of(np.flatnonzero(where)), growth)
    if line is None:
        return CorrectedTrees(trees, correction, calibrate(correction))
    borne_out = line.share(known, correction)
    margin = Sum((line.margin, replace(trees, start=borne_out * trees.start, scale=borne_out)))
    held_out_margin = known + borne_out * correction
    return CorrectedTrees(margin, held_out_margin, calibrate(held_out_margin))
