"""Plans as policies of the lab: caps are kept, hours are those of all policies, and chances are on record."""

from copy import deepcopy
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from features.errors import SettingError
from features.simulate import begin
from features.simulate.audits.cases import HOURS, SIZES
from features.simulate.audits.select import CONTROL, LOTTERY, RANDOM, TOP_UP
from features.simulate.state import SimulationState
from features.simulate.trade.traders import BANDS
from features.simulate.worlds.named import SOURCED
from models.plan.capacity import Capacity, GroupCap
from models.plan.floors import LEAST
from training.lab.policies import POLICIES, LabPolicy
from training.lab.scored import VISITS, hours_of_quarter
from training.lab.years import Learner, step

UNCAPPED = POLICIES["plan_uncapped"]


@cache
def _three_years() -> tuple[SimulationState, Learner]:
    state, learner = begin(traders=600, years=4, seed=1, parameters=SOURCED), Learner(UNCAPPED)
    for quarter in range(learner.begins):
        step(state, quarter, learner=learner)
    return state, learner


def _planned(*caps: GroupCap) -> SimulationState:
    """The administration after the first quarter of a plan."""
    state, learner = deepcopy(_three_years())
    assert isinstance(UNCAPPED.plan, Capacity)
    learner.policy = LabPolicy("ours", plan=replace(UNCAPPED.plan, caps=caps))
    step(state, learner.begins, learner=learner)
    return state


def _share_of_large(state: SimulationState) -> float:
    docket = state.dockets[-1]
    visited = docket.trader[np.isin(docket.treatment, VISITS)]
    return float((BANDS[state.traders.band[visited]] == "large").mean())


def test_a_plan_of_the_lab_keeps_its_caps() -> None:
    assert _share_of_large(_planned(GroupCap("size_band", "large", share=0.2))) <= 0.2
    assert _share_of_large(_planned()) > 0.2


def test_a_plan_spends_the_hours_of_all_policies() -> None:
    state = _planned()
    docket = state.dockets[-1]
    spent = float((HOURS[docket.treatment] * SIZES[state.traders.band[docket.trader]]).sum())

    assert 0.9 * hours_of_quarter(state) < spent <= hours_of_quarter(state)


def test_the_chances_of_a_plan_are_on_record() -> None:
    state = _planned()
    assigned, docket = state.assigned[12], state.dockets[-1]
    chance = assigned.probability[:, list(VISITS)].sum(axis=1)

    assert (chance[np.isin(assigned.role, (LOTTERY, CONTROL))] >= LEAST).all()
    assert np.isnan(chance[assigned.role == TOP_UP]).all()
    assert np.array_equal(np.flatnonzero(assigned.treatment >= 0), docket.trader)
    by_lot = docket.channel == RANDOM
    assert np.array_equal(docket.probability[by_lot], chance[docket.trader[by_lot]])


def test_caps_that_no_plan_keeps_are_refused() -> None:
    with pytest.raises(SettingError, match="No plan keeps all caps"):
        _planned(GroupCap("size_band", "large", visits=0))
