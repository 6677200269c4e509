"""Burden: every group's visits, how many find nothing, and the plan without caps on visits beside it."""

import numpy as np
import pytest

from models.plan.audit_plan import AuditPlan, make_plan
from models.plan.burden import GroupBurden, burdens
from models.plan.candidates import GROUPS
from models.plan.capacity import GroupCap
from tests.models.plan.small import capacity, population


@pytest.fixture(scope="module")
def plan() -> AuditPlan:
    return make_plan(population(300), capacity(caps=(GroupCap("size_band", "large", visits=8.0),)), seed=1)


@pytest.fixture(scope="module")
def by_group(plan: AuditPlan) -> dict[tuple[str, str], GroupBurden]:
    return {(each.by, each.group): each for each in burdens(plan)}


def test_the_groups_of_each_kind_share_all_visits_and_hours(
    plan: AuditPlan, by_group: dict[tuple[str, str], GroupBurden]
) -> None:
    visits = int(np.isin(plan.drawn.treatment, (2, 3)).sum())
    for by in GROUPS:
        own = [each for each in by_group.values() if each.by == by]
        assert sum(each.visits for each in own) == visits
        assert sum(each.traders for each in own) == len(plan.candidates)
        assert sum(each.hours for each in own) == pytest.approx(plan.hours.sum())


def test_visits_that_find_nothing_follow_from_the_chance_of_an_adjustment(
    by_group: dict[tuple[str, str], GroupBurden],
) -> None:
    for group, chance in (("large", 0.4), ("small", 0.2)):
        each = by_group["size_band", group]
        assert each.in_vain == pytest.approx(each.visits * (1 - chance))
        assert each.selection_rate == each.visits / each.traders


def test_a_cap_shows_in_the_plan_without_it(by_group: dict[tuple[str, str], GroupBurden]) -> None:
    large, small = by_group["size_band", "large"], by_group["size_band", "small"]
    assert large.visits <= 8 < large.visits_without_caps
    assert small.visits > small.visits_without_caps
