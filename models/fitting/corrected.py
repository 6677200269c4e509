"""Trees grown beside the circumstances of each audit, so that they learn the trader and not the auditor."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from models.fitting.boosting import Growth, Sample, grow, held_out
from models.fitting.calibrate import Map
from models.fitting.margin import Line, Margin, Sum
from models.fitting.training_rows import Audited
from models.prediction import Floats


@dataclass(frozen=True)
class Grown:
    """A margin, what such a one said of each audit before it had seen it (n,), and its calibration."""

    whole: Margin
    margin: Floats
    map: Map


def grown(
    audited: Audited,
    target: Floats,
    *,
    where: Floats,
    growth: Growth,
    monotone: tuple[int, ...],
    calibrate: Callable[[Floats], Map],
    line: Line | None = None,
) -> Grown:
    """Grow trees for a target (n,) on the audits `where` it is known.

    A first look, by trees that know no circumstances, gives the effects of these; the trees that count are
    then grown on top of them, as offsets. Where a `line` is given they correct it.
    """
    known = line.value(audited.X) if line else np.zeros(len(target))
    sample = Sample(audited.X, target, audited.weight, known, monotone)
    if audited.circumstances.levels:
        look = known + held_out(sample, replace(growth, bags=1), blocks=audited.blocks, where=where)
        sample = replace(sample, offset=known + audited.design @ calibrate(look).effects)
    margin = known + held_out(sample, growth, blocks=audited.blocks, where=where)
    trees = grow(sample.of(np.flatnonzero(where)), growth)
    return Grown(Sum(line, trees) if line else trees, margin, calibrate(margin))
