"""Margins: additive scores of features, by trees or a linear sum, before a link turns them into money."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Protocol

import lightgbm as lgb
import numpy as np

from models.prediction import Floats, row_sums
from models.treeshap import numpy_kernel
from models.treeshap.compiled import explain as compiled_explain
from models.treeshap.compiled import library
from models.treeshap.forest import Forest

ROWS_FOR_ALL_THREADS = 256
"""Below, one thread answers sooner: with the default, a single row takes up to 100 times as long."""


def threads(X: Floats) -> dict[str, Any]:
    """Return LightGBM's option for how many threads predict the rows of `X`."""
    return {} if len(X) >= ROWS_FOR_ALL_THREADS else {"num_threads": 1}


Method = Literal["quadrature", "pred_contrib"]
"""How trees are explained: by `models.treeshap`, or by LightGBM itself, as models of earlier releases are."""


@dataclass(frozen=True)
class MarginExplanation:
    """What features add to a margin: `base` plus the sum of `contributions` (n, p) is `value` (n,)."""

    base: float
    contributions: Floats
    value: Floats


class Margin(Protocol):
    """A number for each row that is a base plus a contribution of each feature."""

    def value(self, X: Floats) -> Floats:
        """Return the number (n,) for each row of `X` (n, p)."""

    def explain(self, X: Floats) -> MarginExplanation:
        """Return the contribution of each feature, with the number that `value` gives."""


@dataclass(frozen=True)
class Trees:
    """`start` plus `scale` times the mean of some boosters' raw scores; contributions are TreeSHAP values.

    Whatever the `method`, they are path-dependent (Lundberg and others 2020) and differ in their last digits
    alone: a bundle names the one that its answers were logged by, so that they replay bit for bit.
    """

    start: float
    boosters: tuple[lgb.Booster, ...]
    scale: float = 1.0
    method: Method = "quadrature"

    def value(self, X: Floats) -> Floats:
        """Return the start plus the scaled mean raw score."""
        return self.start + self.scale * self._mean(X, raw_score=True)

    def explain(self, X: Floats) -> MarginExplanation:
        """Return the mean of the boosters' contributions."""
        if self.method == "pred_contrib":
            both = self.scale * self._mean(X, pred_contrib=True)
            return MarginExplanation(self._base_of_pred_contrib, both[:, :-1], self.value(X))
        kernel = library()
        sums, scores = (
            compiled_explain(kernel, self.forest, X) if kernel else numpy_kernel.explain(self.forest, X)
        )
        share = self.scale / len(self.boosters)
        sums *= share
        return MarginExplanation(
            self.start + share * self.forest.base, sums, self.start + self.scale * _mean(list(scores.T))
        )

    @cached_property
    def forest(self) -> Forest:
        """The trees as `models.treeshap` takes them; raises `DataError` for trees that it cannot explain."""
        return Forest.read(self.texts())

    @cached_property
    def _base_of_pred_contrib(self) -> float:
        nobody = np.zeros((1, self.boosters[0].num_feature()))
        return float((self.scale * self._mean(nobody, pred_contrib=True))[0, -1] + self.start)

    def texts(self) -> tuple[str, ...]:
        """Return the boosters in LightGBM's text form."""
        return tuple(booster.model_to_string() for booster in self.boosters)

    @classmethod
    def read(
        cls, start: float, texts: Iterable[str], *, scale: float = 1.0, method: Method = "quadrature"
    ) -> "Trees":
        """Return the trees of such texts."""
        return cls(start, tuple(lgb.Booster(model_str=text) for text in texts), scale, method)

    def _mean(self, X: Floats, **kind: bool) -> Floats:
        return _mean([np.asarray(booster.predict(X, **kind, **threads(X))) for booster in self.boosters])


def _mean(of_boosters: Sequence[Floats]) -> Floats:
    return np.asarray(sum(of_boosters[1:], start=of_boosters[0]) / len(of_boosters), np.float64)


@dataclass(frozen=True)
class LinearMargin:
    """A weighted sum of features on a scale of their own.

    A value is drawn into [low, high], counted in the column's unit, brought to a scale of `SCALES`, centred
    and divided; an empty one counts as the centre, so that `intercept` is the value of a row of centres.
    """

    intercept: float
    weights: Floats
    low: Floats
    high: Floats
    units: Floats
    centres: Floats
    spreads: Floats
    scale: str

    def value(self, X: Floats) -> Floats:
        """Return the weighted sum."""
        return self.explain(X).value

    def explain(self, X: Floats) -> MarginExplanation:
        """Return each feature's term, the intercept as the base."""
        terms = self.weights * self.scaled(X)
        value = row_sums(np.column_stack([terms, np.full(len(X), self.intercept)]))
        return MarginExplanation(self.intercept, terms, value)

    def scaled(self, X: Floats) -> Floats:
        """Return the features on the margin's scale."""
        drawn = np.clip(X, self.low, self.high) / self.units
        return np.nan_to_num((SCALES[self.scale](drawn) - self.centres) / self.spreads, nan=0.0)


@dataclass(frozen=True)
class Sum:
    """The sum of some margins."""

    terms: tuple[Margin, ...]

    def value(self, X: Floats) -> Floats:
        """Return the sum of all."""
        return np.asarray(sum((term.value(X) for term in self.terms[1:]), self.terms[0].value(X)))

    def explain(self, X: Floats) -> MarginExplanation:
        """Return the sum of the contributions to all."""
        first, *others = (term.explain(X) for term in self.terms)
        return MarginExplanation(
            sum((each.base for each in others), first.base),
            np.asarray(sum((each.contributions for each in others), first.contributions)),
            np.asarray(sum((each.value for each in others), first.value)),
        )


def signed_log(values: Floats) -> Floats:
    """Return sign(x) log(1 + |x|): money and shares alike, without loss of sign."""
    return np.asarray(np.sign(values) * np.log1p(np.abs(values)), np.float64)


def _same(values: Floats) -> Floats:
    return values


SCALES: Mapping[str, Callable[[Floats], Floats]] = {"same": _same, "log": np.log, "signed_log": signed_log}
"""Scales of a linear margin; `log` is for values above 0."""
