"""The model card: what a model is for, what it learned from, how it fared and where its limits are."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Score:
    """A metric of a model, or how much better than that of `against` it is: the difference.

    - `fold`: its day; None for all folds together.
    - `population`: see `training.populations`; `audits` of it were judged, `adjusted` of them not zero.
    - `value`, the 95 % interval `low` to `high` and the `standard_error` over resampled traders: None
      where the audits are too few to say.
    """

    fold: date | None
    population: str
    audits: int
    adjusted: int
    metric: str
    model: str
    against: str | None
    value: float | None
    low: float | None
    high: float | None
    standard_error: float | None


@dataclass(frozen=True)
class Group:
    """What a model would do to a group of audited traders, out of fold.

    - `selection_rate`: the part of its audits among the tenth of all that the model ranks first.
    - `false_positive_burden`: the same among its audits that booked no adjustment.
    - `adjusted_rate`: the part of its audits that booked one; `probability`: the part that was predicted.
    - `total_ratio`: money predicted for each unit found; None where nothing was found.
    """

    attribute: str
    value: str
    audits: int
    selection_rate: float
    false_positive_burden: float | None
    adjusted_rate: float
    probability: float
    total_ratio: float | None
