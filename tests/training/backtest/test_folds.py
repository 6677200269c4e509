"""On which days a backtest stands, and which audits each day is tested on."""

import pytest

from features.errors import SettingError
from tests.features.administration import day
from training.backtest.folds import Fold, folds_before


def test_folds_end_before_audits_are_mostly_open_still() -> None:
    assert folds_before(day("2025-01-01"), number=2, months=6, settling_months=6) == (
        Fold(day("2023-07-01"), day("2024-01-01")),
        Fold(day("2024-01-01"), day("2024-07-01")),
    )


def test_folds_begin_on_a_given_day_and_end_with_what_is_known() -> None:
    folds = folds_before(
        day("2024-05-15"), number=2, months=3, settling_months=6, first_day=day("2024-01-01")
    )
    assert folds == (
        Fold(day("2024-01-01"), day("2024-04-01")),
        Fold(day("2024-04-01"), day("2024-05-15")),
    )


def test_a_fold_that_begins_when_all_is_over_is_refused() -> None:
    with pytest.raises(SettingError, match="would begin on 2024-07-01"):
        folds_before(day("2024-07-01"), number=3, months=3, settling_months=0, first_day=day("2024-01-01"))


def test_months_of_unequal_length_make_no_gap() -> None:
    folds = folds_before(day("2024-12-31"), number=5, months=1, settling_months=0)
    assert [fold.until for fold in folds[:-1]] == [fold.day for fold in folds[1:]]
    assert folds[-1].until == day("2024-12-31")
