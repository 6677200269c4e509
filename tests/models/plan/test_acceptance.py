"""Accepted plans: every trader is on record with its chances, and each treatment is a planned audit."""

from datetime import date

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from features.data.contract import TABLES
from models.plan.acceptance import assignment_rows, audit_rows
from models.plan.store import StoredPlan
from models.plan.text import treated_rows
from tests.models.plan.test_calendar import PLANNED_ON, calendar_of
from tests.models.plan.test_store import NAME, stored


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> StoredPlan:
    return stored(tmp_path_factory.mktemp("home"))


def in_contract(table: pa.Table, name: str) -> bool:
    schema = TABLES[name].schema
    return all(field.type == schema.field(field.name).type for field in table.schema)


def test_every_trader_is_on_record_with_its_chances(plan: StoredPlan) -> None:
    rows = assignment_rows(plan, known_on=PLANNED_ON)
    assert in_contract(rows, "assignments")
    assert rows["trader_id"].equals(plan.table["trader_id"])
    for row, planned in zip(rows.to_pylist(), plan.table.to_pylist(), strict=True):
        assert row["plan_id"] == NAME
        assert (row["role"] or "", row["treatment"]) == (planned["role"], planned["treatment"])
        for name in ("letter", "desk", "field", "joint"):
            chance = row[f"probability_{name}"]
            assert chance is None or 0 < chance <= 1
            assert (chance or 0.0) == (planned[f"probability_{name}"] or 0.0)


def test_each_treatment_ahead_is_an_audit_planned_by_the_right_it_has(plan: StoredPlan) -> None:
    calendar = calendar_of(plan)
    rows = audit_rows(plan, calendar, known_on=PLANNED_ON)
    assert in_contract(rows, "audits")
    treated = {row["trader_id"]: row for row in treated_rows(plan.table).to_pylist()}
    assert {row["trader_id"] for row in rows.to_pylist()} == set(treated)
    for row in rows.to_pylist():
        planned = treated[row["trader_id"]]
        by_lot = planned["role"] == "lottery"
        assert row["status"] == "planned"
        assert (row["period_from"], row["period_to"]) == (date(2024, 1, 1), date(2024, 12, 31))
        assert (row["selection_channel"] == "random") == (
            by_lot and planned["treatment"] in ("field", "joint")
        )
        chance = {"certain": 1.0, "lottery": planned[f"probability_{row['treatment']}"], "top_up": None}
        assert row["inclusion_probability"] == chance[planned["role"]]


def test_what_has_begun_is_not_planned_again(plan: StoredPlan) -> None:
    first = audit_rows(plan, calendar_of(plan), known_on=PLANNED_ON)
    trader = first["trader_id"][0].as_py()
    calendar = calendar_of(plan, begun=[(trader, date(2025, 1, 7), False)], from_day=date(2025, 2, 1))
    again = audit_rows(plan, calendar, known_on=date(2025, 2, 1))
    assert again.num_rows == first.num_rows - 1
    assert not pc.any(pc.equal(again["trader_id"], trader)).as_py()
