"""The gap that the lab measures: the real estimate, from the run's own lottery, beside the truth of it."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from features.simulate import begin
from features.simulate.worlds.named import SOURCED
from training.lab.coverage import Measured, gap_of, measured
from training.lab.measures import booked
from training.lab.policies import LabPolicy
from training.lab.scored import VISITS
from training.lab.years import Learner, step


@cache
def _lottery(by_lot: float) -> tuple[Measured, float]:
    """The first quarter of a policy, and what its visits booked."""
    state, learner = (
        begin(traders=300, years=4, seed=1, parameters=SOURCED),
        Learner(LabPolicy("x", by_lot=by_lot)),
    )
    for quarter in range(learner.begins + 1):
        step(state, quarter, learner=learner)
    docket = state.dockets[-1]
    visited = docket.trader[np.isin(docket.treatment, VISITS) & ~docket.abandoned]
    return measured(state, quarter=learner.begins), float(booked(state)[visited].sum())


def test_without_a_lottery_there_is_no_interval_and_only_the_chosen_are_within_reach() -> None:
    quarter, booked_by_visits = _lottery(0.0)
    gap = gap_of([quarter])

    assert np.array_equal(quarter.lottery.reachable, quarter.lottery.certain)
    assert (gap["measured_low"], gap["answers"]) == (None, 0.0)
    assert gap["measured_amount"] == pytest.approx(booked_by_visits)


def test_a_lottery_reaches_everybody_whom_it_might_draw() -> None:
    quarter, _ = _lottery(1.0)
    lottery = quarter.lottery

    assert lottery.drawn.sum() > 0
    assert not lottery.certain.any()
    assert (lottery.chance[lottery.reachable] > 0).all()
    assert lottery.reachable.sum() > 200
    assert (lottery.weight[lottery.drawn & lottery.answered] >= 1).all()


def test_lotteries_of_a_year_count_by_their_answers_and_so_do_their_truths() -> None:
    quarter, _ = _lottery(1.0)
    none = replace(quarter.lottery, drawn=np.zeros_like(quarter.lottery.drawn))

    gap = gap_of([quarter, Measured(none, truth=0.0)])

    assert gap["true_amount"] == quarter.truth
    assert gap == gap_of([quarter])
