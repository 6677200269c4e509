"""The fast features equal the slow ones of `reference`, which were written from the words alone."""

import math
from inspect import getmembers, isfunction
from types import ModuleType

import pytest

from features.library import LIBRARY
from features.proofs.histories import history
from tests.features.proofs.reference import expected, family
from tests.features.proofs.reference.world import View, World
from tests.features.proofs.seeds import seeds
from tests.features.proofs.values import values_of

CLOSE = 1e-9


def test_every_feature_has_a_reference_and_every_reference_a_feature() -> None:
    families = {family(feature) for feature in LIBRARY.features}
    named = {(family(feature), feature.function.__name__) for feature in LIBRARY.features}
    assert {(each, name) for each in families for name in _functions(each)} == named


def _functions(module: ModuleType) -> list[str]:
    own = [
        name for name, function in getmembers(module, isfunction) if function.__module__ == module.__name__
    ]
    return [name for name in own if not name.startswith("_")]


@pytest.mark.parametrize("seed", seeds(3))
def test_values_equal_the_reference(seed: int) -> None:
    world = World(history(seed))
    wrong: dict[str, object] = {}
    for (trader, cutoff), row in values_of(seed).items():
        view = View(world, trader, cutoff)
        for feature in LIBRARY.features:
            reference = expected(feature, view)
            if not _equal(row[feature.name], reference):
                wrong.setdefault(feature.name, (trader, cutoff, row[feature.name], reference))
    assert wrong == {}


def _equal(value: float | None, expected: float | None) -> bool:
    if value is None or expected is None:
        return value is expected
    return math.isclose(value, expected, rel_tol=CLOSE, abs_tol=CLOSE)


def test_the_histories_say_different_things_in_every_feature() -> None:
    """Or a feature that is always empty would equal its reference too."""
    rows = [row for seed in range(3) for row in values_of(seed).values()]
    values_by_name = {name: {row[name] for row in rows} - {None} for name in LIBRARY.names}
    assert {name for name, values in values_by_name.items() if len(values) < 2} == set()
