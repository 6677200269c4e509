"""The models that a backtest compares: that of the experiment, and those it is held against."""

import inspect
from collections.abc import Mapping
from typing import Any

from features.build import FeatureSet
from features.errors import unknown
from models import MODELS
from models.base import YieldModel
from training.backtest.experiment import Experiment


def new_model(experiment: Experiment, features: FeatureSet, *, kind: str | None = None) -> YieldModel:
    """Return an unfitted model: the experiment's own with its parameters, or of another kind with none.

    Every model gets seed, coverage and the features' monotone directions where it takes them. Raises
    `SettingError` for a kind or a parameter that there is not.
    """
    wanted = kind or experiment.model
    if wanted not in MODELS:
        raise unknown(wanted, MODELS, what="There is no model")
    taken = [name for name in inspect.signature(MODELS[wanted]).parameters if name != "self"]
    given = experiment.parameters if kind is None else {}
    for name in given:
        if name not in taken:
            raise unknown(name, taken, what=f"The model {wanted} has no parameter")
    offered = {name: value for name, value in _offered(experiment, features).items() if name in taken}
    return MODELS[wanted](**{**offered, **given})


def contenders(experiment: Experiment, features: FeatureSet) -> Mapping[str, YieldModel]:
    """Return the experiment's model and those it is compared with, unfitted, by kind; its own comes first."""
    others = tuple(MODELS) if experiment.against is None else experiment.against
    return {
        experiment.model: new_model(experiment, features),
        **{kind: new_model(experiment, features, kind=kind) for kind in others if kind != experiment.model},
    }


def _offered(experiment: Experiment, features: FeatureSet) -> dict[str, Any]:
    monotone = {feature.name: feature.monotone for feature in features.features if feature.monotone}
    return {"seed": experiment.seed, "coverage": experiment.coverage, "monotone": monotone}
