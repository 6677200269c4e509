"""The fast features equal the slow ones of `reference.py`, which were written from the words alone."""

import math

import pytest

from features.library import LIBRARY
from features.spine import Spine
from tests.features.proofs.building import script, traders
from tests.features.proofs.histories import CUTOFFS, history
from tests.features.proofs.reference import REFERENCES, View, World
from tests.features.proofs.torture import seeds

RELATIVE, ABSOLUTE = 1e-9, 1e-6
"""Sums are taken in millionths (`features/exact.py`)."""
MANY_ROUNDED = {
    "price_gap": 1e-5,
    "middle_price_gap": 1e-5,
    "freight_gap": 1e-5,
    "net_mass_gap": 1e-5,
    "quantity_mass_gap": 1e-5,
    "hs_entropy": 1e-5,
    "hs_concentration": 1e-5,
    "hs_concentration_gap": 1e-5,
    "sector_concentration": 1e-5,
    "chapter_entropy": 1e-5,
    "chapter_concentration": 1e-5,
    "office_entropy": 1e-5,
    "value_unevenness": 1e-4,
    "recent_departure": 1e-4,
    "undervalue_duty": 1e-2,
}
"""Where many terms without a unit are summed, or a price in millionths of a log is multiplied by money."""

WITHOUT_REFERENCE = {
    "authorisation_lost",
    "first_digit_distance",
    "identity_shared_with",
    "kin_finding_rate",
    "letters_answered_share",
    "new_seller_share",
    "origin_shift_share",
    "origin_shift_value",
    "own_price_change",
    "own_price_drift",
    "own_price_spread",
    "round_amount_share",
    "sector_multiple",
    "self_corrected_share",
    "seller_price_split",
    "silent_kin",
    "switch_after_finding",
    "switch_after_rise",
    "turnover_gap",
    "undeclared_tie_share",
}
"""This list may only shrink: a new feature comes with its reference."""


def test_the_list_of_features_without_a_reference_is_true():
    names = {feature.function.__name__ for feature in LIBRARY.features}
    assert names - set(REFERENCES) == WITHOUT_REFERENCE
    assert set(REFERENCES) <= names


@pytest.mark.parametrize("seed", seeds(3))
def test_values_equal_the_reference(seed: int):
    tables = history(seed)
    built = script(CUTOFFS).run(tables, Spine.every(traders(tables), CUTOFFS))
    world, wrong = World(tables), {}
    for (trader, cutoff), row in built.items():
        view = View(world, trader, cutoff)
        for feature in LIBRARY.features:
            name = feature.function.__name__
            if name in REFERENCES:
                expected = REFERENCES[name](view, feature.months)
                if not _equal(row[feature.name], expected, MANY_ROUNDED.get(name, ABSOLUTE)):
                    wrong.setdefault(feature.name, (trader, cutoff, row[feature.name], expected))
    assert wrong == {}


def _equal(value: float | None, expected: float | None, absolute: float) -> bool:
    if value is None or expected is None:
        return value is expected
    return math.isclose(value, expected, rel_tol=RELATIVE, abs_tol=absolute)
