"""The simulated calendar: it ends on the same day in every run, so it never reads the system clock."""

from dataclasses import dataclass

import numpy as np

from features.simulate.arrays import Whole

LAST_YEAR = 2024
SCOPE_QUARTERS = 4  # an audit examines the declarations of the twelve months before its quarter


@dataclass(frozen=True)
class Calendar:
    """The quarters of a run: `starts[q]` is the first day of quarter q, in days since 1970-01-01.

    `starts` has one entry more than there are quarters: the day after the last one.
    """

    starts: Whole

    @property
    def quarters(self) -> int:
        """The number of quarters."""
        return self.starts.size - 1

    @property
    def end(self) -> int:
        """The last day of the run; rows that became known later are not in the data."""
        return int(self.starts[-1]) - 1

    def quarter_of(self, days: Whole) -> Whole:
        """Return the quarter of each of the `days`; days outside the run get -1 or `quarters`."""
        return np.searchsorted(self.starts, days, side="right") - 1

    def label(self, quarter: int) -> str:
        """Return the quarter's name, such as 2021Q3."""
        year = LAST_YEAR + 1 - (self.quarters - quarter + 3) // 4
        return f"{year}Q{quarter % 4 + 1}"


def calendar(*, years: int) -> Calendar:
    """Return the calendar of the `years` that end with 2024."""
    months = np.arange(
        np.datetime64(f"{LAST_YEAR + 1 - years}-01"),
        np.datetime64(f"{LAST_YEAR + 1}-02"),
        np.timedelta64(3, "M"),
    )
    return Calendar(starts=months.astype("datetime64[D]").astype(np.int64))
