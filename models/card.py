"""Model card: intended use, training data, performance, leaks, fairness and limits of a model."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, is_dataclass
from datetime import date
from types import UnionType
from typing import Any, Self, get_args, get_origin, get_type_hints

from features.errors import DataError
from features.language import ENGLISH, Language

UNTESTED = "No model can be judged yet: too few audits are closed to hold some out."
"""The first limit of a model that no audit was held out of."""
BY_INDICATORS = "by indicators, not learned from audits"
"""The mark of a ranking in which the written indicators weigh more than what audits found."""
LEARNED = "by what audits found"
METRICS: Mapping[str, str] = {
    "captured_5": "captured at 5 %",
    "captured_10": "captured at 10 %",
    "gini": "Gini",
    "total_ratio": "money predicted / found",
    "probability_ratio": "adjustments predicted / booked",
    "coverage": "coverage of the interval",
    "coverage_top_5": "coverage in the first 5 %",
}
"""The metrics of a card, in words."""


@dataclass(frozen=True)
class Score:
    """A metric of a model, or how much better than that of `against` it is: the difference.

    - `fold`: its day; None for all folds together.
    - `population`: see `training.backtest.populations`; `audits` of it were judged, `adjusted` of them not
      zero.
    - `value`, the 95 % interval `low` to `high` and the `standard_error` over resampled traders: None
      where the audits are too few.
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
    """Rates of a model for a group of audited traders, out of fold.

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


@dataclass(frozen=True)
class ReliabilityRow:
    """A group of audits of like predictions: what was predicted of them and what they found, as means.

    - `by`: what they are grouped by, `chance` or `money`; group 1 holds the highest predictions; `audits` are
      in it, `adjusted` of them not zero.
    - `predicted`, `observed`: the mean chance and the share of audits with an adjustment, or the mean money.
    - `low`, `high`: the 95 % interval of what was observed: Wilson's (1927) for shares; for money over
      resampled traders, and None where fewer than 5 audits found any.
    """

    population: str
    by: str
    group: int
    audits: int
    adjusted: int
    predicted: float
    observed: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Gain:
    """What the tested audits would have brought, done in the order of a model.

    `gathered`: the part of all their money after 0, 5, 10 ... 100 % of the audits, the highest prediction
    first (`training.backtest.gain`); `oracle` is the model that knows the outcomes.
    """

    model: str
    gathered: tuple[float, ...]


@dataclass(frozen=True)
class TrainingData:
    """The data that a model learned from.

    - `fingerprint`: of the data; `assumed`: what its import and check assumed, a sentence each.
    - `measure`, `with_penalties`: which money was learned, as `training.backtest.experiment.Experiment` has
      it.
    - `audits`: how many closed ones it learned from; `adjusted`: of them with money, up or down.
    - `written_weight`: how much the written indicators weigh beside them, from 1 down to 0.
    - `tested_audits`: out of fold, in the `folds` that begin on these days.
    - `features`: how many; `feature_digest`: of what they compute.
    - `traders`: a sketch of those active (`models.population`).
    """

    fingerprint: str = ""
    assumed: tuple[str, ...] = ()
    measure: str = ""
    with_penalties: bool = False
    audits: int = 0
    adjusted: int = 0
    written_weight: float = 0.0
    tested_audits: int = 0
    folds: tuple[date, ...] = ()
    features: int = 0
    feature_digest: str = ""
    traders: str = ""


@dataclass(frozen=True)
class LeakSummary:
    """Whether a leak is suspected, and the sentence of each alarm that is raised."""

    suspected: bool = False
    raised: tuple[str, ...] = ()


@dataclass(frozen=True)
class MeasuredGap:
    """What audits of all traders would book in the newest year that audits by lot measured.

    `amount`, and the 95 % interval `low` to `high`, are None where of the `answers` too few, `adjusted`, have
    money; while `is_provisional` some of those audits are still open.
    """

    year: int
    amount: float | None
    low: float | None
    high: float | None
    answers: int
    adjusted: int
    is_provisional: bool


@dataclass(frozen=True)
class ModelCard:
    """The card of a model; a part is empty where a model was saved without it.

    `as_of`: it learned from what was known before that day; `predicts`: what a prediction is of; `gap`: what
    was measured on that day whatever a model predicts, None where no audit was drawn by lot.
    """

    model: str = ""
    as_of: date | None = None
    intended_use: str = ""
    predicts: str = ""
    data: TrainingData = TrainingData()
    performance: tuple[Score, ...] = ()
    gain: tuple[Gain, ...] = ()
    reliability: tuple[ReliabilityRow, ...] = ()
    leaks: LeakSummary = LeakSummary()
    fairness: tuple[Group, ...] = ()
    gap: MeasuredGap | None = None
    limits: tuple[str, ...] = ()

    @property
    def untested(self) -> str | None:
        """The limit that says so where no audit was held out to judge the model by, else None."""
        return UNTESTED if UNTESTED in self.limits else None

    @property
    def ranked(self) -> str:
        """What the ranking is by: `BY_INDICATORS` while these weigh more than the audits, else `LEARNED`."""
        return BY_INDICATORS if self.data.written_weight > 0.5 else LEARNED

    def mark(self, language: Language = ENGLISH) -> str | None:
        """Return the sentence that marks every output of a ranking by indicators, else None."""
        if self.ranked != BY_INDICATORS:
            return None
        return language.gettext(
            "Ranked by indicators, not learned from audits: of {audits} closed audits {adjusted} had an "
            "adjustment, so the written indicators weigh {share}%, and audits the rest."
        ).format(
            audits=language.number(self.data.audits),
            adjusted=language.number(self.data.adjusted),
            share=language.number(100 * self.data.written_weight),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the card as data for JSON, days as text; the order of the parts is fixed."""
        return dict(json.loads(json.dumps(asdict(self), default=date.isoformat)))

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        """Read what `to_dict` returned, of this or an earlier version.

        A missing part is empty, an unknown one is left out. Raises `DataError` for one of another form.
        """
        return _read(cls, content, part="card")  # type: ignore[no-any-return]


def _read(kind: Any, value: Any, *, part: str) -> Any:
    """Return data of JSON as a type: a dataclass, a tuple, a day, a plain value, or one of them or None."""
    if isinstance(kind, UnionType):
        return None if value is None else _read(get_args(kind)[0], value, part=part)
    try:
        match value:
            case dict() if isinstance(kind, type) and is_dataclass(kind):
                types = {name: each for name, each in get_type_hints(kind).items() if name in value}
                return kind(**{name: _read(types[name], value[name], part=name) for name in types})
            case list() if get_origin(kind) is tuple:
                return tuple(_read(get_args(kind)[0], each, part=part) for each in value)
            case str() if kind is date:
                return date.fromisoformat(value)
            case int() if kind is float:
                return value
            case _ if get_origin(kind) is None and isinstance(value, kind):
                return value
        raise TypeError(f"it is {value!r:.40}")
    except (TypeError, ValueError) as error:
        raise DataError(
            f"The part '{part}' of the model's card cannot be read: {error}.",
            expected="a card as `audit-yield train` writes it.",
            advice="Use the version of audit-yield that trained the model, or train anew.",
        ) from error
