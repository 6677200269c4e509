"""The contract of every yield model: fit, predict, explain, and a state that is plain data."""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa

from features.data.contract.required import FINDING_TYPES
from models.explain import explain
from models.fitting.by_finding_type import Split, fit_split
from models.fitting.circumstances import Circumstances, representative
from models.fitting.interval import Interval, fit_interval
from models.fitting.labels import FEWEST_AUDITS, as_audits, as_target, as_weight, require_same_index
from models.fitting.link import Link, link_values, read_link
from models.fitting.margin import Margin
from models.fitting.margin_state import margin_state, read_margin
from models.fitting.matrix import ArrowStream, MatrixLike, VectorLike, as_matrix, column_names, read_rows
from models.fitting.parameters import validate_parameters
from models.fitting.training_rows import Learned, TrainingRows
from models.prediction import ExpectedOutcome, Explanation, Prediction

BLOCKS = 5


@dataclass(frozen=True)
class State:
    """All that a fitted model is, as data: `values` for JSON, `trees` as LightGBM's text, by name."""

    kind: str
    values: dict[str, Any]
    trees: dict[str, str] = field(default_factory=dict)


@dataclass(kw_only=True, eq=False)
class YieldModel(ABC):
    """Learns from closed audits what an audit brings in, for small and heavy-tailed data.

    scikit-learn's contract: the constructor, which the fields give, stores its keyword arguments, `fit`
    learns, learned names end in an underscore, `get_params` and `set_params` work. A fitted model predicts
    and explains with NumPy and LightGBM alone. `X` has a row an audit or trader: a table of pyarrow, pandas
    or polars, whose columns go by name in any order, or an array, whose columns go by position. Empty values
    are empty or NaN.
    """

    kind: ClassVar[str]
    seed: int = 0
    coverage: float = 0.9
    feature_names_in_: tuple[str, ...] = field(init=False, repr=False)
    margins_: tuple[Margin, ...] = field(init=False, repr=False)
    link_: Link = field(init=False, repr=False)
    interval_: Interval = field(init=False, repr=False)
    split_: Split = field(init=False, repr=False)
    effects_: Mapping[str, list[dict[str, str | float]]] = field(init=False, repr=False)
    held_out_: ExpectedOutcome = field(init=False, repr=False)
    """Of each audit learned from, what was expected of it by those who had not seen it; not saved."""

    @abstractmethod
    def _learn(self, training: TrainingRows) -> Learned:
        """Learn margins and link."""

    def fit(
        self,
        X: MatrixLike,
        y: VectorLike,
        *,
        sample_weight: VectorLike | None = None,
        audits: pa.Table | ArrowStream | None = None,
    ) -> Self:
        """Learn from audits: `y` (n,) is their money, signed, 0 where nothing was found.

        `audits` are their rows of `features.outcomes`, in the order of `X`: opened_on orders the blocks that
        calibration holds out, treatment, selection_channel and team_id are corrected for, and the amounts by
        finding type teach the split. Without it none of that is done. Raises `SettingError` for
        rows that do not fit together, too few of them, money that is no number, or a parameter out of range.
        """
        validate_parameters(self.get_params(), kind=self.kind)
        require_same_index(X, outcomes=y, weights=sample_weight, audits=audits)
        rows = read_rows(X)
        matrix, names = as_matrix(rows), column_names(rows)
        target = as_target(y, rows=len(matrix), fewest=self.fewest_audits(names))
        weight = as_weight(sample_weight, rows=len(matrix))
        audits = as_audits(audits, y=target)
        circumstances = Circumstances.of(audits)
        training = TrainingRows(
            X=matrix,
            y=target,
            weight=weight,
            design=circumstances.design(audits, rows=len(matrix)),
            circumstances=circumstances,
            blocks=_blocks(audits, rows=len(matrix), seed=self.seed),
            names=names,
        )
        learned = self._learn(training)
        self.feature_names_in_, self.n_features_in_ = training.names, matrix.shape[1]
        self.margins_, self.link_, self.effects_ = learned.margins, learned.link, learned.effects
        self.held_out_ = learned.held_out
        self.interval_ = fit_interval(
            target,
            probability=learned.held_out.probability,
            amount=learned.held_out.amount,
            up=learned.held_out.upward,
            weight=representative(audits, learned.held_out.probability),
            coverage=self.coverage,
        )
        self.split_ = fit_split(matrix, audits, weight=weight, seed=self.seed)
        return self

    def fewest_audits(self, names: Sequence[str]) -> int:  # noqa: ARG002  for kinds that know more
        """Return how many audits `fit` needs with features of such names."""
        return FEWEST_AUDITS

    def written_weight(self, adjusted: int) -> float:  # noqa: ARG002  for kinds that begin as written
        """Return how much the model is as written, when fitted on so many adjusted audits."""
        return 0.0

    def predict(self, X: MatrixLike) -> Prediction:
        """Predict what a reference audit of each row would bring."""
        matrix = as_matrix(X, names=self.feature_names_in_)
        margins = np.column_stack([margin.value(matrix) for margin in self.margins_])
        each = self.link_.expectation(margins)
        low, high = self.interval_.between(probability=each.probability, amount=each.amount, up=each.upward)
        low_if_adjusted, high_if_adjusted = self.interval_.between_if_adjusted(
            amount=each.amount, up=each.upward
        )
        return Prediction(
            expected=each.money,
            probability=each.probability,
            low=low,
            high=high,
            low_if_adjusted=low_if_adjusted,
            high_if_adjusted=high_if_adjusted,
            by_type=self.split_.divide(matrix, each.money),
            types=FINDING_TYPES,
        )

    def explain(self, X: MatrixLike) -> Explanation:
        """Split each row's expected money into a base and a contribution of each feature."""
        matrix = as_matrix(X, names=self.feature_names_in_)
        return explain(matrix, margins=self.margins_, link=self.link_, names=self.feature_names_in_)

    def state(self) -> State:
        """Return the fitted model as data; `models.bundle.artefact` writes it and reads it back."""
        trees: dict[str, str] = {}
        values = {
            "parameters": self.get_params(),
            "features": list(self.feature_names_in_),
            "margins": [
                margin_state(margin, name=f"margin_{k}", trees=trees)
                for k, margin in enumerate(self.margins_)
            ],
            "link": link_values(self.link_),
            "interval": self.interval_.values(),
            "split": {
                **self.split_.values(),
                "trees": self.split_.trees and margin_state(self.split_.trees, name="split", trees=trees),
            },
            "effects": {name: list(effects) for name, effects in self.effects_.items()},
        }
        return State(self.kind, values, trees)

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Return the fitted model that a state describes."""
        values = state.values
        model = cls(**values["parameters"])
        model.feature_names_in_ = tuple(values["features"])
        model.n_features_in_ = len(model.feature_names_in_)
        model.margins_ = tuple(read_margin(margin, state.trees) for margin in values["margins"])
        model.link_ = read_link(values["link"])
        model.interval_ = Interval.read(values["interval"])
        split = values["split"]
        model.split_ = Split.read(split, split["trees"] and read_margin(split["trees"], state.trees))
        model.effects_ = values["effects"]
        return model

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002, FBT001, FBT002  scikit-learn's
        """Return the constructor's arguments."""
        names = inspect.signature(type(self)).parameters
        return {name: getattr(self, name) for name in names}

    def set_params(self, **params: Any) -> Self:
        """Set arguments of the constructor by name."""
        for name, value in params.items():
            setattr(self, name, value)
        return self


def _blocks(audits: pa.Table | None, *, rows: int, seed: int) -> tuple[np.ndarray, ...]:
    """Return rows to hold out in turn: successive in time where that is known, else drawn by the seed.

    Neighbours in time share prices, rules and campaigns, so a block in one piece is the harder test.
    """
    if audits is None:
        order = np.random.default_rng(seed).permutation(rows)
    else:
        order = np.argsort(audits["opened_on"].to_numpy(), kind="stable")
    return tuple(np.sort(block) for block in np.array_split(order, max(1, min(BLOCKS, rows))))
