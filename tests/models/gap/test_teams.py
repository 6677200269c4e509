"""Teams: drawn by lot they leave the answers as they are, chosen ones are taken out of them."""

from dataclasses import replace

import numpy as np
import pytest

from models.gap.estimate import Lottery, estimate
from models.gap.teams import FEWEST_ANSWERS, without_teams
from tests.models.gap.lotteries import Population

SKILL = {"A": 0.5, "B": 0.9, "C": 1.1, "D": 1.5}
POPULATION = Population(off=1.0, traders=4_000)
POPULATION.chance = np.minimum(5 * POPULATION.chance, 1.0)
LARGE = POPULATION.score >= np.quantile(POPULATION.score, 0.7)


def visited(seed: int, *, best_to_large: bool) -> Lottery:
    """Draw a lottery whose teams find as much more or less as their skill."""
    rng = np.random.default_rng(seed)
    drawn = POPULATION.draw(seed)
    team = rng.choice(list(SKILL), len(drawn))
    if best_to_large:
        team = np.where(LARGE & (rng.random(len(drawn)) < 0.7), "D", team)
    skill = np.array([SKILL[each] for each in team])
    return replace(
        drawn,
        team=np.where(drawn.drawn, team, ""),
        answer=drawn.answer * skill,
        by_type={"valuation": 0.6 * drawn.answer * skill, "origin": 0.4 * drawn.answer * skill},
        groups={"size_band": np.where(LARGE, "large", "small")},
    )


def test_teams_that_were_drawn_by_lot_are_left_as_they_are() -> None:
    made = [without_teams([visited(seed, best_to_large=False)], size="size_band") for seed in range(40)]
    assert sum(each is not None for each in made) <= 2


def test_what_chosen_teams_find_more_is_taken_out() -> None:
    truth = float(POPULATION.money.sum())
    with_teams, without = [], []
    for seed in range(60):
        drawn = visited(seed, best_to_large=True)
        with_teams.append(estimate([drawn]).amount / truth)
        without.append(estimate(without_teams([drawn], size="size_band") or [drawn]).amount / truth)
    assert np.mean(with_teams) > 1.15
    assert abs(np.mean(without) - 1) < 0.5 * (np.mean(with_teams) - 1)


def test_types_still_add_up_to_the_whole() -> None:
    corrected = without_teams([visited(1, best_to_large=True)], size="size_band")
    assert corrected is not None
    assert sum(corrected[0].by_type.values()) == pytest.approx(corrected[0].answer)


def test_few_answers_and_unknown_teams_say_nothing() -> None:
    drawn = visited(1, best_to_large=True)
    nobody = replace(drawn, team=np.full(len(drawn), ""))
    few = replace(drawn, answered=drawn.answered & (np.cumsum(drawn.answered) < FEWEST_ANSWERS))
    assert without_teams([nobody], size="size_band") is None
    assert without_teams([few], size="size_band") is None


def test_where_nothing_was_expected_teams_cannot_be_compared() -> None:
    drawn = visited(1, best_to_large=True)
    assert without_teams([replace(drawn, score=np.zeros(len(drawn)))], size="size_band") is None
