"""Reliability: groups of like predictions, what was found in them, and how sure that is."""

import numpy as np
import pyarrow as pa
import pytest

from models.card import ReliabilityRow
from models.prediction import Floats, Prediction
from tests.optional import not_none
from tests.training.trained import audits, money
from training.backtest.out_of_fold import OutOfFold
from training.diagnostics.reliability import reliability

Y = money()


def predicted(expected: Floats, chance: Floats, order: np.ndarray | None = None) -> OutOfFold:
    order = np.arange(300) if order is None else order
    money_of, chance_of = expected[order], chance[order]
    prediction = Prediction(
        money_of, chance_of, money_of, money_of, money_of, money_of, np.zeros((300, 0)), ()
    )
    return OutOfFold(audits().take(pa.array(order)), {"hurdle": prediction})


def rows(out_of_fold: OutOfFold, by: str, population: str = "all") -> list[ReliabilityRow]:
    every = reliability(out_of_fold, "hurdle", seed=1)
    return [row for row in every if (row.by, row.population) == (by, population)]


FALLING = np.arange(300, 0, -1.0)
SAME = np.full(300, 0.25)


def test_groups_hold_tenths_of_the_audits_the_highest_predictions_first() -> None:
    by_money = rows(predicted(FALLING, SAME), "money")
    assert [row.group for row in by_money] == list(range(1, 11))
    assert [row.audits for row in by_money] == [30] * 10
    assert by_money[0].predicted == pytest.approx(np.arange(300, 270, -1.0).mean())
    assert by_money[0].observed == pytest.approx(Y[:30].mean())
    assert not_none(by_money[0].low) < by_money[0].observed < not_none(by_money[0].high)


def test_audits_that_tie_are_one_group_and_their_order_changes_nothing() -> None:
    [all_alike] = rows(predicted(FALLING, SAME), "chance")
    assert (all_alike.audits, all_alike.adjusted, all_alike.observed) == (300, 75, 0.25)
    ties = np.repeat([4.0, 3.0, 2.0, 1.0], 75)
    shuffled = np.random.default_rng(0).permutation(300)
    first, second = (rows(predicted(ties, SAME, order), "money") for order in (None, shuffled))
    assert [(row.audits, row.predicted) for row in first] == [(75, 4.0), (75, 3.0), (75, 2.0), (75, 1.0)]
    assert [row.observed for row in first] == pytest.approx([row.observed for row in second])


def test_the_interval_of_a_share_is_wilsons() -> None:
    """Of 300 audits 75: (0.25 + z2 / 2n -+ z sqrt(.25 x .75 / n + z2 / 4 n2)) / (1 + z2 / n)."""
    [row] = rows(predicted(FALLING, SAME), "chance")
    assert (row.low, row.high) == pytest.approx((0.2043, 0.3020), abs=1e-4)


def test_a_share_of_nothing_has_an_upper_end_and_money_of_few_findings_no_interval() -> None:
    sorted_out = np.where(Y == 0, 0.01 * FALLING / 300, 0.5 + FALLING / 1000)
    chance = rows(predicted(sorted_out, sorted_out), "chance")[-1]
    assert (chance.adjusted, chance.observed, chance.low) == (0, 0.0, 0.0)
    assert not_none(chance.high) == pytest.approx(0.1135, abs=1e-3)
    last = rows(predicted(sorted_out, sorted_out), "money")[-1]
    assert (last.observed, last.low, last.high) == (0.0, None, None)


def test_few_audits_make_few_groups_and_no_audits_none() -> None:
    few = predicted(FALLING, SAME).where(np.arange(300) < 45)
    assert [row.audits for row in rows(few, "money")] == [22, 23]
    assert rows(few, "money", "random") == []


def test_no_audit_makes_no_group() -> None:
    assert reliability(predicted(FALLING, SAME).where(np.zeros(300, bool)), "hurdle", seed=1) == ()
