"""Diagnostics of a training: what it goes by, how reliable it is, and what it learned, in one report."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from models.base import YieldModel
from models.card import ReliabilityRow
from training.backtest.folds import Fold
from training.backtest.labelled_audits import LabelledAudits
from training.backtest.run import BacktestReport
from training.diagnostics.effects import Effect, Learned, effects
from training.diagnostics.importance import (
    FoldImportance,
    Importance,
    fold_importance,
    importance_of_features,
    importance_of_indicators,
)
from training.diagnostics.learning_curve import LearningStep
from training.diagnostics.reliability import reliability


@dataclass(frozen=True)
class Diagnostics:
    """What a training learned and how far it can be trusted.

    - `features`, `indicators`: the importance of each, the weightiest first.
    - `reliability`: what was predicted out of fold beside what was found.
    - `effects`: of the circumstances of audits; empty for models that do not correct for them.
    - `learning_curve`: empty where it was not asked for, or where there are too few audits.
    """

    features: tuple[Importance, ...]
    indicators: tuple[Importance, ...]
    reliability: tuple[ReliabilityRow, ...]
    effects: tuple[Effect, ...]
    learning_curve: tuple[LearningStep, ...]

    def content(self) -> dict[str, Any]:
        """Return it as plain data for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class FoldModel:
    """What the model of a fold goes by in the audits that the fold tests, and the effects that it learned."""

    importance: FoldImportance
    effects: Learned


def fold_model(fold: Fold, model: YieldModel, tested: LabelledAudits) -> FoldModel:
    """Look into a model that was fitted before a fold."""
    indicators = {feature.name: feature.indicator for feature in tested.features.features}
    return FoldModel(fold_importance(fold, model, tested, indicators=indicators), model.effects_)


def diagnostics(
    report: BacktestReport,
    labelled_audits: LabelledAudits,
    model: YieldModel,
    *,
    folds: Sequence[FoldModel],
    learning_curve: tuple[LearningStep, ...] = (),
) -> Diagnostics:
    """Return the diagnostics of a `model` fitted on all audits, given its backtest and those of folds."""
    features, X = labelled_audits.features.features, labelled_audits.X
    importances = [fold.importance for fold in folds]
    experiment = report.experiment
    return Diagnostics(
        features=importance_of_features(importances, features, X),
        indicators=importance_of_indicators(importances, features, X),
        reliability=reliability(report.out_of_fold, experiment.model, seed=experiment.seed),
        effects=effects(
            model.effects_,
            [fold.effects for fold in folds],
            labelled_audits.audits,
            labelled_audits.y,
        ),
        learning_curve=learning_curve,
    )
