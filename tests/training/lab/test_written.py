"""What was assigned to whom, and with what probability, is written where a world has the table."""

from datetime import date
from functools import partial
from pathlib import Path

import duckdb
import numpy as np
import pytest

from features.data.check import check
from features.data.warehouse import open_warehouse
from features.simulate import simulate
from features.simulate.worlds.named import SOURCED
from models.gap.lotteries import lotteries_of
from training.lab.policies import POLICIES
from training.lab.years import Learner, step

AFTER = date(2025, 1, 1)


@pytest.fixture(scope="module", params=[None, "plan"])
def data(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An administration that selects by itself, and one in whose last year a plan of the lab does."""
    out = tmp_path_factory.mktemp("written") / "out"
    if request.param is None:
        simulate(out, traders=300, years=3, seed=1, world=SOURCED)
    else:
        own = partial(step, learner=Learner(POLICIES[request.param], begins=8))
        simulate(out, traders=300, years=3, seed=1, world=SOURCED, step=own)
    return out / "data"


def test_assignments_keep_the_contract(data: Path) -> None:
    with open_warehouse(str(data)) as warehouse:
        assert check(warehouse, today=date(2024, 12, 31)).report.violations == ()


def test_every_audit_by_lot_was_assigned_with_its_probability(data: Path) -> None:
    rows = duckdb.sql(
        f"""SELECT audits.inclusion_probability,
            coalesce(probability_field, 0) + coalesce(probability_joint, 0), role, assignments.treatment
        FROM '{data}/audits.parquet' AS audits LEFT JOIN '{data}/assignments.parquet' AS assignments
        ON plan_id = selection_run_id AND audits.trader_id = assignments.trader_id
        WHERE selection_channel = 'random'"""  # noqa: S608  paths of the test
    ).fetchall()

    assert rows
    assert {(role, treatment in ("field", "joint")) for *_, role, treatment in rows} == {("lottery", True)}
    assert [chance for _, chance, *_ in rows] == [probability for probability, *_ in rows]


def test_the_gap_is_measured_by_what_is_on_record(data: Path) -> None:
    with open_warehouse(str(data)) as warehouse:
        lotteries, _ = lotteries_of(warehouse, AFTER)

    assert len(lotteries) == 8
    assert all(each.is_recorded for each in lotteries)
    assert all((each.chance[each.drawn] > 0).all() for each in lotteries)
    assert sum(np.count_nonzero(each.answered & each.drawn) for each in lotteries) > 0
