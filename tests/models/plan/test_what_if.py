"""What-if of a plan: bounds and prices follow the capacity, and no trader is named."""

import pytest

from features.errors import SettingError
from models.plan.capacity import GroupCap
from models.plan.store import StoredPlan
from models.plan.what_if import changed_capacity, what_if
from tests.models.plan.test_store import stored


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> StoredPlan:
    return stored(tmp_path_factory.mktemp("home"))


def test_without_a_change_it_is_the_program_of_the_plan(plan: StoredPlan) -> None:
    answer = what_if(plan, changed_capacity(plan.capacity))
    assert answer["bound"] == answer["bound_of_plan"] == plan.record["bound"]
    assert [cap["price"] for cap in answer["caps"]] == [cap["price"] for cap in plan.record["caps"]]


def test_more_hours_are_worth_no_more_than_their_price_says(plan: StoredPlan) -> None:
    """Prices are those of one hour more: each further one is worth the same or less."""
    [cap] = [cap for cap in plan.record["caps"] if cap["name"] == "field hours of XA1"]
    more = changed_capacity(plan.capacity, offices={"XA1": {"field": cap["bound"] + 50}}, random_share=0.15)
    gain = what_if(plan, more)["bound"] - plan.record["bound"]
    assert 0 < gain <= 50 * cap["price"] * (1 + 1e-9)


def test_a_cap_lowers_the_bound_and_a_smaller_lottery_raises_it(plan: StoredPlan) -> None:
    capped = changed_capacity(plan.capacity, caps=[GroupCap("size_band", "large", visits=12.0)])
    smaller = changed_capacity(plan.capacity, random_share=0.05)
    assert what_if(plan, capped)["bound"] < plan.record["bound"] < what_if(plan, smaller)["bound"]


def test_all_hours_keep_their_parts(plan: StoredPlan) -> None:
    halved = changed_capacity(plan.capacity, hours=plan.capacity.hours / 2)
    assert halved.offices["XA1"].field == plan.capacity.offices["XA1"].field / 2
    assert halved.offices["XA2"].desk == plan.capacity.offices["XA2"].desk / 2


def test_it_names_nobody(plan: StoredPlan) -> None:
    answer = str(what_if(plan, plan.capacity))
    assert not any(trader in answer for trader in plan.table["trader_id"].to_pylist())


def test_an_office_that_the_plan_does_not_have_is_refused(plan: StoredPlan) -> None:
    with pytest.raises(SettingError, match="There is no office 'XA9'"):
        changed_capacity(plan.capacity, offices={"XA9": {"field": 10.0}})
