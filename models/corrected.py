"""Trees grown beside the circumstances of each audit, so that they learn the trader and not the auditor."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from models.base import Audited
from models.calibrate import Map
from models.grow import Growth, Sample, grow, held_out
from models.margin import Trees
from models.prediction import Floats


@dataclass(frozen=True)
class Grown:
    """Trees, what such trees said of each audit before they had seen it (n,), and its calibration."""

    trees: Trees
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
) -> Grown:
    """Grow trees for a target (n,) on the audits `where` it is known.

    A first look, by trees that know no circumstances, gives the effects of these; the trees that count are
    then grown on top of them, as offsets.
    """
    sample = Sample(audited.X, target, audited.weight, np.zeros(len(target)), monotone)
    if audited.circumstances.levels:
        look = held_out(sample, replace(growth, bags=1), blocks=audited.blocks, where=where)
        sample = replace(sample, offset=audited.design @ calibrate(look).effects)
    margin = held_out(sample, growth, blocks=audited.blocks, where=where)
    trees = grow(sample.of(np.flatnonzero(where)), growth)
    return Grown(trees, margin, calibrate(margin))
