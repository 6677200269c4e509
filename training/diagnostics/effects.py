"""Effects: what a model learned that treatment, selection channel and team change in an audit's outcome.

They are left out of predictions, which are for the reference audit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp

import numpy as np
import pyarrow as pa

from models.prediction import Floats

ODDS = "occurrence"
"""The part of a model whose effects are on the log-odds of an adjustment; others are on the log of money."""
Learned = Mapping[str, Sequence[Mapping[str, str | float]]]
"""`YieldModel.effects_`: by part of the model, a column, a level and an effect each."""


@dataclass(frozen=True)
class Effect:
    """How one circumstance changes one part of the outcome, other things equal.

    - `part`: `occurrence`, whether anything is found; `amount`, how much if so; `money`, both in one.
    - `column`, `level`: the circumstance, such as treatment and desk; `audits` of it were learned from.
    - `effect`: as the model has it, on the log-odds or the log of money, drawn towards 0.
    - `times`: how many times as often, or as much, as in the reference audit; for an audit that finds
      something as often as the mean of all.
    - `lowest_times`, `highest_times`: the least and the most in the models of the folds; None where none has
      the level.
    """

    part: str
    column: str
    level: str
    audits: int
    effect: float
    times: float
    lowest_times: float | None
    highest_times: float | None


def effects(learned: Learned, by_fold: Sequence[Learned], audits: pa.Table, y: Floats) -> tuple[Effect, ...]:
    """Return the effects that a model learned from audits, beside those of the models of the folds."""
    rate = np.count_nonzero(y) / max(len(y), 1)
    of_folds = [_by_level(each) for each in by_fold]
    return tuple(
        _effect(key, effect, [fold[key] for fold in of_folds if key in fold], audits, rate=rate)
        for key, effect in _by_level(learned).items()
    )


def _by_level(learned: Learned) -> dict[tuple[str, str, str], float]:
    return {
        (part, str(each["column"]), str(each["level"])): float(each["effect"])
        for part, of_part in learned.items()
        for each in of_part
    }


def _effect(
    key: tuple[str, str, str], effect: float, of_folds: Sequence[float], audits: pa.Table, *, rate: float
) -> Effect:
    part, column, level = key
    times = [_times(each, part=part, rate=rate) for each in of_folds]
    return Effect(
        part=part,
        column=column,
        level=level,
        audits=audits[column].to_pylist().count(level),
        effect=effect,
        times=_times(effect, part=part, rate=rate),
        lowest_times=min(times, default=None),
        highest_times=max(times, default=None),
    )


def _times(effect: float, *, part: str, rate: float) -> float:
    """Return what an effect multiplies: a chance of `rate` where it is on log-odds, else money."""
    if part != ODDS or not 0 < rate < 1:
        return exp(effect)
    return 1.0 / (rate + (1 - rate) * exp(-effect))
