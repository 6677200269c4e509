"""The gap as a policy's own lottery measures it, beside the truth that only a simulation knows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from features.simulate.arrays import Floats
from features.simulate.audits.select import CERTAIN, LOTTERY
from features.simulate.state import SimulationState
from features.simulate.trade.world import REGIONS
from models.gap.censoring import response_weights
from models.gap.estimate import Lottery, estimate
from training.lab.measures import MEASURED, booked
from training.lab.scored import VISITS


@dataclass(frozen=True)
class Measured:
    """A quarter's lottery with all its answers, and what audits of all within its reach would book."""

    lottery: Lottery
    truth: float


def measured(state: SimulationState, *, quarter: int) -> Measured:
    """Return the lottery of the last quarter simulated, every audit of it closed and its appeals over."""
    assigned, docket, truth = state.assigned[quarter], state.dockets[-1], state.truths[-1]
    count = state.traders.count
    visited = np.isin(assigned.treatment, VISITS)
    drawn = (assigned.role == LOTTERY) & visited
    certain = (assigned.role == CERTAIN) & visited
    chance = np.nan_to_num(assigned.probability[:, list(VISITS)]).sum(axis=1)
    abandoned = np.zeros(count, bool)
    abandoned[docket.trader[docket.abandoned]] = True
    answered = (drawn | certain) & ~abandoned
    region = REGIONS[state.traders.region]
    weight = np.zeros(count)
    for rows, stands_for in ((drawn, 1 / np.where(drawn, chance, 1.0)), (certain, np.ones(count))):
        weight[rows] = response_weights(
            drawn=stands_for[rows],
            answered=answered[rows],
            chance_closed=np.ones(rows.sum()),
            classes=region[rows],
        )
    reachable = certain | ((assigned.role >= 0) & (assigned.role != CERTAIN))
    lottery = Lottery(
        name=str(quarter),
        year=quarter // 4,
        drawn_on=date(1970, 1, 1) + timedelta(days=int(state.world.calendar.starts[quarter])),
        trader_ids=np.arange(count).astype(str),
        score=np.nan_to_num(assigned.expected),
        reachable=reachable,
        chance=chance,
        team=np.full(count, ""),
        drawn=drawn,
        certain=certain,
        treated=assigned.treatment >= 0,
        answered=answered,
        refused=abandoned & (drawn | certain),
        answer=np.where(answered, booked(state), 0.0),
        by_type={},
        weight=weight,
        is_recorded=True,
        groups={},
    )
    return Measured(lottery, float(truth.expected.by_type.sum(axis=1)[reachable].sum()))


def gap_of(quarters: Sequence[Measured]) -> dict[str, float | None]:
    """Return the gap that some quarters' lotteries measure, with its interval, and the truth it is to hold.

    Lotteries count by their answers, and so does what is true of each. No interval, no ends.
    """
    gap = estimate([each.lottery for each in quarters])
    answers: Floats = np.array(
        [(each.lottery.drawn & each.lottery.answered).sum() for each in quarters], np.float64
    )
    weights = answers if answers.any() else np.ones(len(quarters))
    numbers = (
        gap.amount,
        gap.low,
        gap.high,
        float(np.average([each.truth for each in quarters], weights=weights)),
        float(gap.answers),
    )
    return dict(zip(MEASURED, numbers, strict=True))
