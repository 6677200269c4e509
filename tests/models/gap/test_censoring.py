"""Answers that are not in yet: each that is stands for those like it, and appeals are foreseen."""

import numpy as np
import pytest

from models.gap.censoring import closed_by, development_factors, response_weights


def test_the_chance_of_being_closed_is_kaplan_and_meiers() -> None:
    days = np.array([10.0, 20.0, 20.0, 30.0, 40.0])
    closed = np.array([True, True, False, True, False])
    chances = closed_by(np.array([5.0, 10.0, 25.0, 30.0, 99.0]), days=days, closed=closed)
    assert chances == pytest.approx([0, 0.2, 1 - 0.8 * 0.75, 1 - 0.8 * 0.75 * 0.5, 1 - 0.3])


def test_nothing_known_closes_nothing() -> None:
    assert closed_by(np.array([100.0]), days=np.zeros(0), closed=np.zeros(0, bool)).tolist() == [0.0]


def test_where_all_have_answered_each_stands_for_itself() -> None:
    weights = response_weights(
        drawn=np.array([2.0, 5.0, 9.0]),
        answered=np.ones(3, bool),
        chance_closed=np.full(3, 0.9),
        classes=np.array(["a", "b", "b"], object),
    )
    assert weights == pytest.approx([1, 1, 1])


def test_those_missing_are_made_up_for_in_their_class() -> None:
    classes = np.array(["a"] * 10 + ["b"] * 6, object)
    answered = np.ones(16, bool)
    answered[:5] = False
    weights = response_weights(
        drawn=np.ones(16), answered=answered, chance_closed=np.ones(16), classes=classes
    )
    assert weights[:5].tolist() == [0] * 5
    assert weights[5:10] == pytest.approx(2)
    assert weights[10:] == pytest.approx(1)


def test_an_answer_that_came_early_stands_for_those_that_take_longer() -> None:
    chance = np.array([0.25] * 4 + [1.0] * 8)
    answered = np.array([True, False, False, False] + [True] * 8)
    weights = response_weights(
        drawn=np.ones(12), answered=answered, chance_closed=chance, classes=np.array(["a"] * 12, object)
    )
    assert weights[0] == pytest.approx(4)
    assert weights[4:] == pytest.approx(1)


def test_money_of_young_audits_is_multiplied_by_what_became_of_that_of_old_ones() -> None:
    cumulated = np.tile([100.0, 80.0, 60.0], (12, 1))
    cumulated[10:, 1:] = np.nan
    assert development_factors(cumulated) == pytest.approx([0.6, 0.75, 1.0])


def test_few_old_audits_say_nothing_of_appeals() -> None:
    assert development_factors(np.tile([100.0, 80.0], (9, 1))).tolist() == [1.0, 1.0]
