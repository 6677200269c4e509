"""Years of one policy and seed: it chooses each quarter, and learns each year from its own audits."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pyarrow as pa

from features.simulate import begin
from features.simulate.arrays import Flags, Floats, Whole
from features.simulate.audits.audit import DESK, FIELD, JOINT, LETTER, Cases
from features.simulate.audits.cases import HOURS
from features.simulate.audits.select import RANDOM, RULE, Selection, Sight, frame_of, rule_score, select
from features.simulate.chance import Chance
from features.simulate.clock import SCOPE_QUARTERS
from features.simulate.records.ledger import ASSESSED, CANCELLED, PENALTY, REDUCED
from features.simulate.run import simulate_quarter
from features.simulate.state import SimulationState
from features.simulate.trade.traders import Traders
from features.simulate.trade.world import TEAMS, World
from features.simulate.worlds.parameters import Parameters
from models.fitting.labels import FEWEST_AUDITS
from models.hurdle import HurdleModel
from training.lab.known import EXPOSURE, Tallies, features, tallies
from training.lab.policies import LabPolicy

BURN_IN = 3
"""Years before the policy's first, in which the simulator's own selection makes audits to learn from."""
LIGHT = {"bags": 1, "rounds": 80}
"""Fewer trees than a model that serves has: the lab fits hundreds."""
TOP_SHARE = 0.05
LEARNED_FROM = (FIELD, JOINT)


@dataclass
class Learner:
    """What a policy knows: tallies of the last year, features of those it audited, and the model."""

    policy: LabPolicy
    begins: int
    year: list[Tallies] = field(default_factory=list)
    audited: list[Mapping[str, Floats]] = field(default_factory=list)
    model: HurdleModel | None = None
    score: Floats = field(default_factory=lambda: np.zeros(0))


def run_years(policy: LabPolicy, *, seed: int, traders: int, years: int, world: Parameters) -> pa.Table:
    """Return the measures of each quarter of one policy in one simulated administration.

    The same arguments give the same table. All policies of a seed begin with the same years.
    """
    state = begin(traders=traders, years=BURN_IN + years, seed=seed, parameters=world)
    learner = Learner(policy=policy, begins=4 * BURN_IN)
    rows = []
    for quarter in range(state.world.calendar.quarters):
        declared, _ = simulate_quarter(state, quarter, policy=partial(_choose, learner, state))
        learner.year = [*learner.year[1 - SCOPE_QUARTERS :], tallies(declared, state.world, traders=traders)]
        if quarter >= learner.begins:
            rows.append(_measures(learner, state, quarter=quarter))
    return pa.Table.from_pylist([{"policy": policy.name, "seed": seed, **row} for row in rows])


def _choose(
    learner: Learner,
    state: SimulationState,
    chance: Chance,
    world: World,
    *,
    traders: Traders,
    sight: Sight,
    quarter: int,
) -> Selection:
    """Return the audits of a quarter, and keep the features of those audited for the next model."""
    seen = features(learner.year, traders=traders, sight=sight)
    if quarter < learner.begins:
        selection = select(chance, world, traders=traders, sight=sight, quarter=quarter)
    else:
        if (quarter - learner.begins) % 4 == 0:
            learner.model = _learned(learner, state, quarter=quarter)
        learner.score = _expected(learner, seen)
        selection = _by_policy(learner, state, chance=chance, sight=sight, quarter=quarter)
    learner.audited.append({name: values[selection.cases.trader] for name, values in seen.items()})
    return selection


def _learned(learner: Learner, state: SimulationState, *, quarter: int) -> HurdleModel | None:
    """Return a model of all visits closed before a quarter; None while they are too few to learn from."""
    day, first = int(state.world.calendar.starts[quarter]), 0
    tables, money = [], []
    for seen, docket, ledger in zip(learner.audited, state.dockets, state.ledgers, strict=True):
        booked = np.isin(ledger.event, (ASSESSED, REDUCED, CANCELLED)) & (ledger.tax < PENALTY)
        known = booked & (ledger.known_on < day)
        net = np.bincount(
            ledger.audit[known] - first, weights=ledger.amount[known], minlength=docket.trader.size
        )
        first += docket.trader.size
        rows = np.flatnonzero(
            (docket.closed_on < day) & ~docket.abandoned & np.isin(docket.treatment, LEARNED_FROM)
        )
        tables.append(pa.table({name: values[rows] for name, values in seen.items()}))
        money.append(net[rows])
    y = np.concatenate(money)
    if y.size < FEWEST_AUDITS or not y.any():
        return None
    model = HurdleModel(seed=state.chance.seed % 2**31, growth=LIGHT, exposure=EXPOSURE)
    return model.fit(pa.concat_tables(tables), y)


def _expected(learner: Learner, seen: Mapping[str, Floats]) -> Floats:
    """Return the money that the model expects of each trader; the declared value without a model."""
    if learner.model is None:
        return seen[EXPOSURE]
    return learner.model.predict(pa.table(dict(seen))).expected


def _by_policy(
    learner: Learner, state: SimulationState, *, chance: Chance, sight: Sight, quarter: int
) -> Selection:
    """Draw the lottery, then spend the hours that are left on the best traders for each hour."""
    policy, traders, world = learner.policy, state.traders, state.world
    stream = chance.stream("lab", quarter)
    frame = frame_of(traders, sight=sight, quarter=quarter)
    size = 0.7 + 0.35 * traders.band
    hours = world.parameters.audits.a_year * traders.count / 4 * HOURS[FIELD] * float(size.mean())
    weight = np.where(frame, size, 0.0)
    visits = policy.by_lot * hours / HOURS[FIELD]
    inclusion = np.minimum(visits * weight / max(float(weight @ size), 1.0), 1.0)
    drawn: Flags = stream.random(traders.count) < inclusion
    treatment = np.where(drawn, FIELD, -1)
    value = {
        "declared_value": sight.declared,
        "rules": rule_score(stream, world, traders=traders, sight=sight),
        "model": learner.score,
    }[policy.score]
    order = np.argsort(-(value / size if policy.score == "model" else value), kind="stable")
    visited = 1 - policy.by_lot - policy.desk - policy.letters
    for kind, share in ((FIELD, visited), (DESK, policy.desk), (LETTER, policy.letters)):
        left = order[frame[order] & (treatment[order] < 0)]
        treatment[left[np.cumsum(HOURS[kind] * size[left]) <= share * hours]] = kind
    trader = np.flatnonzero(treatment >= 0)
    team: Whole = stream.integers(0, TEAMS, size=trader.size)
    return Selection(
        cases=Cases(trader=trader, treatment=treatment[trader], skill=world.skill[team]),
        channel=np.where(drawn[trader], RANDOM, RULE),
        probability=np.where(drawn[trader], inclusion[trader], np.nan),
        team=team,
    )


def _measures(learner: Learner, state: SimulationState, *, quarter: int) -> dict[str, float]:
    """Return what a quarter's audits brought and cost, and the truth at its first day."""
    truth, docket, ledger = state.truths[-1], state.dockets[-1], state.ledgers[-1]
    booked = np.isin(ledger.event, (ASSESSED, REDUCED, CANCELLED)) & (ledger.tax < PENALTY)
    eligible, money = truth.eligible, truth.expected.by_type.sum(axis=1)
    top = max(round(TOP_SHARE * np.count_nonzero(eligible)), 1)
    best = np.argsort(-learner.score[eligible], kind="stable")[:top]
    gap, paid = (
        float(truth.revenue_gap[eligible].sum()),
        float(sum(trade.taxes.sum() for trade in state.trade)),
    )
    nil = docket.findings == 0
    return {
        "quarter": quarter - learner.begins,
        "assessed_amount": float(ledger.amount[booked].sum()),
        "bookable_gap_amount": float(money[eligible].sum()),
        "gap_amount": gap,
        "paid_share": paid / (paid + gap),
        "hours": float(docket.hours.sum()),
        "nil_visits": float(np.count_nonzero(nil & np.isin(docket.treatment, LEARNED_FROM))),
        "nil_letters": float(np.count_nonzero(nil & (docket.treatment == LETTER))),
        "captured_share": float(money[eligible][best].sum() / np.sort(money[eligible])[-top:].sum()),
    }
