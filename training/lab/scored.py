"""Selections of the lab by a score: a lottery first, then whoever is worth most for each hour left."""

import numpy as np

from features.simulate.arrays import Flags, Floats, Whole
from features.simulate.audits.audit import DESK, FIELD, JOINT, LETTER, TREATMENTS, Cases
from features.simulate.audits.cases import HOURS, SIZES
from features.simulate.audits.select import (
    CERTAIN,
    CONTROL,
    LOTTERY,
    MODEL,
    NOBODY,
    RANDOM,
    RULE,
    TOP_UP,
    Assignments,
    Selection,
    Sight,
    frame_of,
    rule_score,
)
from features.simulate.chance import Chance
from features.simulate.state import SimulationState
from features.simulate.trade.world import TEAMS, World
from training.lab.policies import IN_MONEY, LabPolicy

VISITS = (FIELD, JOINT)


def hours_of_quarter(state: SimulationState) -> float:
    """Return the hours that every policy has in a quarter: as the simulator's own number of visits takes."""
    traders = state.traders
    visits = state.world.parameters.audits.a_year * traders.count / 4
    return float(visits * HOURS[FIELD] * SIZES[traders.band].mean())


def by_score(
    policy: LabPolicy,
    state: SimulationState,
    *,
    chance: Chance,
    sight: Sight,
    quarter: int,
    expected: Floats,
) -> Selection:
    """Draw the lottery, then spend the hours that are left on the best traders for each hour.

    `expected` is the money that the policy's model expects of each trader, or the written indicators do.
    """
    traders, world = state.traders, state.world
    stream = chance.stream("lab", quarter)
    frame = frame_of(traders, sight=sight, quarter=quarter)
    size, hours = SIZES[traders.band], hours_of_quarter(state)
    weight = np.where(frame, size, 0.0)
    visits = policy.by_lot * hours / HOURS[FIELD]
    inclusion = np.minimum(visits * weight / max(float(weight @ size), 1.0), 1.0)
    drawn: Flags = stream.random(traders.count) < inclusion
    treatment = np.where(drawn, FIELD, NOBODY)
    value = {
        "declared_value": sight.declared,
        "rules": rule_score(stream, world, traders=traders, sight=sight),
        "indicators": expected,
        "model": expected,
    }[policy.score]
    order = np.argsort(-(value / size if policy.score in IN_MONEY else value), kind="stable")
    visited = 1 - policy.by_lot - policy.desk - policy.letters
    for kind, share in ((FIELD, visited), (DESK, policy.desk), (LETTER, policy.letters)):
        left = order[frame[order] & (treatment[order] < 0)]
        treatment[left[np.cumsum(HOURS[kind] * size[left]) <= share * hours]] = kind
    chosen = (treatment >= 0) & ~drawn
    role = np.where(drawn, LOTTERY, np.where(inclusion > 0, CONTROL, NOBODY))
    role[chosen] = TOP_UP if policy.by_lot else CERTAIN
    probability = np.zeros((traders.count, len(TREATMENTS)))
    probability[:, FIELD] = inclusion
    probability[chosen] = np.nan if policy.by_lot else np.eye(len(TREATMENTS))[treatment[chosen]]
    return selected(
        Assignments(treatment=treatment, role=role, probability=probability, expected=expected),
        world,
        stream=stream,
        channel=MODEL if policy.score == "model" else RULE,
    )


def selected(
    assignments: Assignments, world: World, *, stream: np.random.Generator, channel: int
) -> Selection:
    """Return the audits that were assigned: visits by lot as `RANDOM`, all others by `channel`."""
    trader = np.flatnonzero(assignments.treatment >= 0)
    treatment, role = assignments.treatment[trader], assignments.role[trader]
    team: Whole = stream.integers(0, TEAMS, size=trader.size)
    return Selection(
        cases=Cases(trader=trader, treatment=treatment, skill=world.skill[team]),
        channel=np.where((role == LOTTERY) & np.isin(treatment, VISITS), RANDOM, channel),
        probability=assignments.probability[trader, treatment],
        team=team,
        assignments=assignments,
    )
