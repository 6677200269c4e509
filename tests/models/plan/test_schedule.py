"""Schedules: every visit once, no more at a time than teams, never beside another audit, near the best."""

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from models.plan.schedule import NEVER, Visits, list_schedule, schedule, teams_by_lot
from tests.torture import TORTURE


def drawn(visits: int, teams: int, weeks: int, *, seed: int) -> Visits:
    """Return visits of an office in a period: some are joint, some wait for others, some are due."""
    rng = np.random.default_rng(seed)
    length = rng.integers(1, 6, visits)
    release, due, away_from, away_to = np.zeros(visits, int), *(np.full(visits, NEVER) for _ in range(3))
    joint, waits, dated = (rng.random(visits) < share for share in (0.1, 0.1, 0.1))
    release[joint] = rng.integers(0, weeks // 2, joint.sum())
    due[joint] = release[joint] + length[joint] + 6
    waits &= ~joint
    away_from[waits] = rng.integers(0, weeks, waits.sum())
    away_to[waits] = away_from[waits] + rng.integers(1, 9, waits.sum())
    dated &= ~joint
    due[dated] = rng.integers(weeks // 3, weeks, dated.sum())
    busy = np.sort(rng.integers(0, teams + 1, rng.integers(0, 4)))[::-1]
    return Visits(length, rng.lognormal(0, 1.3, visits), release, due, away_from, away_to, teams, busy)


def require_kept(visits: Visits, begin: np.ndarray) -> None:
    assert (begin >= visits.release).all()
    assert not ((begin < visits.away_to) & (begin + visits.weeks > visits.away_from)).any()
    last = int((begin + visits.weeks).max(initial=0))
    under_way = [((begin <= week) & (week < begin + visits.weeks)).sum() for week in range(last)]
    assert (under_way <= visits.free(last)).all()


@settings(max_examples=1_000 if TORTURE else 60, deadline=None)
@given(st.integers(1, 40), st.integers(1, 6), st.integers(0, 10**6))
def test_no_visit_meets_another_audit_or_lacks_a_team(visits: int, teams: int, seed: int) -> None:
    given_visits = drawn(visits, teams, 26, seed=seed)
    begin = list_schedule(given_visits)
    require_kept(given_visits, begin)
    team = teams_by_lot(given_visits, begin, np.random.default_rng(seed))
    assert ((team >= 1) & (team <= teams)).all()
    for number in range(1, teams + 1):
        own = np.argsort(begin[team == number], kind="stable")
        starts, ends = (each[team == number][own] for each in (begin, begin + given_visits.weeks))
        assert (starts[1:] >= ends[:-1]).all()


def test_the_program_is_no_worse_than_the_list_and_within_a_hundredth_of_its_bound() -> None:
    for seed in range(3):
        visits = drawn(30, 3, 26, seed=seed)
        made = schedule(visits)
        require_kept(visits, made.begin)
        assert made.cost <= visits.costs(list_schedule(visits)).sum()
        assert made.gap is not None
        assert made.gap <= 0.01


def test_a_small_schedule_is_the_best_of_all() -> None:
    visits = drawn(4, 2, 8, seed=3)
    costs = []
    for each in itertools.product(range(10), repeat=4):
        begin = np.array(each)
        try:
            require_kept(visits, begin)
        except AssertionError:
            continue
        costs.append(visits.costs(begin).sum())
    assert np.isclose(schedule(visits).cost, min(costs), rtol=0.006)


def test_an_office_without_visits_has_an_empty_schedule() -> None:
    made = schedule(drawn(0, 2, 26, seed=1))
    assert (len(made.begin), made.cost, made.gap) == (0, 0.0, None)
