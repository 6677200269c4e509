"""Kinds of yield models: every class by its name, and a fitted model from its state."""

from collections.abc import Mapping

from models.base import State, YieldModel
from models.baselines import DeclaredValueModel, PastYieldModel, RuleScoreModel
from models.direct import PlainModel, RandomForestModel, RidgeModel
from models.hurdle import HurdleModel
from models.tweedie import TweedieModel

MODELS: Mapping[str, type[YieldModel]] = {
    model.kind: model
    for model in (
        HurdleModel,
        TweedieModel,
        PlainModel,
        RandomForestModel,
        RidgeModel,
        RuleScoreModel,
        PastYieldModel,
        DeclaredValueModel,
    )
}
"""Every kind of yield model by its name; the tests run over all of them."""


def read_model(state: State) -> YieldModel:
    """Return the fitted model that a state describes."""
    return MODELS[state.kind].from_state(state)
