"""Candidates: the models that a backtest compares, the experiment's own, its competitors and the analyst."""

import inspect
from collections.abc import Mapping

from features.build import FeatureSet
from features.errors import unknown
from models.base import YieldModel
from models.fitting.parameters import validate_parameters
from models.kinds import MODELS
from training.analyst.model import ANALYST, AnalystModel
from training.backtest.experiment import Experiment


def new_model(experiment: Experiment, features: FeatureSet, *, kind: str | None = None) -> YieldModel:
    """Return an unfitted model: the experiment's own with its parameters, or of another kind with none.

    Every model gets seed, coverage and the features' monotone directions where it takes them. Raises
    `SettingError` for a kind or a parameter that there is not, or a value that it cannot have.
    """
    model_kind = kind or experiment.model
    if model_kind not in MODELS:
        raise unknown(model_kind, MODELS, what="There is no model")
    parameters = [name for name in inspect.signature(MODELS[model_kind]).parameters if name != "self"]
    given = experiment.parameters if kind is None else {}
    for name in given:
        if name not in parameters:
            raise unknown(name, parameters, what=f"The model {model_kind} has no parameter")
    validate_parameters(given, kind=model_kind)
    defaults = {
        "seed": experiment.seed,
        "coverage": experiment.coverage,
        "prior_yields": {each.name: each.prior_yield for each in features.features if each.prior_yield},
        "monotone": {feature.name: feature.monotone for feature in features.features if feature.monotone},
    }
    accepted = {name: value for name, value in defaults.items() if name in parameters}
    return MODELS[model_kind](**{**accepted, **given})


def candidates(experiment: Experiment, features: FeatureSet) -> Mapping[str, YieldModel | AnalystModel]:
    """Return the experiment's model and those it is compared with, unfitted, by kind; its own comes first.

    The analyst is always among them.
    """
    others = tuple(MODELS) if experiment.against is None else experiment.against
    return {
        experiment.model: new_model(experiment, features),
        **{kind: new_model(experiment, features, kind=kind) for kind in others if kind != experiment.model},
        ANALYST: AnalystModel(seed=experiment.seed, coverage=experiment.coverage),
    }
