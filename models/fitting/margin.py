"""Margins: additive scores of features, by trees or a linear sum, before a link turns them into money."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import lightgbm as lgb
import numpy as np

from models.prediction import Floats, row_sums

ROWS_FOR_ALL_THREADS = 256
"""Below, one thread answers sooner: with the default, a single row takes up to 100 times as long."""


def threads(X: Floats) -> dict[str, Any]:
    """Return LightGBM's option for how many threads predict the rows of `X`."""
    return {} if len(X) >= ROWS_FOR_ALL_THREADS else {"num_threads": 1}


class Margin(Protocol):
    """A number for each row that is a base plus a contribution of each feature."""

    def value(self, X: Floats) -> Floats:
        """Return the number (n,) for each row of `X` (n, p)."""

    def contributions(self, X: Floats) -> Floats:
        """Return the contributions (n, p + 1), the base last; a row adds up to its value."""


@dataclass(frozen=True)
class Trees:
    """`start` plus `scale` times the mean of some boosters' raw scores; contributions are TreeSHAP values."""

    start: float
    boosters: tuple[lgb.Booster, ...]
    scale: float = 1.0

    def value(self, X: Floats) -> Floats:
        """Return the start plus the scaled mean raw score."""
        return self.start + self.scale * self._mean(X, raw_score=True)

    def contributions(self, X: Floats) -> Floats:
        """Return the mean of the boosters' contributions (Lundberg and others 2020, path-dependent)."""
        contributions = self.scale * self._mean(X, pred_contrib=True)
        contributions[:, -1] += self.start
        return contributions

    def texts(self) -> tuple[str, ...]:
        """Return the boosters in LightGBM's text form."""
        return tuple(booster.model_to_string() for booster in self.boosters)

    @classmethod
    def read(cls, start: float, texts: Iterable[str], *, scale: float = 1.0) -> "Trees":
        """Return the trees of such texts."""
        return cls(start, tuple(lgb.Booster(model_str=text) for text in texts), scale)

    def _mean(self, X: Floats, **kind: bool) -> Floats:
        scores = [np.asarray(booster.predict(X, **kind, **threads(X))) for booster in self.boosters]
        return np.asarray(sum(scores[1:], start=scores[0]) / len(scores), np.float64)


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
        return row_sums(self.contributions(X))

    def contributions(self, X: Floats) -> Floats:
        """Return each feature's term, and the intercept last."""
        terms = self.weights * self.scaled(X)
        return np.column_stack([terms, np.full(len(X), self.intercept)])

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

    def contributions(self, X: Floats) -> Floats:
        """Return the sum of the contributions to all."""
        first, *others = (term.contributions(X) for term in self.terms)
        return np.asarray(sum(others, first))


def signed_log(values: Floats) -> Floats:
    """Return sign(x) log(1 + |x|): money and shares alike, without loss of sign."""
    return np.asarray(np.sign(values) * np.log1p(np.abs(values)), np.float64)


def _same(values: Floats) -> Floats:
    return values


SCALES: Mapping[str, Callable[[Floats], Floats]] = {"same": _same, "log": np.log, "signed_log": signed_log}
"""Scales of a linear margin; `log` is for values above 0."""
