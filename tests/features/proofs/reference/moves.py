"""Goods that moved after a measure to a cheaper code of their heading.

A line counts that was accepted in the 180 days from a measure on. What the trader did in the 12 months before
the measure is what was known of it when the line itself became known.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from features.spine import months_before
from tests.features.proofs.reference.arithmetic import Number
from tests.features.proofs.reference.rows import Row
from tests.features.proofs.reference.world import View, World

DAYS_AFTER = 180


@dataclass(frozen=True)
class Measure:
    """Goods of a code that got dear on a day; `known` is when it was known to concern the trader."""

    code: str
    day: date
    known: date
    rate: Number

    def soon_before(self, row: Row) -> bool:
        return bool(
            self.day <= row["accepted_on"] < self.day + timedelta(DAYS_AFTER) and self.known <= row["known"]
        )


@dataclass(frozen=True)
class Change:
    """The rate of a code without a preference, before a day and from it on."""

    code: str
    day: date
    before: Number
    after: Number

    @property
    def rises(self) -> bool:
        return self.before is not None and self.after is not None and self.after > self.before


@cache
def changes(world: World) -> list[Change]:
    """All changes of the general rates."""
    day = timedelta(days=1)
    days = {
        (row["hs_code"], change)
        for row in world.tables["tariff"]
        if row["preference_code"] is None
        for change in (row["valid_from"], row["valid_to"] and row["valid_to"] + day)
        if change
    }
    return [Change(c, d, world.rate(c, None, d - day), world.rate(c, None, d)) for c, d in days]


def year_before(view: View, day: date) -> list[Row]:
    """What the trader first declared in the 12 months before a day."""
    return [row for row in view.first_versions if months_before(day, 12) <= row["accepted_on"] < day]


def met(view: View, changes: Iterable[Change], concerns: Callable[[Change, Row], bool]) -> Iterator[Measure]:
    """The changes that concern something the trader declared in the 12 months before."""
    for change in changes:
        used = [row["known"] for row in year_before(view, change.day) if concerns(change, row)]
        if used:
            yield Measure(change.code, change.day, min(used), change.after)


def is_new(view: View, row: Row, day: date) -> bool:
    """Whether the trader did not use the code of a line in the 12 months before a day."""
    before = [each for each in year_before(view, day) if each["known"] <= row["known"]]
    rated = view.world.rated_code
    return rated(row) not in {rated(each) for each in before}


def moved_to_cheaper(view: View, row: Row, measure: Measure) -> bool:
    """Whether a line stands under a cheaper code of the heading of what got dear, not used before."""
    rate = view.world.general_rate(row)
    return (
        measure.soon_before(row)
        and view.world.rated_code(row) != measure.code
        and row["hs_code"][:4] == measure.code[:4]
        and rate is not None
        and measure.rate is not None
        and rate < measure.rate
        and is_new(view, row, measure.day)
    )


def faults(view: View) -> Iterator[Measure]:
    """What controls and audits found in the trader's lines: it counts from the day after."""
    for fault in _faults(view.world):
        for row in view.first_versions:
            if row["declaration_id"] == fault["declaration_id"] and fault["item_number"] in (
                None,
                row["item_number"],
            ):
                day = fault["day"] + timedelta(days=1)
                rate = view.world.general_rate(row)
                yield Measure(view.world.rated_code(row), day, max(fault["known"], row["known"]), rate)


@cache
def _faults(world: World) -> list[Row]:
    controls = [
        {**row, "day": row["controlled_on"]}
        for row in world.tables["controls"]
        if row["finding_type"] is not None
    ]
    findings = [
        {**row, "day": row["event_on"]}
        for row in world.tables["findings"]
        if row["event"] == "assessed" and row["amount"] > 0
    ]
    return controls + findings
