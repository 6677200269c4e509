"""Private features: those of an administration's own packages, beside the library."""

import traceback
from collections.abc import Iterable, Iterator
from importlib import import_module
from pkgutil import walk_packages
from types import ModuleType

from features.build import FeatureSet
from features.errors import AuditYieldError, SettingError
from features.feature import Feature
from features.library import LIBRARY, definitions


def with_packages(packages: Iterable[str]) -> FeatureSet:
    """Return the library and, after it, the features of packages that are named as `import` names them.

    Raises `SettingError` for a package that is not there, cannot be imported or defines no feature, and for
    a feature that cannot be one or whose name is taken.
    """
    own = [feature for package in packages for feature in package_features(package)]
    return FeatureSet((*LIBRARY.features, *own)) if own else LIBRARY


def package_features(package: str) -> tuple[Feature, ...]:
    """Return the features that a package and its modules define, by module and line.

    Raises `SettingError` as `with_packages` does.
    """
    own = tuple(
        feature
        for module in _modules(package)
        for definition in definitions(module)
        for feature in definition.features
        if feature.function.__module__ == module.__name__
    )
    if not own:
        raise SettingError(
            f"The package {package} defines no feature.",
            expected="functions with the decorator `feature` or `combined`.",
            advice="Name the package or module in which they are.",
        )
    return own


def _modules(package: str) -> Iterator[ModuleType]:
    root = _imported(package)
    yield root
    for each in walk_packages(getattr(root, "__path__", ()), f"{package}."):
        yield _imported(each.name)


def _imported(name: str) -> ModuleType:
    """Import a module; whatever it raises becomes an error for people, with the line that raised it."""
    try:
        return import_module(name)
    except AuditYieldError:
        raise
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and f"{name}.".startswith(f"{error.name}."):
            raise SettingError(
                f"There is no package {name} in this environment.",
                expected="the name by which Python imports a package of features, such as harbour.features.",
                advice="Install it beside audit-yield (pip install), or correct the name.",
            ) from error
        line = traceback.extract_tb(error.__traceback__)[-1]
        raise SettingError(
            f"The package {name} cannot be imported: {type(error).__name__}: {error} "
            f"({line.filename}:{line.lineno}).",
            expected="a package that can be imported in this environment.",
            advice="Correct it, or install what it needs.",
        ) from error
