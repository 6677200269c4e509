"""Schedule of one office: in which week each visit begins, so that what is worth most is known soonest.

A visit keeps a team for some weeks. It may not begin before its release, and not be under way while another
administration is at the trader. The cost of a schedule is the sum over visits of weight times the week in
which each is done, and `LATE` for each week after its due date: the weighted completion time and tardiness
of scheduling theory on identical parallel machines.

A list schedule is there at once. A time-indexed integer program (Sousa and Wolsey, Mathematical Programming
1992) improves on it, and its dual bound says how far from the best the schedule is at most.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.optimize import Bounds, LinearConstraint

from models.plan.integer_program import solve_integers
from models.prediction import Floats

LATE = 50.0
"""What a week after the due date costs, as much as so many weeks of a visit of weight 1."""
TIGHT = 3
"""Weeks before the last week in which a visit can begin in time, from which it goes before all others."""
SPARE = 4
"""Weeks that the program has beyond the end of the list schedule."""
MOST_CELLS = 20_000
"""Visits times weeks up to which the program is tried; a list schedule has to do beyond."""
GAP = 0.005
SECONDS = 20.0
"""When the program stops: at a share of the cost, or after so long."""
NEVER = np.iinfo(np.int32).max
"""A week that never comes: no due date, no other audit."""


@dataclass(frozen=True)
class Visits:
    """The visits of an office, row for row; weeks are counted from 0, the first of the period.

    - `weeks` (n,): how long each keeps a team, 1 or more; `weight` (n,): above 0, about 1 in the mean.
    - `release`, `due` (n,): the first week in which it may begin, the week by which it should be done.
    - `away_from`, `away_to` (n,): from which week to before which another administration is at the trader;
      both `NEVER` where none is.
    - `teams`: how many visits may be under way at once.
    - `busy` (w,): teams that earlier visits still keep in each week, never more than in the week before; none
      beyond.
    """

    weeks: np.ndarray
    weight: Floats
    release: np.ndarray
    due: np.ndarray
    away_from: np.ndarray
    away_to: np.ndarray
    teams: int
    busy: np.ndarray

    def __len__(self) -> int:
        return len(self.weeks)

    def may_begin(self, week: int | np.ndarray) -> np.ndarray:
        """Return whether each visit may begin in a week (n,), or in each of the weeks (w, 1): (w, n)."""
        meets = (week < self.away_to) & (week + self.weeks > self.away_from)
        return np.asarray((week >= self.release) & ~meets)

    def free(self, weeks: int) -> np.ndarray:
        """Return how many teams are free of earlier visits in each of the first weeks (w,)."""
        busy = np.zeros(weeks, np.intp)
        busy[: len(self.busy)] = self.busy[:weeks]
        return np.maximum(self.teams - busy, 0)

    def costs(self, begin: np.ndarray) -> Floats:
        """Return the cost of each visit (n,) that begins in these weeks (n,), or in each (w, 1): (w, n)."""
        done = begin + self.weeks
        return np.asarray(self.weight * done + LATE * np.maximum(done - self.due.astype(float), 0.0))


@dataclass(frozen=True)
class Schedule:
    """The week in which each visit begins (n,), its cost, and a cost below which no schedule is.

    `bound` is 0 where the program was not tried or found none.
    """

    begin: np.ndarray
    cost: float
    bound: float

    @property
    def gap(self) -> float | None:
        """The share of its cost by which the schedule may be worse than the best; None if not known."""
        return (self.cost - self.bound) / self.cost if self.bound > 0 else None


def schedule(visits: Visits) -> Schedule:
    """Return the better of the list schedule and the program's."""
    begin = list_schedule(visits)
    cost = float(visits.costs(begin).sum())
    horizon = int((begin + visits.weeks).max(initial=0)) + SPARE
    if not len(visits) or len(visits) * horizon > MOST_CELLS:
        return Schedule(begin, cost, 0.0)
    improved, bound = _program(visits, horizon)
    if improved is not None and (better := float(visits.costs(improved).sum())) < cost:
        begin, cost = improved, better
    return Schedule(begin, cost, bound)


def list_schedule(visits: Visits) -> np.ndarray:
    """Return the week in which each visit begins (n,), chosen week by week for the teams that are free.

    Visits whose due date draws near go first, by the last week in which they can begin in time; then those
    with the most weight a week.
    """
    begin = np.full(len(visits), -1)
    density = visits.weight / visits.weeks
    latest = np.where(visits.due == NEVER, NEVER, visits.due - visits.weeks)
    week = 0
    while (begin < 0).any():
        under_way = (begin >= 0) & (begin + visits.weeks > week)
        free = int(visits.free(week + 1)[week]) - int(under_way.sum())
        ready = np.flatnonzero((begin < 0) & visits.may_begin(week))
        tight = latest[ready] <= week + TIGHT
        order = np.lexsort((-density[ready], np.where(tight, latest[ready], NEVER)))
        begin[ready[order[: max(free, 0)]]] = week
        week += 1
    return begin


def _program(visits: Visits, horizon: int) -> tuple[np.ndarray | None, float]:
    """Return the program's schedule, None if none was found in time, and the bound on the cost."""
    every = np.arange(horizon)[:, None]
    week, visit = np.nonzero(visits.may_begin(every) & (every + visits.weeks <= horizon))
    columns, length = np.arange(len(week)), visits.weeks[visit]
    once = sp.csr_matrix((np.ones(len(week)), (visit, columns)), shape=(len(visits), len(week)))
    step = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
    under_way = sp.csr_matrix(
        (np.ones(len(step)), (np.repeat(week, length) + step, np.repeat(columns, length))),
        shape=(horizon, len(week)),
    )
    result = solve_integers(
        visits.costs(every)[week, visit],
        constraints=[
            LinearConstraint(once, 1, 1),
            LinearConstraint(under_way, -np.inf, visits.free(horizon)),
        ],
        integrality=np.ones(len(week)),
        bounds=Bounds(0, 1),
        options={"mip_rel_gap": GAP, "time_limit": SECONDS},
    )
    bound = float(result.mip_dual_bound) if result.mip_dual_bound is not None else 0.0
    if result.x is None:
        return None, bound
    chosen = result.x > 0.5
    begin = np.empty(len(visits), np.intp)
    begin[visit[chosen]] = week[chosen]
    return begin, bound


def teams_by_lot(visits: Visits, begin: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the team of each visit (n,), from 1, by lot among those that are free when it begins.

    Teams by lot tell the skill of a team from the risk of its traders. Teams that earlier visits keep are the
    last ones, as long as they keep them.
    """
    team = np.zeros(len(visits), np.intp)
    until = np.zeros(visits.teams + 1, np.intp)
    busy = visits.teams - visits.free(len(visits.busy))
    for number in range(visits.teams):
        until[visits.teams - number] = int((busy > number).sum())
    for visit in np.argsort(begin, kind="stable"):
        free = np.flatnonzero(until[1:] <= begin[visit]) + 1
        team[visit] = rng.choice(free)
        until[team[visit]] = begin[visit] + visits.weeks[visit]
    return team
