"""Yield models keep scikit-learn's contract where it applies: its own checks say so."""

from collections.abc import Callable

import pytest
from sklearn.base import clone
from sklearn.utils import estimator_checks as checks

from models.base import YieldModel
from models.kinds import MODELS
from tests.models.risky import risky

APPLY = (
    checks.check_get_params_invariance,
    checks.check_set_params,
    checks.check_no_attributes_set_in_init,
    checks.check_parameters_default_constructible,
)
"""Those about a prediction that is one array do not apply: ours has a probability and an interval beside."""


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("check", APPLY, ids=lambda check: check.__name__)
def test_it_passes(check: Callable[[str, YieldModel], None], kind: str) -> None:
    check(kind, MODELS[kind]())


@pytest.mark.parametrize("kind", MODELS)
def test_a_clone_is_unfitted_and_has_the_same_parameters(kind: str) -> None:
    audits = risky(60, seed=1)
    model = MODELS[kind](seed=3)
    model.fit(audits.X, audits.y)
    again = clone(model)
    assert again.get_params() == model.get_params()
    assert not hasattr(again, "margins_")
