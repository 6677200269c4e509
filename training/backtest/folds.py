"""Rolling origin: on which days a backtest pretends to stand, and what it may know there."""

from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import pyarrow.compute as pc

from features.errors import SettingError
from features.spine import months_before
from training.backtest.labelled_audits import Audited


@dataclass(frozen=True)
class Fold:
    """A model learns what was known before `day`, and is tested on audits opened from then until `until`.

    An audit opened before `day` and closed later is in neither part.
    """

    day: date
    until: date

    def tested(self, audited: Audited) -> Audited:
        """Return the audits opened in the fold's time, with outcomes as known at the end of all."""
        opened = audited.audits["opened_on"]
        return audited.where(pc.and_(pc.greater_equal(opened, self.day), pc.less(opened, self.until)))


def folds_before(
    as_of: date, *, number: int, months: int, settling_months: int, first_day: date | None = None
) -> tuple[Fold, ...]:
    """Return `number` folds of `months` each, one after the other.

    They end `settling_months` before `as_of`, for audits opened later are mostly open still, and those that
    closed already are the quick ones; or they begin on `first_day`. Raises `SettingError` where one would
    begin on `as_of` or later.
    """
    first = first_day or months_before(as_of, settling_months + number * months)
    days = [months_before(first, -months * step) for step in range(number + 1)]
    if days[-2] >= as_of:
        raise SettingError(
            f"The last fold would begin on {days[-2]}.",
            expected=f"a day before {as_of}, so that audits opened after it can be known.",
            advice="Choose fewer or shorter folds, or an earlier first_fold_on.",
        )
    return tuple(Fold(day, min(until, as_of)) for day, until in pairwise(days))
