"""Experiment: the settings of a training or a backtest, each with a default, read from TOML."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self, get_args

from features.build import FeatureSet
from features.errors import unknown
from features.outcomes import Measure
from features.packages import with_packages
from features.settings import Allowed, read_toml, validate_settings


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """The settings of an experiment; with none of them given it is the one to begin with.

    - `model`: the kind of model; `parameters`: of its constructor, by name.
    - `against`: the kinds it is compared with; all others where None.
    - `measure`: `assessed`, what was claimed, or `collected`, what was paid; `with_penalties` adds those.
    - `packages`: packages whose features are added to the library, by the names that `import` takes.
    - `without`: features, or families of them, to leave out; with them go those combined of them.
    - `weighted`: whether audits count in training by the inverse of their inclusion probability.
    - `folds`, `fold_months`, `settling_months`, `first_fold_on`: see `training.backtest.folds.folds_before`.
    - `coverage`: the share of audits whose money shall lie in the interval.
    - `capacity_hours`: auditors' hours at hand in a year; where None, a tenth of what the tested audits took.
    - `seed`: the same settings and seed give the same bytes.
    """

    model: str = "hurdle"
    parameters: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    against: tuple[str, ...] | None = None
    measure: Measure = "assessed"
    with_penalties: bool = False
    packages: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    weighted: bool = False
    folds: int = 4
    fold_months: int = 6
    settling_months: int = 6
    first_fold_on: date | None = None
    coverage: float = 0.9
    capacity_hours: float | None = None
    seed: int = 1

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a TOML file with these names as keys; raise `SettingError` where it cannot be used."""
        return cls.of(read_toml(path))

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        """Build an experiment from plain settings, checked."""
        return cls(**validate_settings(settings, SETTINGS, owner="experiment"))

    def to_json(self) -> str:
        """Return all settings, the defaults among them, as JSON text in a fixed order; days are ISO 8601."""
        settings = {name: getattr(self, name) for name in (each.name for each in fields(self))}
        plain = settings | {"parameters": dict(self.parameters)}
        return json.dumps(plain, default=date.isoformat, ensure_ascii=False)

    def features(self) -> FeatureSet:
        """Return the features of library and packages that are not left out.

        Raises `SettingError` for a name that there is not, and for a package that cannot be used.
        """
        library = with_packages(self.packages)
        families = {feature.family for feature in library.features}
        for name in self.without:
            if name not in families | set(library.names):
                raise unknown(name, [*sorted(families), *library.names], what="There is no feature or family")
        left_out = {each.name for each in library.features if {each.name, each.family} & set(self.without)}
        for feature in library.features:
            if feature.source is None and left_out & set(feature.parameters):
                left_out.add(feature.name)
        return FeatureSet(tuple(feature for feature in library.features if feature.name not in left_out))


def _is_whole(lowest: int, highest: int) -> Callable[[object], bool]:
    return lambda value: type(value) is int and lowest <= value <= highest


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _are_names(value: object) -> bool:
    return isinstance(value, list | tuple) and all(_is_text(name) for name in value)


def _is_between(lowest: float, highest: float) -> Callable[[object], bool]:
    return lambda value: type(value) in (int, float) and lowest < value < highest  # type: ignore[operator]


def _is_day(value: object) -> bool:
    return type(value) is date and 1900 <= value.year < 3000


def _is_flag(value: object) -> bool:
    return type(value) is bool


SETTINGS: Mapping[str, Allowed] = {
    "model": (_is_text, "the kind of a model, such as 'hurdle'"),
    "parameters": (lambda value: isinstance(value, Mapping), "a table of the model's parameters"),
    "against": (_are_names, "a list of kinds of models"),
    "measure": (lambda value: value in get_args(Measure), " or ".join(get_args(Measure))),
    "with_penalties": (_is_flag, "true or false"),
    "packages": (_are_names, "a list of packages of features"),
    "without": (_are_names, "a list of features or families of them"),
    "weighted": (_is_flag, "true or false"),
    "folds": (_is_whole(1, 100), "a whole number from 1 to 100"),
    "fold_months": (_is_whole(1, 60), "a whole number from 1 to 60"),
    "settling_months": (_is_whole(0, 60), "a whole number from 0 to 60"),
    "first_fold_on": (_is_day, "a day such as 2023-01-01, without quotes"),
    "coverage": (_is_between(0.5, 1.0), "a number above 0.5 and below 1"),
    "capacity_hours": (_is_between(0.0, 1e9), "a number of hours above 0"),
    "seed": (_is_whole(0, 2**31 - 1), "a whole number from 0 to 2147483647"),
}
"""The rule of each setting, and the words for it."""
