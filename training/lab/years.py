"""Years of one policy and seed: it chooses each quarter, and learns each year from its own audits."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pyarrow as pa

from features.simulate import begin
from features.simulate.arrays import Floats
from features.simulate.audits.select import Selection, Sight, select
from features.simulate.chance import Chance
from features.simulate.run import simulate_quarter
from features.simulate.state import SimulationState
from features.simulate.trade.lines import Lines
from features.simulate.trade.traders import Traders
from features.simulate.trade.world import World
from features.simulate.worlds.parameters import Parameters
from models.fitting.labels import FEWEST_AUDITS
from models.hurdle import HurdleModel
from training.lab.coverage import Measured, gap_of, measured
from training.lab.known import InMemory, Known
from training.lab.measures import ALL, ALL_YEARS, SCHEMA, YEAR, by_group, captured_share, taxes_booked
from training.lab.planned import by_plan
from training.lab.policies import LabPolicy
from training.lab.scored import VISITS, by_score

BURN_IN = 3
"""Years before the policy's first, in which the simulator's own selection makes audits to learn from."""


@dataclass
class Learner:
    """What a policy has learned: what it knows of traders, features of those it audited, and the model.

    `expected` is what the model expects of each trader; the declared value while there is none.
    """

    policy: LabPolicy
    begins: int = 4 * BURN_IN
    known: Known = field(default_factory=InMemory)
    audited: list[pa.Table] = field(default_factory=list)
    model: HurdleModel | None = None
    expected: Floats = field(default_factory=lambda: np.zeros(0))


def run_years(
    policy: LabPolicy,
    *,
    seed: int,
    traders: int,
    years: int,
    world: Parameters,
    known: Known | None = None,
) -> pa.Table:
    """Return the measures of each quarter of one policy in one simulated administration.

    There is a row for all traders together, and one for each group of them; what the year's lotteries measure
    of the gap is with its last quarter. The same arguments give the same table. All policies of a seed begin
    with the same years. What it knows of traders is held in memory where nothing else is `known`. Raises
    `SettingError` where the caps of a plan cannot be kept.
    """
    state = begin(traders=traders, years=BURN_IN + years, seed=seed, parameters=world)
    learner = Learner(policy, known=known or InMemory())
    rows: list[dict[str, object]] = []
    lotteries: list[Measured] = []
    for quarter in range(state.world.calendar.quarters):
        step(state, quarter, learner=learner)
        if quarter < learner.begins:
            continue
        lotteries.append(measured(state, quarter=quarter))
        about = {"policy": policy.name, "seed": seed, "quarter": quarter - learner.begins}
        captured = captured_share(state, expected=learner.expected)
        own = {
            "captured_share": captured,
            **_gaps(lotteries, ends=quarter == state.world.calendar.quarters - 1),
        }
        rows += [about | each | (own if each["by"] == ALL else {}) for each in by_group(state)]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _gaps(lotteries: Sequence[Measured], *, ends: bool) -> dict[str, float | None]:
    """Return what the lotteries of a year measure where it is over, and all of them where the run is."""
    spans = {}
    if len(lotteries) % 4 == 0:
        spans[YEAR] = gap_of(lotteries[-4:])
    if ends:
        spans[ALL_YEARS] = gap_of(lotteries)
    return {f"{name}_{span}": value for span, gap in spans.items() for name, value in gap.items()}


def step(state: SimulationState, quarter: int, *, learner: Learner) -> tuple[Lines, Lines]:
    """Simulate a quarter in which the learner's policy chooses; return its lines, and those amended in it."""
    declared, amended = simulate_quarter(state, quarter, policy=partial(_choose, learner, state))
    learner.known.add(state, declared, amended)
    return declared, amended


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
    seen = learner.known.features(state, sight=sight, quarter=quarter)
    if quarter >= learner.begins and (quarter - learner.begins) % 4 == 0:
        learner.model = _learned(learner, state, quarter=quarter)
    learner.expected = learner.model.predict(seen).expected if learner.model else sight.declared
    policy, plan = learner.policy, learner.policy.plan
    if quarter < learner.begins or (plan and learner.model is None):  # a plan needs a model
        selection = select(chance, world, traders=traders, sight=sight, quarter=quarter)
    elif plan and learner.model:
        selection = by_plan(
            plan, state, chance=chance, sight=sight, quarter=quarter, model=learner.model, features=seen
        )
    else:
        money = learner.known.at_stake(seen) if policy.score == "indicators" else learner.expected
        selection = by_score(policy, state, chance=chance, sight=sight, quarter=quarter, expected=money)
    learner.audited.append(seen.take(selection.cases.trader))
    return selection


def _learned(learner: Learner, state: SimulationState, *, quarter: int) -> HurdleModel | None:
    """Return a model of all visits closed before a quarter; None while they are too few to learn from."""
    day, first = int(state.world.calendar.starts[quarter]), 0
    tables, money = [], []
    for seen, docket, ledger in zip(learner.audited, state.dockets, state.ledgers, strict=True):
        known = taxes_booked(ledger) & (ledger.known_on < day)
        net = np.bincount(
            ledger.audit[known] - first, weights=ledger.amount[known], minlength=docket.trader.size
        )
        first += docket.trader.size
        rows = np.flatnonzero(
            (docket.closed_on < day) & ~docket.abandoned & np.isin(docket.treatment, VISITS)
        )
        tables.append(seen.take(rows))
        money.append(net[rows])
    y = np.concatenate(money)
    if y.size < FEWEST_AUDITS or not y.any():
        return None
    return learner.known.model(state).fit(pa.concat_tables(tables), y)
