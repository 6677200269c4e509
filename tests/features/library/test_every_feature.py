"""What every feature of the library must keep; a new feature is picked up by itself."""

from importlib import import_module
from pkgutil import walk_packages

import pytest

from features import library
from features.feature import Definition
from features.library import FAMILIES, LIBRARY, definitions
from features.proofs.example import worked_value

DEFINITIONS = [each for modules in FAMILIES.values() for module in modules for each in definitions(module)]
EACH = pytest.mark.parametrize("definition", DEFINITIONS, ids=[each.__name__ for each in DEFINITIONS])


@EACH
def test_the_worked_example_comes_out(definition: Definition) -> None:
    feature = definition.features[0]
    value, expected = worked_value(feature), feature.example.value
    assert value is None if expected is None else value == pytest.approx(expected, rel=1e-9, abs=1e-6)


@EACH
def test_its_function_says_what_it_is(definition: Definition) -> None:
    assert definition.__doc__


def test_no_two_features_share_a_name_or_a_label() -> None:
    labels = [(feature.label, feature.months) for feature in LIBRARY.features]
    assert len(set(labels)) == len(labels)


def test_a_feature_is_of_the_family_that_lists_its_module() -> None:
    listed = {
        (family, each.__name__)
        for family, modules in FAMILIES.items()
        for module in modules
        for each in definitions(module)
    }
    assert {(feature.family, feature.function.__name__) for feature in LIBRARY.features} == listed


def test_every_module_of_features_is_listed() -> None:
    listed = {module.__name__ for modules in FAMILIES.values() for module in modules}
    found = [import_module(each.name) for each in walk_packages(library.__path__, f"{library.__name__}.")]
    assert {module.__name__ for module in found if definitions(module)} == listed


def test_words_stand_for_the_sign_of_what_may_be_either() -> None:
    gap = LIBRARY.by_name["import_vat_gap_24m"]
    claimed = "The tax returns of the last 24 months claim 3,756 {} import value added tax than was assessed."
    assert gap.say("-3,756") == claimed.format("less")
    assert gap.say("3,756") == claimed.format("more")
    assert LIBRARY.by_name["amended_taxes_24m"].say("-5").endswith(" -5.")
