"""Caps: hours by office and skill, and visits to groups of traders, as rows of one sparse matrix."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from features.errors import SettingError, listed
from features.language import ENGLISH, Language
from models.plan.candidates import Candidates
from models.plan.capacity import Capacity, GroupCap
from models.plan.treatments import KINDS, SKILLS, VISITS
from models.prediction import Floats

HOURS, COUNT, SHARE = "hours", "count", "share"
AEO, AUTHORISED = "aeo", "authorised"


@dataclass(frozen=True)
class Caps:
    """Rows that a plan keeps: `matrix @ x.ravel() <= bounds` for probabilities x (n, 4).

    `kinds` says whether a row bounds hours, a count of visits, or a share of all of them, and `names` what a
    person calls it.
    """

    matrix: sp.csr_matrix
    bounds: Floats
    names: tuple[str, ...]
    kinds: tuple[str, ...]

    def used(self, x: Floats) -> Floats:
        """Return what a plan uses of each cap."""
        return np.asarray(self.matrix @ x.ravel(), np.float64)

    def priced(self, prices: Floats) -> Floats:
        """Return what each trader and treatment costs at the prices of the caps (n, 4)."""
        return np.asarray(self.matrix.T @ prices, np.float64).reshape(-1, KINDS)

    def used_by(self, cells: np.ndarray) -> Floats:
        """Return what some pairs of trader and treatment use together, `cells` being `trader * 4 + kind`."""
        chosen = np.zeros(self.matrix.shape[1])
        chosen[cells] = 1.0
        return np.asarray(self.matrix @ chosen, np.float64)

    def priced_rows(self, used: Floats, prices: Floats) -> list[dict[str, Any]]:
        """Return each cap as data: name, kind and bound, what is used of it and what one more is worth."""
        columns = (self.names, self.kinds, self.bounds.tolist(), used.tolist(), prices.tolist())
        names = ("name", "kind", "bound", "used", "price")
        return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]

    def of_kind(self, *kinds: str) -> np.ndarray:
        """Return which rows are of some kinds."""
        return np.array([kind in kinds for kind in self.kinds], bool)


def caps_of(candidates: Candidates, capacity: Capacity) -> Caps:
    """Return the caps of a capacity for its candidates.

    Raises `SettingError` for a cap on a group that has no trader.
    """
    rows = [*_hours(candidates, capacity), *(_visits(candidates, each) for each in capacity.caps)]
    matrices, bounds, kinds = zip(*rows, strict=True)
    return Caps(sp.csr_matrix(sp.vstack(matrices)), np.array(bounds, np.float64), cap_names(capacity), kinds)


def cap_names(capacity: Capacity, language: Language = ENGLISH) -> tuple[str, ...]:
    """Return what a person calls each cap of a capacity, in their order."""
    hours = {
        "field": language.gettext("field hours of {office}"),
        "desk": language.gettext("desk hours of {office}"),
    }
    of_hours = [hours[skill].format(office=office) for office in capacity.offices for skill in SKILLS]
    return *of_hours, *(_name(each, language) for each in capacity.caps)


def _name(cap: GroupCap, language: Language) -> str:
    by = language.gettext(cap.by.replace("_", " "))
    group = group_name(cap.by, cap.group, language)
    if cap.share is None:
        return language.gettext("visits where {by} is {group}").format(by=by, group=group)
    return language.gettext("{share} % of all visits where {by} is {group}").format(
        share=language.number(100 * cap.share), by=by, group=group
    )


def group_name(by: str, group: str, language: Language = ENGLISH) -> str:
    """Return what a person calls a group of traders: sizes and AEO have words, all others their codes."""
    return language.gettext(group) if by in ("size_band", AEO) else group


Row = tuple[sp.csr_matrix, float, str]


def _hours(candidates: Candidates, capacity: Capacity) -> Iterator[Row]:
    for office, given in capacity.offices.items():
        own = candidates.office == office
        for skill, kinds in SKILLS.items():
            hours = np.zeros_like(candidates.hours)
            hours[np.ix_(own, kinds)] = candidates.hours[np.ix_(own, kinds)]
            yield _sparse(hours), getattr(given, skill), HOURS


def _visits(candidates: Candidates, cap: GroupCap) -> Row:
    groups = candidates.groups[cap.by]
    member = groups == cap.group
    if not member.any():
        raise SettingError(
            f"There is a cap where {cap.by} is '{cap.group}', and no such trader.",
            expected=f"one of {listed(sorted({each for each in groups if each}))}.",
            advice="Correct the group, or leave the cap out.",
        )
    visits = np.zeros_like(candidates.hours)
    visits[np.ix_(member, VISITS)] = 1.0
    if cap.share is None:
        return _sparse(visits), float(cap.visits or 0.0), COUNT
    visits[:, VISITS] -= cap.share
    return _sparse(visits), 0.0, SHARE


def _sparse(coefficients: Floats) -> sp.csr_matrix:
    return sp.csr_matrix(coefficients.reshape(1, -1))
