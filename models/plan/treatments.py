"""Treatments: what a letter, a desk, field or joint audit reaches, costs and changes, and who says so."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from features.errors import SettingError, unknown
from features.settings import read_toml
from models.prediction import Floats

TREATMENTS = ("letter", "desk", "field", "joint")
KINDS = len(TREATMENTS)
LETTER, DESK, FIELD, JOINT = range(KINDS)
SKILLS: Mapping[str, tuple[int, ...]] = {"field": (FIELD, JOINT), "desk": (LETTER, DESK)}
"""The skill that auditors need: visits to the trader, or work at the desk."""
VISITS = SKILLS["field"]
VISITED = tuple(TREATMENTS[kind] for kind in VISITS)
"""The names of the treatments that are visits."""
PARAMETERS = ("reach", "later", "hours")
SHIPPED = Path(__file__).with_name("treatments.toml")


@dataclass(frozen=True)
class Parameter:
    """A number that somebody measured: its value, its standard deviation, and who says so."""

    value: float
    deviation: float
    source: str


@dataclass(frozen=True)
class Treatments:
    """The parameters of each treatment, in the order of `TREATMENTS`.

    - `reach`: of the money that a field audit would book, the share that the treatment books.
    - `later`: money that the trader pays by itself afterwards, for each unit booked.
    - `hours`: of an auditor, for a trader of small size.
    """

    reach: tuple[Parameter, ...]
    later: tuple[Parameter, ...]
    hours: tuple[Parameter, ...]

    @classmethod
    def read(cls, path: Path = SHIPPED) -> "Treatments":
        """Read the parameters from a TOML file; those that ship where no other is given.

        Raises `SettingError` for a treatment or parameter that is missing or unknown, and for a value without
        a standard deviation and a source.
        """
        content = read_toml(path)
        for name in content:
            if name not in TREATMENTS:
                raise unknown(name, TREATMENTS, what=f"{path.name} has the treatment")
        columns = {
            each: tuple(_parameter(content, treatment, each, path) for treatment in TREATMENTS)
            for each in PARAMETERS
        }
        return cls(**columns)

    def values(self, parameter: str) -> Floats:
        """Return the values of one parameter (4,)."""
        return np.array([each.value for each in getattr(self, parameter)], np.float64)

    def content(self) -> dict[str, Any]:
        """Return the parameters as data, as the file has them."""
        return {
            treatment: {name: vars(getattr(self, name)[row]) for name in PARAMETERS}
            for row, treatment in enumerate(TREATMENTS)
        }


def _parameter(content: Mapping[str, Any], treatment: str, name: str, path: Path) -> Parameter:
    parameter = f"{name} of [{treatment}] in {path.name}"
    given = content.get(treatment, {}).get(name)
    example = f"{name} = {{ value = 0.5, deviation = 0.1, source = 'who measured it' }}"
    if not isinstance(given, Mapping) or set(given) != {"value", "deviation", "source"}:
        raise SettingError(
            f"There is no {parameter}." if given is None else f"The {parameter} is {given!r}.",
            expected="a value with its standard deviation and its source.",
            advice=f"Write {example}.",
        )
    numbers = [given["value"], given["deviation"]]
    if not all(_is_amount(number) for number in numbers) or (name == "hours" and not given["value"]):
        raise SettingError(
            f"The {parameter} is {given['value']!r}, give or take {given['deviation']!r}.",
            expected="numbers from 0 to 10,000, hours above 0.",
            advice="Correct them.",
        )
    if not isinstance(given["source"], str) or len(given["source"].strip()) < len("a law"):
        raise SettingError(
            f"The {parameter} has no source.",
            expected="the study, manual or own measurement that the number comes from.",
            advice=f"Write {example}.",
        )
    return Parameter(float(given["value"]), float(given["deviation"]), given["source"])


def _is_amount(number: object) -> bool:
    return isinstance(number, int | float) and not isinstance(number, bool) and 0 <= number <= 10_000
