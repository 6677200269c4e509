"""The middle of the traders of the same sector and size."""

from collections.abc import Callable
from datetime import date
from functools import cache

from features.prepare import sector as settings
from tests.features.proofs.reference.arithmetic import Number, quantile
from tests.features.proofs.reference.rows import Row, cancelled
from tests.features.proofs.reference.world import View, World

Vote = Callable[[View], Number]


def middle(view: View, vote: Vote) -> Number:
    """The median vote of the traders of the same sector and size, else of the sector, else of all.

    Each trader votes with what was known of it when the quarter began.
    """
    world, began = view.world, view.quarter
    votes, own = _votes(world, vote, began), world.cell(view.trader, began)
    for depth in (2, 1, 0):
        like = [v for trader, v in votes.items() if world.cell(trader, began)[:depth] == own[:depth]]
        if "" not in own[:depth] and len(like) >= settings.FEWEST_TRADERS:
            return quantile(like, 0.5)
    return None


@cache
def _votes(world: World, vote: Vote, began: date) -> dict[str, float]:
    votes = {trader: vote(View(world, trader, began)) for trader in world.importers}
    return {trader: each for trader, each in votes.items() if each is not None}


def year(view: View) -> list[Row]:
    """First versions that became known in a year, each within a year of its acceptance."""
    return [
        row
        for row in view.first_versions
        if view.within(row["known"], 12)
        and not cancelled(row, view.cutoff)
        and row["known"] < _year_later(row["accepted_on"])
    ]


def _year_later(day: date) -> date:
    return date(day.year + 1, 2, 28) if (day.month, day.day) == (2, 29) else day.replace(year=day.year + 1)
