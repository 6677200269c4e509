"""Importance: how much money each feature moves in predictions for audits that the model has not seen.

A fold's importance of a feature is the mean of its contributions without their sign, in money, over the
audits that the fold tests. It says what predictions go by, fold by fold; it does not say what they would lose
without the feature, for which others may then stand in.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import pyarrow as pa

from features.feature import Feature
from models.base import YieldModel
from models.prediction import Floats
from training.backtest.folds import Fold
from training.backtest.labelled_audits import LabelledAudits

MOST_EXPLAINED = 2_000
"""Audits of a fold, evenly spread: 2,000 take a second, 100,000 a minute, and the mean is the same."""
FeatureState = Literal["used", "unused", "empty", "untested"]


@dataclass(frozen=True)
class FoldImportance:
    """The mean money that each feature, and each indicator, moves in the audits of a fold, by name."""

    day: date
    audits: int
    by_feature: Mapping[str, float]
    by_indicator: Mapping[str, float]


@dataclass(frozen=True)
class Importance:
    """The importance of a feature, or of an indicator: the sum of the contributions of its features.

    - `state`: `empty` where no closed audit has a value, `unused` where no model of a fold went by it,
      `untested` where there was no fold or no audit.
    - `filled_share`: the share of closed audits that have a value; None where there are no audits.
    - `moved_amount`: the money it moves in the mean audit of all folds.
    - `share`: that of a fold as a part of all that features move there, the mean over folds; `lowest_share`
      and `highest_share`: the least and the most of any fold.
    """

    name: str
    label: str
    indicator: str
    state: FeatureState
    filled_share: float | None
    moved_amount: float
    share: float
    lowest_share: float
    highest_share: float


def fold_importance(
    fold: Fold, model: YieldModel, tested: LabelledAudits, *, indicators: Mapping[str, str]
) -> FoldImportance:
    """Return the importance in a fold of a model fitted before it, from at most 2,000 of its audits."""
    rows = np.unique(np.linspace(0, len(tested) - 1, MOST_EXPLAINED).astype(int))
    explanation = model.explain(tested.X.take(rows))
    grouped = explanation.grouped(indicators)
    return FoldImportance(
        fold.day,
        len(tested),
        dict(zip(explanation.names, _moved(explanation.contributions), strict=True)),
        dict(zip(grouped.names, _moved(grouped.contributions), strict=True)),
    )


def importance_of_features(
    folds: Sequence[FoldImportance], features: Sequence[Feature], X: pa.Table
) -> tuple[Importance, ...]:
    """Return the importance of each feature, the weightiest first; `X` is of all closed audits."""
    return _ranked(
        _importance(
            feature.name,
            label=label(feature),
            indicator=feature.indicator,
            filled_share=_filled_share(X, [feature.name]),
            folds=[(fold.audits, fold.by_feature) for fold in folds],
        )
        for feature in features
    )


def importance_of_indicators(
    folds: Sequence[FoldImportance], features: Sequence[Feature], X: pa.Table
) -> tuple[Importance, ...]:
    """Return the importance of each indicator of the literature, the weightiest first."""
    names: dict[str, list[str]] = {}
    for feature in features:
        names.setdefault(feature.indicator, []).append(feature.name)
    return _ranked(
        _importance(
            indicator,
            label=indicator,
            indicator=indicator,
            filled_share=_filled_share(X, of_indicator),
            folds=[(fold.audits, fold.by_indicator) for fold in folds],
        )
        for indicator, of_indicator in names.items()
    )


def label(feature: Feature) -> str:
    """Return the words for a feature with its window in months."""
    return f"{feature.label}, {feature.months} m" if feature.months else feature.label


def _importance(
    name: str,
    *,
    label: str,
    indicator: str,
    filled_share: float | None,
    folds: Sequence[tuple[int, Mapping[str, float]]],
) -> Importance:
    """Return the importance of a name over folds, each given by its audits and the money moved by name."""
    moved = [audits * by_name[name] for audits, by_name in folds]
    shares = [by_name[name] / whole if (whole := sum(by_name.values())) > 0 else 0.0 for _, by_name in folds]
    state: FeatureState = "used" if any(moved) else "unused" if folds else "untested"
    if filled_share == 0:
        state = "empty"
    return Importance(
        name=name,
        label=label,
        indicator=indicator,
        state=state,
        filled_share=filled_share,
        moved_amount=sum(moved) / max(sum(audits for audits, _ in folds), 1),
        share=sum(shares) / max(len(shares), 1),
        lowest_share=min(shares, default=0.0),
        highest_share=max(shares, default=0.0),
    )


def _moved(contributions: Floats) -> list[float]:
    return [float(money) for money in np.abs(contributions).mean(axis=0)]


def _filled_share(X: pa.Table, names: Sequence[str]) -> float | None:
    """Return the share of rows in which at least one of some columns has a value; None without rows."""
    if not len(X):
        return None
    empty = [np.isnan(np.asarray(X[name].to_numpy(), np.float64)) for name in names]
    return float(1.0 - np.all(empty, axis=0).mean())


def _ranked(importances: Iterable[Importance]) -> tuple[Importance, ...]:
    return tuple(sorted(importances, key=lambda each: (-each.share, each.name)))
