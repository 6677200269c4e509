"""The digest of features, held against mutants of every module that decides their values."""

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import replace
from inspect import getsource
from pathlib import Path
from types import FunctionType, ModuleType

import pytest

import features.library
import features.prepare
from features import as_known, exact
from features.build import FeatureSet, describe, is_followed
from features.digest import CodeDigest
from features.feature import Definition, Feature
from features.library import LIBRARY
from features.prepare import ROWS
from features.syntax import unwrap
from tests.features.mutants import load, mutants, renamed
from tests.torture import TORTURE

DIGESTS = CodeDigest(follow=is_followed)
TRIED = None if TORTURE else 6
"""How many mutants of a module are tried, spread over all of it; None for every one."""

WORKED_OUT = tuple(
    f"features.prepare.{name}"
    for name in (
        "goods.lately",
        "goods.rated",
        "rows._grouped",
        "rows._lately",
        "rows._rated",
        "sector.usual",
    )
)
"""Functions that have returned when the table of rows stands; what they returned is followed."""


def modules(package: ModuleType) -> list[ModuleType]:
    names = [each.name for each in pkgutil.walk_packages(package.__path__, package.__name__ + ".")]
    return [module for module in map(importlib.import_module, names) if not hasattr(module, "__path__")]


COMPUTING = [
    module
    for module in (as_known, exact, *modules(features.prepare), *modules(features.library))
    if "def " in getsource(module)
]


def digests(module: ModuleType) -> list[str]:
    """What a module computes: its features, else its functions, classes and constants, in order."""
    own = [
        value for name, value in vars(module).items() if not name.startswith("__") and belongs(value, module)
    ]
    defined = [each for value in own if isinstance(value, Definition) for each in value.features]
    if defined:
        return [repr(describe(feature, DIGESTS)) for feature in defined]
    return [DIGESTS.of(value) for value in own]


def belongs(value: object, module: ModuleType) -> bool:
    if isinstance(value, Definition):
        return value.__wrapped__.__module__ == module.__name__
    if isinstance(value, FunctionType | type):
        return value.__module__ == module.__name__
    return isinstance(value, str | int | float | tuple | frozenset | dict)


@pytest.mark.parametrize("module", COMPUTING, ids=lambda module: module.__name__)
def test_other_names_words_and_places_leave_the_digest(module: ModuleType, tmp_path: Path) -> None:
    moved = load(renamed(getsource(module)), tmp_path)
    assert digests(moved) == digests(module)


@pytest.mark.parametrize("module", COMPUTING, ids=lambda module: module.__name__)
def test_every_mutant_has_another_digest(module: ModuleType, tmp_path: Path) -> None:
    before, alive, tried = digests(module), [], 0
    for change, code in mutants(getsource(module), at_most=TRIED):
        if (mutant := try_to_load(code, tmp_path)) is not None:
            tried += 1
            alive += [change] if digests(mutant) == before else []
    assert alive == []
    assert tried


def try_to_load(code: str, folder: Path) -> ModuleType | None:
    """A mutant that cannot even be imported computes nothing."""
    try:
        return load(code, folder)
    except (AttributeError, TypeError, KeyError, ValueError):
        return None


@pytest.mark.parametrize("feature", LIBRARY.features, ids=lambda feature: feature.name)
def test_what_stands_on_a_feature_counts_unless_it_is_words(feature: Feature) -> None:
    whole = describe(feature, DIGESTS)
    assert (
        describe(replace(feature, label="Other", phrase="{value}", why="Other.", monotone=1), DIGESTS)
        == whole
    )
    assert describe(replace(feature, name="other"), DIGESTS) != whole
    if feature.source is not None:
        assert describe(replace(feature, months=7), DIGESTS) != whole
        assert describe(replace(feature, empty=7.0), DIGESTS) != whole
        assert describe(replace(feature, inputs=("traders.name",)), DIGESTS) != whole
        assert (
            describe(replace(feature, source="kin" if feature.source != "kin" else "ties"), DIGESTS) != whole
        )


def test_the_words_of_rows_and_kinds_that_no_feature_reads_leave_the_digest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    features = LIBRARY.select(["customs_value_12m"]).features
    before = FeatureSet(features).digest
    monkeypatch.setitem(ROWS, "lines", replace(ROWS["lines"], row="other words"))
    monkeypatch.setitem(ROWS, "another_kind", replace(ROWS["ties"], needs=frozenset({"hs4"})))
    assert FeatureSet(features).digest == before
    monkeypatch.setitem(ROWS, "lines", replace(ROWS["lines"], read=ROWS["ties"].read))
    assert FeatureSet(features).digest != before


def test_the_digest_of_the_library_follows_all_code_of_prepare_and_of_time() -> None:
    digests = CodeDigest(follow=is_followed, apart=(ROWS,))
    digests.of_method(FeatureSet.build, FeatureSet)
    for feature in LIBRARY.features:
        describe(feature, digests)
    defined = {
        f"{module.__name__}.{function.__qualname__}"
        for module in (as_known, *modules(features.prepare))
        for function in functions_of(module)
    }
    who_is_active = {"features.as_known.uncancelled"}  # says for whom features are built, and nothing of them
    unfollowed = defined - digests.followed - who_is_active
    assert {name for name in unfollowed if not name.startswith(WORKED_OUT)} == set()


def functions_of(module: ModuleType) -> Iterator[FunctionType]:
    for value in vars(module).values():
        if isinstance(value, FunctionType | type) and value.__module__ == module.__name__:
            members = vars(value).values() if isinstance(value, type) else [value]
            written = (unwrap(member) for member in members)
            yield from (each for each in written if each and each.__code__.co_filename == module.__file__)
