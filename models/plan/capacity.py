"""Capacity: the period of a plan, the hours of each office, and the caps that it must keep, from a file."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from features.errors import SettingError, listed, unknown
from features.settings import Allowed, read_toml, validate_settings
from models.plan.treatments import SKILLS

CAPPED = ("size_band", "sector", "region", "aeo")
"""What a cap may be by."""
OFFICE = {"field", "desk", "covers", "teams"}
CAP = {"by", "group", "visits", "share"}
MOST_TEAMS = 10_000
EXAMPLE = """\
first_day = 2025-01-01
last_day = 2025-12-31
hour_costs = 60.0         # of an auditor's hour, in the money of the data

[offices.XA001100]        # hours of auditors who visit, and of those at the desk
field = 4000
desk = 1500
covers = ["XA001200"]     # customs offices whose traders it audits too
teams = 5                 # visits under way at once; else as many as the hours of field need

[[caps]]                  # at most so many visits, or such a share of all visits
by = "size_band"
group = "micro"
visits = 20
"""


def _number(low: float, high: float) -> Allowed:
    def fits(value: object) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high

    return fits, f"a number from {low:,g} to {high:,g}"


SETTINGS: Mapping[str, Allowed] = {
    "first_day": (lambda value: type(value) is date, "a day such as 2025-01-01"),
    "last_day": (lambda value: type(value) is date, "a day such as 2025-12-31"),
    "hour_costs": _number(0, 1e12),
    "random_share": _number(0, 0.5),
    "cool_down_months": _number(0, 120),
    "aeo_share": _number(0, 1),
    "revalidation_hours": _number(0, 1_000),
    "weekly_hours": _number(1, 1_000),
    "offices": (lambda value: isinstance(value, Mapping) and bool(value), "a table an office"),
    "caps": (lambda value: isinstance(value, list), "tables of caps"),
}
NEEDED = ("first_day", "last_day", "hour_costs", "offices")


@dataclass(frozen=True)
class OfficeHours:
    """The hours of auditors of one office by skill, and the customs offices whose traders it audits.

    `teams` are visits that may be under way at once; None for as many as the hours of visits need.
    """

    field: float
    desk: float
    covers: tuple[str, ...] = ()
    teams: int | None = None


@dataclass(frozen=True)
class GroupCap:
    """A cap on visits to one group of traders: at most `visits`, or the `share` of all visits."""

    by: str
    group: str
    visits: float | None = None
    share: float | None = None


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """What a plan may use.

    - `first_day`, `last_day`: the period, both included.
    - `hour_costs`: of an auditor's hour, in the money of the data.
    - `offices`: hours by office; `caps`: on visits to groups.
    - `random_share`: of the hours of visits, those that are drawn by lot, to measure and to learn from.
    - `cool_down_months`: a trader whose audit was opened less long ago is left alone.
    - `aeo_share`: of the effect of a visit to an authorised trader, the part that counts; the rest of it is
      the price of trust.
    - `revalidation_hours`: what a visit saves where an authorisation must be looked at again in the period.
    - `weekly_hours`: that a team gives one visit in a week.
    """

    first_day: date
    last_day: date
    hour_costs: float
    offices: Mapping[str, OfficeHours]
    caps: tuple[GroupCap, ...] = ()
    random_share: float = 0.15
    cool_down_months: int = 12
    aeo_share: float = 0.5
    revalidation_hours: float = 30.0
    weekly_hours: float = 30.0

    @classmethod
    def read(cls, path: Path) -> "Capacity":
        """Read a capacity from a TOML file; raises `SettingError` for what cannot be used, with what can."""
        content = dict(read_toml(path))
        for name in content:
            if name not in SETTINGS:
                raise unknown(name, SETTINGS, what=f"{path.name} has the setting")
        if missing := [name for name in NEEDED if name not in content]:
            raise SettingError(
                f"{path.name} says nothing of {listed(missing)}.",
                expected="the period, what an hour costs, and the hours of each office.",
                advice=f"Write it such as:\n{EXAMPLE}",
            )
        caps: Sequence[Any] = content.get("caps", [])
        settings = validate_settings(content, SETTINGS, owner="capacity")
        offices = {name: _office(name, given) for name, given in content["offices"].items()}
        capacity = cls(**{**settings, "offices": offices, "caps": tuple(_cap(each) for each in caps)})
        _require_period(capacity)
        return capacity

    def serving(self, customs_office: str | None) -> str:
        """Return the office that audits the traders of a customs office, an empty text where none does."""
        if customs_office is None or customs_office in self.offices:
            return customs_office or ""
        return next((name for name, each in self.offices.items() if customs_office in each.covers), "")

    def scaled(self, hours: float) -> "Capacity":
        """Return the same capacity with so many hours in all, each office and skill having its part."""
        factor = hours / max(self.hours, 1e-9)
        offices = {
            name: replace(each, field=each.field * factor, desk=each.desk * factor)
            for name, each in self.offices.items()
        }
        return replace(self, offices=offices)

    def with_offices(self, hours: Mapping[str, Mapping[str, float]]) -> "Capacity":
        """Return the same capacity with other `field` or `desk` hours of some offices.

        Raises `SettingError` for an office that it does not have.
        """
        for name in hours:
            if name not in self.offices:
                raise unknown(name, self.offices, what="There is no office")
        offices = dict(self.offices)
        for name, given in hours.items():
            own = offices[name]
            offices[name] = replace(
                own, field=given.get("field", own.field), desk=given.get("desk", own.desk)
            )
        return replace(self, offices=offices)

    @property
    def weeks(self) -> float:
        """The length of the period in weeks."""
        return ((self.last_day - self.first_day).days + 1) / 7

    def teams(self, office: str) -> int:
        """Return how many visits of an office may be under way at once, 1 or more."""
        own = self.offices[office]
        return own.teams or max(1, math.ceil(own.field / (self.weeks * self.weekly_hours)))

    @property
    def hours(self) -> float:
        """All hours of all offices."""
        return sum(each.field + each.desk for each in self.offices.values())

    def content(self) -> dict[str, Any]:
        """Return the capacity as data."""
        return {
            **vars(self),
            "first_day": self.first_day.isoformat(),
            "last_day": self.last_day.isoformat(),
            "offices": {
                name: {**vars(each), "covers": list(each.covers)} for name, each in self.offices.items()
            },
            "caps": [vars(each) for each in self.caps],
        }

    @classmethod
    def of_content(cls, content: Mapping[str, Any]) -> "Capacity":
        """Return the capacity of such data."""
        days = {name: date.fromisoformat(content[name]) for name in ("first_day", "last_day")}
        offices = {
            name: OfficeHours(**{**each, "covers": tuple(each["covers"])})
            for name, each in content["offices"].items()
        }
        caps = tuple(GroupCap(**each) for each in content["caps"])
        return cls(**{**content, **days, "offices": offices, "caps": caps})


def require_offices(capacity: Capacity, customs_offices: Sequence[str | None]) -> None:
    """Raise `SettingError` where traders (n,) belong to no office, or an office has no trader."""
    known = {each for each in customs_offices if each}
    named = {
        name: {office, *each.covers}
        for office, each in capacity.offices.items()
        for name in (office, *each.covers)
    }
    if strangers := sorted(set(named) - known):
        raise SettingError(
            f"The capacity names {listed(strangers)}, where no active trader declares.",
            expected=f"customs offices of the data: {listed(sorted(known))}.",
            advice="Correct the name, or leave it out.",
        )
    if left_out := sorted(known - set(named)):
        traders = sum(each in left_out for each in customs_offices)
        first = next(iter(capacity.offices))
        raise SettingError(
            f"{traders:,} traders belong to customs offices without hours: {listed(left_out)}.",
            expected="an office for every active trader, so that each has a chance to be looked at.",
            advice=f"Give them hours, or let another office cover them: [offices.{first}] "
            f"covers = [{', '.join(repr(each) for each in left_out[:3])}].",
        )


def _office(name: str, given: object) -> OfficeHours:
    if not isinstance(given, Mapping) or not {"field", "desk"} <= set(given) <= OFFICE:
        raise SettingError(
            f"The office {name} is {given!r}.",
            expected="field and desk, hours a period; covers, customs offices, and teams, a number.",
            advice=f"Write [offices.{name}] with field = 4000 and desk = 1500.",
        )
    covers = given.get("covers", [])
    if not isinstance(covers, list) or not all(isinstance(each, str) for each in covers):
        raise SettingError(
            f"The office {name} covers {covers!r}.",
            expected="a list of codes of customs offices.",
            advice="Write covers = ['XA001200'].",
        )
    teams = given.get("teams")
    if teams is not None and (type(teams) is not int or not 1 <= teams <= MOST_TEAMS):
        raise SettingError(
            f"The office {name} has {teams!r} teams.",
            expected=f"a whole number from 1 to {MOST_TEAMS:,}.",
            advice="Write teams = 5, or leave it out: as many are counted as the hours need.",
        )
    for skill in SKILLS:
        hours = given[skill]
        if not isinstance(hours, int | float) or isinstance(hours, bool) or not 0 < hours < math.inf:
            raise SettingError(
                f"The office {name} has {hours!r} hours of {skill} auditors.",
                expected="a number above 0: every active trader needs a chance to be looked at.",
                advice="Give it hours, or let another office cover it.",
            )
    return OfficeHours(float(given["field"]), float(given["desk"]), tuple(covers), teams)


def _cap(given: object) -> GroupCap:
    if not isinstance(given, Mapping) or not set(given) <= CAP or len({"visits", "share"} & set(given)) != 1:
        raise SettingError(
            f"A cap is {given!r}.",
            expected=f"by, one of {listed(CAPPED)}; group, its name; and visits or share.",
            advice='Write [[caps]] with by = "size_band", group = "micro" and visits = 20.',
        )
    if given.get("by") not in CAPPED:
        raise unknown(str(given.get("by")), CAPPED, what="A cap is by")
    fits, expected = _number(0, 1) if "share" in given else _number(0, 1e9)
    [limit] = (given[name] for name in ("visits", "share") if name in given)
    if not fits(limit) or not isinstance(given.get("group"), str):
        raise SettingError(
            f"The cap on {given.get('group')!r} is {limit!r}.",
            expected=f"a group's name, and {expected}.",
            advice="Correct the cap.",
        )
    return GroupCap(given["by"], given["group"], given.get("visits"), given.get("share"))


def _require_period(capacity: Capacity) -> None:
    if capacity.last_day < capacity.first_day:
        raise SettingError(
            f"The period ends on {capacity.last_day}, before it begins on {capacity.first_day}.",
            expected="last_day on or after first_day.",
            advice="Correct the days.",
        )
