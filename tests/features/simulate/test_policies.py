"""A policy chooses each quarter's audits, and the worlds say how traders answer."""

import numpy as np

from features.simulate import begin
from features.simulate.arrays import Flags, Floats
from features.simulate.audits.audit import FIELD, LETTER, Cases
from features.simulate.audits.select import RULE, Policy, Selection, Sight, frame_of
from features.simulate.chance import Chance
from features.simulate.clock import SCOPE_QUARTERS
from features.simulate.run import simulate_quarter
from features.simulate.trade.traders import Traders
from features.simulate.trade.world import World
from features.simulate.worlds.named import ADAPTING, SOURCED
from features.simulate.worlds.parameters import STANDARD, Parameters

QUARTERS = 12


def _everybody(treatment: int, *, bands: tuple[int, ...] = (0, 1, 2, 3)) -> Policy:
    """A policy that treats everybody of some sizes who can be."""

    def policy(chance: Chance, world: World, *, traders: Traders, sight: Sight, quarter: int) -> Selection:
        frame = frame_of(traders, sight=sight, quarter=quarter) & np.isin(traders.band, bands)
        trader = np.flatnonzero(frame)
        count = trader.size
        return Selection(
            cases=Cases(trader=trader, treatment=np.full(count, treatment), skill=np.ones(count)),
            channel=np.full(count, RULE),
            probability=np.full(count, np.nan),
            team=np.zeros(count, np.int64),
        )

    return policy


def _evading(parameters: Parameters, policy: Policy) -> Floats:
    """The share of traders with a scheme, by size band, at the end of a run."""
    state = begin(traders=600, years=QUARTERS // 4 + 1, seed=3, parameters=parameters)
    for quarter in range(QUARTERS):
        simulate_quarter(state, quarter, policy=policy)
    active: Flags = np.any(state.intent.active, axis=1, keepdims=True)[:, 0]
    band = state.traders.band
    return np.bincount(band, weights=active, minlength=4) / np.bincount(band, minlength=4)


def test_a_policy_decides_who_is_audited_and_how() -> None:
    state = begin(traders=120, years=2, seed=1, parameters=STANDARD)

    for quarter in range(SCOPE_QUARTERS + 1):
        simulate_quarter(state, quarter, policy=_everybody(FIELD))

    (docket,) = state.dockets
    assert set(docket.treatment) == {FIELD}
    assert docket.trader.size == np.count_nonzero(state.truths[0].eligible)


def test_letters_move_less_in_the_sourced_world_than_in_the_standard_one() -> None:
    standard, sourced = (_evading(world, _everybody(LETTER)) for world in (STANDARD, SOURCED))

    assert standard.sum() < 0.9 * sourced.sum()


def test_adapting_traders_start_where_nobody_visits() -> None:
    large_only = _everybody(FIELD, bands=(2, 3))
    fixed, adapting = (_evading(world, large_only) for world in (SOURCED, ADAPTING))

    assert adapting[0] > fixed[0]
