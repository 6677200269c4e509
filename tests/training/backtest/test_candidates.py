"""Which models are tried, and with which settings."""

import pytest

from features.errors import SettingError
from features.library import LIBRARY
from models import MODELS
from training.backtest.candidates import candidates, new_model
from training.backtest.experiment import Experiment


def test_without_settings_every_kind_is_tried_the_hurdle_model_first() -> None:
    models = candidates(Experiment(), LIBRARY)
    assert set(models) == {*MODELS, "analyst"}
    assert next(iter(models)) == "hurdle"
    assert all(models[kind].kind == kind for kind in MODELS)


def test_the_experiment_names_whom_its_model_is_held_against_beside_the_analyst() -> None:
    models = candidates(Experiment(model="ridge", against=("ridge", "plain")), LIBRARY)
    assert list(models) == ["ridge", "plain", "analyst"]


def test_models_take_seed_coverage_and_the_directions_of_features() -> None:
    model = new_model(Experiment(seed=5, coverage=0.8), LIBRARY)
    directions = {feature.name: feature.monotone for feature in LIBRARY.features if feature.monotone}
    parameters = model.get_params()
    assert directions
    assert (parameters["seed"], parameters["coverage"], parameters["monotone"]) == (5, 0.8, directions)


def test_parameters_are_for_the_experiments_own_model_alone() -> None:
    experiment = Experiment(model="tweedie", parameters={"coverage": 0.7}, against=("hurdle",))
    models = candidates(experiment, LIBRARY)
    assert models["tweedie"].coverage == 0.7
    assert models["hurdle"].coverage == 0.9


def test_a_kind_that_there_is_not_is_refused() -> None:
    with pytest.raises(SettingError, match="no model 'hurdel'") as refused:
        candidates(Experiment(model="hurdel"), LIBRARY)
    assert refused.value.advice == "Did you mean 'hurdle'?"
    with pytest.raises(SettingError, match="no model 'forest'"):
        candidates(Experiment(against=("forest",)), LIBRARY)


def test_a_parameter_that_the_model_does_not_take_is_refused() -> None:
    with pytest.raises(SettingError, match="model ridge has no parameter 'trees'"):
        new_model(Experiment(model="ridge", parameters={"trees": 3}), LIBRARY)
