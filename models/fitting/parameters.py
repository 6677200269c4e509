"""Parameters: the values that each parameter of a model may have, and what LightGBM may be told.

LightGBM has parameters that read files, open connections, change the objective or draw without a seed, and it
takes any of them from a dictionary. So the settings of the trees are an allow-list: what is not on it does
not reach LightGBM, whoever names it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from features.settings import Allowed, validate_settings

LARGEST_SEED = 2**31 - 1
LARGEST_PENALTY = 1e9


def _whole(lowest: int, highest: int) -> Allowed:
    return (
        lambda value: type(value) is int and lowest <= value <= highest,
        f"a whole number from {lowest} to {highest}",
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(fits: Callable[[Any], bool], expected: str) -> Allowed:
    return lambda value: _is_number(value) and fits(value), expected


def _each(fits: Callable[[Any], bool], expected: str) -> Allowed:
    """Return the rule for a table by feature."""
    return lambda value: isinstance(value, Mapping) and all(map(fits, value.values())), expected


SHARE = _number(lambda value: 0 < value <= 1, "a number above 0 and at most 1")
PENALTY = _number(lambda value: 0 <= value <= LARGEST_PENALTY, "a number from 0 to 1e9")
NAME: Allowed = (lambda value: isinstance(value, str) and bool(value), "a text")
TABLE: Allowed = (lambda value: isinstance(value, Mapping), "a table")
MONOTONE_METHODS = ("basic", "intermediate", "advanced")

PARAMETERS: Mapping[str, Allowed] = {
    "seed": _whole(0, LARGEST_SEED),
    "coverage": _number(lambda value: 0.5 < value < 1, "a number above 0.5 and below 1"),
    "monotone": _each(lambda value: value in (-1, 0, 1), "a table of -1, 0 or 1 by feature"),
    "prior_yields": _each(
        lambda value: _is_number(value) and 0 < value <= 1, "a table of shares above 0 by feature"
    ),
    "growth": TABLE,
    "variance": _number(lambda value: 1 < value < 2, "a number above 1 and below 2"),
    "exposure": NAME,
    "column": NAME,
    "rate": NAME,
    "value": NAME,
}
"""The rule of each parameter of a model's constructor, and the words for it."""

GROWTH: Mapping[str, Allowed] = {
    "rounds": _whole(1, 10_000),
    "bags": _whole(1, 100),
    "learning_rate": SHARE,
    "num_leaves": _whole(2, 1_000),
    "min_data_in_leaf": _whole(1, 1_000_000),
    "feature_fraction": SHARE,
    "bagging_fraction": SHARE,
    "lambda_l2": PENALTY,
    "max_bin": _whole(2, 1_000),
    "options": TABLE,
}
"""The rule of each setting of `models.fitting.boosting.Growth` that may be given."""

OPTIONS: Mapping[str, Allowed] = {
    "lambda_l1": PENALTY,
    "min_gain_to_split": PENALTY,
    "min_sum_hessian_in_leaf": PENALTY,
    "max_delta_step": PENALTY,
    "max_depth": _whole(1, 100),
    "feature_fraction_bynode": SHARE,
    "path_smooth": PENALTY,
    "extra_trees": (lambda value: type(value) is bool, "true or false"),
    "min_data_in_bin": _whole(1, 1_000_000),
    "monotone_constraints_method": (
        lambda value: value in MONOTONE_METHODS,
        " or ".join(MONOTONE_METHODS),
    ),
    "monotone_penalty": PENALTY,
}
"""The rule of each other parameter of LightGBM that may be set, by its own name for it."""


def validate_parameters(parameters: Mapping[str, Any], *, kind: str) -> None:
    """Raise `SettingError` for a parameter that a kind of model cannot be fitted with.

    One that is None is not given; what a new kind takes beyond `PARAMETERS` is its own to judge.
    """
    given = {name: value for name, value in parameters.items() if value is not None and name in PARAMETERS}
    validate_settings(given, PARAMETERS, owner=f"model {kind}")
    growth = given.get("growth", {})
    validate_settings(growth, GROWTH, owner="growth of trees")
    validate_settings(growth.get("options", {}), OPTIONS, owner="table of LightGBM's options")
