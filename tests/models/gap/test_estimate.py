"""Estimates of the gap: right whatever the model is worth, and the truth inside as often as they say."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t as student

from models.gap.estimate import Lottery, estimate, of_type, terms
from tests.models.gap.lotteries import Population, lottery

BY_HAND = {
    "score": np.array([10.0, 20.0, 30.0, 40.0]),
    "chance": np.array([0.5, 0.25, 0.5, 1.0]),
    "drawn": np.array([True, True, False, False]),
    "answer": np.array([12.0, 0.0, 0.0, 100.0]),
}
CERTAIN = np.array([False, False, False, True])


def test_an_answer_stands_for_the_traders_it_was_drawn_from() -> None:
    made = estimate([lottery(**BY_HAND)])
    assert made.amount == 10 + 20 + 30 + 40 + (12 - 10) / 0.5 + (0 - 20) / 0.25
    assert (made.answers, made.non_zero) == (2, 1)


def test_who_is_taken_for_certain_counts_with_its_answer() -> None:
    given = lottery(**BY_HAND, certain=CERTAIN, answered=BY_HAND["drawn"] | CERTAIN)
    assert estimate([given]).amount == 10 + 20 + 30 + 100 + 4 - 80


def test_nobody_beyond_reach_counts() -> None:
    reachable = np.array([True, True, False, True])
    assert estimate([lottery(**BY_HAND, reachable=reachable)]).amount == 10 + 20 + 40 + 4 - 80


def test_several_lotteries_of_a_year_each_measure_everybody() -> None:
    one = lottery(**BY_HAND)
    twice = estimate([one, one])
    assert twice.amount == pytest.approx(estimate([one]).amount)
    assert twice.answers == 4


def test_a_lottery_without_answers_says_nothing_of_its_year() -> None:
    one = lottery(**BY_HAND)
    silent = replace(one, answered=np.zeros(4, bool), answer=np.zeros(4))
    assert estimate([one, silent]) == estimate([one])
    assert estimate([silent]).amount == 100


def test_no_interval_of_fewer_than_five_answers_with_money() -> None:
    population = Population(off=1.0)
    drawn = population.draw(1)
    with_money = np.flatnonzero(drawn.answer)
    for left, is_given in ((5, True), (4, False)):
        answer = drawn.answer.copy()
        answer[with_money[left:]] = 0.0
        made = estimate([replace(drawn, answer=answer)])
        assert (made.ends is not None) == is_given


def test_segments_add_up_to_the_whole() -> None:
    drawn = Population(off=1.5).draw(3)
    group = np.where(np.arange(len(drawn)) % 3 == 0, "a", "b").astype(object)
    made = replace(drawn, groups={"band": group})
    parts = [estimate([made], by="band", group=each).amount for each in ("a", "b")]
    assert sum(parts) == pytest.approx(estimate([made]).amount)


def test_finding_types_add_up_to_the_whole() -> None:
    drawn = Population(off=1.0).draw(3)
    by_type = {"valuation": 0.7 * drawn.answer, "origin": 0.3 * drawn.answer}
    made = replace(drawn, by_type=by_type)
    parts = [estimate([of_type(made, kind, share=0.5)]).amount for kind in by_type]
    assert sum(parts) == pytest.approx(estimate([drawn]).amount)


@pytest.mark.parametrize("off", [0.5, 1.0, 1.5])
def test_it_is_right_whatever_the_model_is_worth_and_its_interval_holds(off: float) -> None:
    population = Population(off=off)
    truth = float(population.money.sum())
    amounts, held, textbook_misses = [], 0, 0
    for seed in range(200):
        parts = terms(population.draw(seed))
        made = parts.estimate()
        assert made.ends is not None
        amounts.append(made.amount)
        held += made.ends[0] <= truth <= made.ends[1]
        n = len(parts.terms)
        textbook_misses += (
            made.amount + student.ppf(0.975, n - 1) * parts.terms.std(ddof=1) * np.sqrt(n) < truth
        )
    bias = np.mean(amounts) - truth
    assert abs(bias) < 3.5 * np.std(amounts) / np.sqrt(200)
    assert held >= 0.92 * 200
    assert textbook_misses > 0.025 * 200


def of_neighbours(drawn: Lottery, *, others_alone: bool) -> Lottery:
    """Expect of each trader the mean of what those drawn of its kind booked: of all, or of other fifths."""
    kinds = 25
    kind, fifth = np.arange(len(drawn)) % kinds, np.arange(len(drawn)) // kinds % 5
    expected = np.zeros(len(drawn))
    for part in range(5):
        learned = drawn.drawn & (fifth != part) if others_alone else drawn.drawn
        count, money = (
            np.bincount(kind[learned], of[learned], kinds) for of in (np.ones(len(drawn)), drawn.answer)
        )
        own = fifth == part
        expected[own] = (money / np.maximum(count, 1))[kind[own]]
    return replace(drawn, score=expected)


def test_a_model_of_today_may_have_learned_from_all_answers_but_the_traders_own() -> None:
    population = Population(off=1.5)
    truth = float(population.money.sum())
    mean, held = {}, {}
    for others_alone in (True, False):
        made = [
            estimate([of_neighbours(population.draw(seed), others_alone=others_alone)]) for seed in range(200)
        ]
        ends = [each.ends or (0.0, 0.0) for each in made]
        mean[others_alone] = float(np.mean([each.amount for each in made])) / truth
        held[others_alone] = float(np.mean([low <= truth <= high for low, high in ends]))
    assert mean[True] == pytest.approx(1.0, abs=0.1)
    assert mean[False] > 1.3
    assert 0.98 >= held[True] >= 0.92 > held[False]


def test_better_expectations_leave_less_doubt() -> None:
    population = Population(off=1.5)
    drawn = population.draw(7)
    better = replace(drawn, score=0.8 * population.money + 0.1 * population.score)
    widths = [estimate([each]).half_width or 0.0 for each in (drawn, better)]
    assert widths[1] < 0.7 * widths[0]


def test_where_detection_is_known_luck_alone_is_doubted_of_whom_the_lot_took() -> None:
    """Everybody is drawn, so what is left is the audits' luck: each finds all with the probability given."""
    rng, detection = np.random.default_rng(4), 0.4
    unpaid = rng.lognormal(5.0, 1.0, 800)
    answers = [unpaid * (rng.random(800) < detection) for _ in range(300)]
    everybody = np.ones(800, bool)
    given = lottery(np.zeros(800), np.ones(800), everybody, np.zeros(800))
    held = {}
    for known in (0.0, detection):
        made = [estimate([replace(given, answer=answer)], detection=known) for answer in answers]
        ends = [each.ends or (0.0, 0.0) for each in made]
        held[known] = np.mean([low <= detection * unpaid.sum() <= high for low, high in ends])
    assert held[0.0] > 0.97 >= held[detection] >= 0.92


def test_answers_that_are_missing_widen_what_is_known_of_those_taken_for_certain() -> None:
    population = Population(off=1.0)
    drawn = population.draw(2)
    certain = np.zeros(len(drawn), bool)
    certain[np.argsort(-population.score)[:100]] = True
    by_lot = drawn.drawn & ~certain
    halves = []
    for missing in (0, 40):
        answered = by_lot | (certain & (np.cumsum(certain) > missing))
        made = replace(
            drawn,
            drawn=by_lot,
            certain=certain,
            answered=answered,
            answer=np.where(answered, population.money, 0.0),
        )
        halves.append(estimate([made]).half_width or 0.0)
    assert halves[1] > halves[0]
