"""Goods of a heading and origin, in the last 12 months and in the 12 before."""

from collections.abc import Iterable
from dataclasses import dataclass

from tests.features.proofs.reference.arithmetic import total
from tests.features.proofs.reference.rows import Row, by, taxes, value
from tests.features.proofs.reference.world import View


@dataclass(frozen=True)
class Goods:
    late_value: float
    late_taxes: float
    early_value: float
    early_heading_value: float
    early_heading_taxes: float


def then_and_now(view: View) -> Iterable[Goods]:
    late = by(view.lines(12), "hs4", "origin_country")
    rows = [row for row in view.lines(24) if not view.within(row["accepted_on"], 12)]
    early, early_headings = by(rows, "hs4", "origin_country"), by(rows, "hs4")
    for heading, origin in late.keys() | early.keys():
        now = late.get((heading, origin), [])
        yield Goods(
            value(now),
            _taxes(now),
            value(early.get((heading, origin), [])),
            value(early_headings.get(heading, [])),
            _taxes(early_headings.get(heading, [])),
        )


def _taxes(rows: list[Row]) -> float:
    return total(map(taxes, rows))
