"""Folds of a backtest by rolling origin: training before a day, test audits from then on."""

from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import pyarrow.compute as pc

from features.errors import SettingError
from features.spine import months_before
from training.backtest.labelled_audits import LabelledAudits


@dataclass(frozen=True)
class Fold:
    """A model learns what was known before `day`, and is tested on audits opened from then until `until`.

    An audit opened before `day` and closed later is in neither part.
    """

    day: date
    until: date

    def test_audits(self, labelled_audits: LabelledAudits) -> LabelledAudits:
        """Return the audits opened in the fold's time, with outcomes as known at the end of the backtest."""
        opened = labelled_audits.audits["opened_on"]
        return labelled_audits.where(pc.and_(pc.greater_equal(opened, self.day), pc.less(opened, self.until)))


def folds_before(
    cutoff: date, *, number: int, months: int, settling_months: int, first_day: date | None = None
) -> tuple[Fold, ...]:
    """Return `number` folds of `months` each, one after the other.

    They end `settling_months` before `cutoff`, for audits opened later are mostly open still, and those that
    closed already are the quick ones; or they begin on `first_day`. Raises `SettingError` where one would
    begin on `cutoff` or later.
    """
    first = first_day or months_before(cutoff, settling_months + number * months)
    days = [months_before(first, -months * step) for step in range(number + 1)]
    if days[-2] >= cutoff:
        raise SettingError(
            f"The last fold would begin on {days[-2]}.",
            expected=f"a day before {cutoff}, so that audits opened after it can be known.",
            advice="Choose fewer or shorter folds, or an earlier first_fold_on.",
        )
    return tuple(Fold(day, min(until, cutoff)) for day, until in pairwise(days))
