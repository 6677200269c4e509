"""Effects of circumstances: as many times as often, or as much, beside those of the folds."""

from math import log

import numpy as np
import pyarrow as pa
import pytest

from training.diagnostics.effects import effects

AUDITS = pa.table({"treatment": ["desk"] * 3 + ["field"] * 7, "team_id": ["T1"] * 10})
Y = np.array([1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
"""Two of ten audits found something."""


def learned(occurrence: float, amount: float) -> dict[str, list[dict[str, str | float]]]:
    desk: dict[str, str | float] = {"column": "treatment", "level": "desk"}
    return {"occurrence": [desk | {"effect": occurrence}], "amount": [desk | {"effect": amount}]}


def test_an_effect_on_log_odds_is_said_as_times_as_often_for_the_mean_audit() -> None:
    """The odds of 0.2 are 1 to 4; halved they are 1 to 8, a chance of 1/9, which is 5/9 of 0.2."""
    occurrence, amount = effects(learned(log(0.5), log(0.5)), [], AUDITS, Y)
    assert occurrence.times == pytest.approx(5 / 9)
    assert amount.times == pytest.approx(0.5)
    assert (occurrence.audits, occurrence.column, occurrence.level) == (3, "treatment", "desk")
    assert (occurrence.lowest_times, occurrence.highest_times) == (None, None)


def test_the_models_of_the_folds_give_the_lowest_and_the_highest() -> None:
    _, amount = effects(learned(0.0, 0.0), [learned(0.0, log(2.0)), learned(0.0, log(0.5)), {}], AUDITS, Y)
    assert (amount.times, amount.lowest_times, amount.highest_times) == pytest.approx((1.0, 0.5, 2.0))


def test_a_model_that_corrects_for_nothing_has_none() -> None:
    assert effects({}, [{}], AUDITS, Y) == ()
