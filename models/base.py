"""The contract of every yield model: fit, predict, explain, and a state that is plain data."""

import inspect
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self, TypeAlias

import pyarrow as pa

from models.prediction import Explanation, Floats, Prediction

Rows: TypeAlias = "Floats | pa.Table"


@dataclass(frozen=True)
class State:
    """All that a fitted model is, as data: `values` for JSON, `trees` as LightGBM's text, by name."""

    kind: str
    values: dict[str, Any]
    trees: dict[str, str] = field(default_factory=dict)


class YieldModel(ABC):
    """Learns from closed audits what an audit brings in, for small and heavy-tailed data.

    scikit-learn's contract: the constructor stores its keyword arguments, `fit` learns, learned names end in
    an underscore, `get_params` and `set_params` work. A fitted model predicts and explains with NumPy and
    LightGBM alone. `X` is a table or matrix of float64, a row an audit or trader; empty values are NaN.
    """

    kind: ClassVar[str]
    feature_names_in_: tuple[str, ...]

    @abstractmethod
    def fit(
        self, X: Rows, y: Floats, *, sample_weight: Floats | None = None, audits: pa.Table | None = None
    ) -> Self:
        """Learn from audits: `y` (n,) is their money, signed, 0 where nothing was found.

        `audits` are their rows of `features.outcomes`, in the order of `X`: opened_on orders the blocks that
        calibration holds out, treatment, selection_channel and team_id are corrected for, and the amounts by
        finding type teach the split. Without it none of that is done.
        """

    @abstractmethod
    def predict(self, X: Rows) -> Prediction:
        """Predict what a reference audit of each row would bring."""

    @abstractmethod
    def explain(self, X: Rows) -> Explanation:
        """Split each row's expected money into a base and a contribution of each feature."""

    @abstractmethod
    def state(self) -> State:
        """Return the fitted model as data; `models.artefact` writes it and reads it back."""

    @classmethod
    @abstractmethod
    def from_state(cls, state: State) -> Self:
        """Return the fitted model that a state describes."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            name: getattr(self, name)
            for name in inspect.signature(type(self).__init__).parameters
            if name != "self"
        }

    def set_params(self, **params: Any) -> Self:
        """Set arguments of the constructor by name."""
        for name, value in params.items():
            setattr(self, name, value)
        return self
