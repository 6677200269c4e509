"""Which models are tried, and with which settings."""

import pytest

from features.errors import SettingError
from features.library import LIBRARY
from models.fitting.parameters import OPTIONS
from models.kinds import MODELS
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


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"coverage": 5}, "model hurdle's coverage is 5. Expected: a number above 0.5 and below 1"),
        ({"exposure": 3}, "exposure is 3"),
        ({"monotone": {"duty_12m": 2}}, "monotone is"),
        ({"growth": 3}, "growth is 3. Expected: a table"),
        ({"growth": {"round": 60}}, "growth of trees has no setting 'round'.*Did you mean 'rounds'"),
        ({"growth": {"objective": "quantile"}}, "has no setting 'objective'"),
        ({"growth": {"rounds": 1e9}}, "rounds is 1000000000.0. Expected: a whole number from 1 to 10000"),
        ({"growth": {"learning_rate": float("nan")}}, "learning_rate is nan"),
        ({"growth": {"options": {"path_smooth": True}}}, "path_smooth is True"),
    ],
)
def test_a_value_that_a_model_cannot_be_fitted_with_is_refused_before_the_data_is_read(
    parameters: dict[str, object], words: str
) -> None:
    with pytest.raises(SettingError, match=words):
        candidates(Experiment(parameters=parameters), LIBRARY)


@pytest.mark.parametrize(
    "name", ["forcedsplits_filename", "machines", "input_model", "num_threads", "objective", "verbosity"]
)
def test_what_lightgbm_may_be_told_is_listed_and_all_else_refused(name: str) -> None:
    experiment = Experiment(parameters={"growth": {"options": {name: "x"}}})
    with pytest.raises(SettingError, match=f"LightGBM's options has no setting '{name}'") as refused:
        candidates(experiment, LIBRARY)
    assert all(option in refused.value.expected for option in OPTIONS)
