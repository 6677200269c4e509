"""Parameters of models: each has a rule, and what the rule allows LightGBM takes."""

import inspect
from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from features.errors import SettingError
from models.fitting.boosting import Growth
from models.fitting.parameters import GROWTH, OPTIONS, PARAMETERS
from models.hurdle import HurdleModel
from models.kinds import MODELS
from models.tweedie import TweedieModel
from tests.models.risky import risky

AUDITS = risky(120, seed=1)
SMALL = {"rounds": 2, "bags": 1}
ENDS: dict[str, tuple[Any, ...]] = {
    "rounds": (1,),
    "bags": (1,),
    "num_leaves": (2, 1_000),
    "min_data_in_leaf": (1, 1_000_000),
    "max_bin": (2, 1_000),
    "max_depth": (1, 100),
    "min_data_in_bin": (1, 1_000_000),
    "extra_trees": (True, False),
    "monotone_constraints_method": ("basic", "intermediate", "advanced"),
    **dict.fromkeys(
        ("learning_rate", "feature_fraction", "bagging_fraction", "feature_fraction_bynode"), (1e-9, 1, 1.0)
    ),
    **dict.fromkeys(
        (
            "lambda_l1",
            "lambda_l2",
            "min_gain_to_split",
            "min_sum_hessian_in_leaf",
            "max_delta_step",
            "path_smooth",
            "monotone_penalty",
        ),
        (0, 1e9),
    ),
}
CASES = [(name, value) for name, values in ENDS.items() for value in values]


def test_every_parameter_of_every_model_has_a_rule() -> None:
    taken = {name for model in MODELS.values() for name in inspect.signature(model).parameters}
    assert taken == set(PARAMETERS)
    assert {each.name for each in fields(Growth)} == {*GROWTH, "objective", "seed"}
    assert set(ENDS) == {*GROWTH, *OPTIONS} - {"options"}


@pytest.mark.parametrize(("name", "value"), CASES)
def test_lightgbm_takes_both_ends_of_what_is_allowed(name: str, value: Any) -> None:
    growth = SMALL | ({name: value} if name in GROWTH else {"options": {name: value}})
    model = TweedieModel(growth=growth, monotone={"evasion": 1}).fit(AUDITS.X, AUDITS.y)
    assert np.isfinite(model.predict(AUDITS.X).expected).all()
    if name in OPTIONS:
        trees = next(iter(model.state().trees.values()))
        written = (
            f"{value:d}" if isinstance(value, int) else value if isinstance(value, str) else f"{value:g}"
        )
        assert f"[{name}: {written}]" in trees


def test_one_adjustment_is_enough_for_a_bag() -> None:
    y = np.zeros(20)
    y[3] = 1_000.0
    rows = AUDITS.X.slice(0, 20).rename_columns(list("abcd"))
    assert np.isfinite(HurdleModel(growth=SMALL).fit(rows, y).predict(rows).expected).all()


def test_the_largest_seed_can_be_used() -> None:
    model = HurdleModel(seed=2**31 - 1, growth={"rounds": 2, "bags": 3}).fit(AUDITS.X, AUDITS.y)
    assert np.isfinite(model.predict(AUDITS.X).expected).all()


def test_options_leave_the_variance_of_the_tweedie_model_as_it_is() -> None:
    model = TweedieModel(variance=1.2, growth=SMALL | {"options": {"lambda_l1": 0.5}}).fit(AUDITS.X, AUDITS.y)
    trees = next(iter(model.state().trees.values()))
    assert "[tweedie_variance_power: 1.2]" in trees
    assert "[lambda_l1: 0.5]" in trees


def test_a_model_is_not_fitted_with_what_lightgbm_must_not_be_told() -> None:
    model = HurdleModel(growth={"options": {"forcedsplits_filename": "splits.json"}})
    with pytest.raises(SettingError, match="has no setting 'forcedsplits_filename'"):
        model.fit(AUDITS.X, AUDITS.y)
    with pytest.raises(SettingError, match="model hurdle's seed is -1"):
        HurdleModel(seed=-1).fit(AUDITS.X, AUDITS.y)
