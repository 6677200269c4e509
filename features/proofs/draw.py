"""Chances, with days that like to meet a cutoff and amounts that like to be equal."""

import random
from datetime import date, timedelta

from features.spine import months_before

FIRST, LAST = date(2020, 1, 1), date(2023, 12, 31)
CUTOFFS = (date(2022, 3, 31), date(2022, 10, 1), date(2023, 5, 15), date(2024, 1, 1))
"""The end and the first day of a quarter, a day within one, and the day after the last."""
NOTABLE = tuple(
    day + timedelta(days=shift)
    for cutoff in CUTOFFS
    for months in (0, 3, 6, 12, 24)
    for day in (months_before(cutoff, months), months_before(date(cutoff.year, cutoff.month, 1), months))
    for shift in (-1, 0, 1)
)


class Draw(random.Random):
    """Chances, with days that like to meet a cutoff and amounts that like to be equal."""

    def perhaps(self, share: float, value: object) -> object:
        """Return the value with this chance, else None."""
        return value if self.random() < share else None

    def day(self, first: date = FIRST, last: date = LAST) -> date:
        """Return a day of a span, at times one that meets a cutoff or the edge of a window."""
        notable = [day for day in NOTABLE if first <= day <= last]
        if notable and self.random() < 0.15:
            return self.choice(notable)
        return first + timedelta(days=self.randint(0, max((last - first).days, 0)))

    def later(self, day: date, *, late: float = 0.25) -> date:
        """Return the day on which a row of `day` became known: mostly at once, at times years later."""
        if self.random() > late:
            return day + timedelta(days=self.choice((0, 0, 0, 1, 30)))
        return self.day(day, max(day, LAST)) if self.random() < 0.5 else day + timedelta(self.randint(1, 600))

    def amount(self) -> float:
        """Return an amount of money; zero and equal ones are common."""
        return self.choice((0.0, 100.0, 250.5, 1000.0, 1000.0, round(self.uniform(1, 9000), 2)))
