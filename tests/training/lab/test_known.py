"""Features in memory are the pipeline's on shared columns, of traders whose lines stand as declared."""

from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pytest

from features.build import FeatureSet
from features.data.warehouse import open_warehouse
from features.library.exposure.volume import customs_value, line_count
from features.library.origin.preferences import preference_share
from features.simulate import simulate
from features.simulate.state import SimulationState
from features.simulate.trade.lines import Lines
from features.simulate.worlds.named import SOURCED
from features.spine import Spine
from training.lab.known import EXPOSURE, InMemory, Tallies, at_stake
from training.lab.policies import POLICIES
from training.lab.years import Learner, step

CUTOFF, QUARTER = date(2024, 10, 1), 6
"""The day after the seventh of eight quarters, so that what became known late is in the data."""
AS_DECLARED = """
    SELECT trader_id FROM '{data}/declarations.parquet'
    WHERE accepted_on >= DATE '2023-10-01' AND accepted_on < DATE '2024-10-01'
    GROUP BY trader_id HAVING max(version) = 0 AND max(known_on) < DATE '2024-10-01' ORDER BY trader_id"""


def test_features_in_memory_are_those_of_the_pipeline_on_shared_columns(tmp_path: Path) -> None:
    known = InMemory()
    learner = Learner(POLICIES["rules"], begins=99, known=known)
    years: list[list[Tallies]] = []

    def remember(state: SimulationState, quarter: int) -> tuple[Lines, Lines]:
        lines = step(state, quarter, learner=learner)
        years.append(known.year)
        return lines

    simulate(tmp_path / "out", traders=300, years=2, seed=1, world=SOURCED, step=remember)
    summed = years[QUARTER]
    year = {name: np.sum([quarter[name] for quarter in summed], axis=0) for name in summed[0]}
    data = tmp_path / "out" / "data"
    traders = [row[0] for row in duckdb.sql(AS_DECLARED.format(data=data)).fetchall()]
    shared = FeatureSet.of((customs_value, line_count, preference_share))
    with open_warehouse(str(data)) as warehouse:
        built = shared.build(warehouse, Spine.of(traders, [CUTOFF] * len(traders)))
    rows = [int(trader[1:]) for trader in traders]

    assert len(rows) > 100
    value = year[EXPOSURE][rows]
    in_memory = {
        "customs_value_12m": value,
        "line_count_12m": year["lines"][rows],
        "preference_share_12m": year["preference_value"][rows] / value,
    }
    for name, values in in_memory.items():
        assert built[name].to_pylist() == pytest.approx(values.tolist()), name


def test_money_at_stake_is_a_share_of_the_trade_and_rises_with_every_suspicion() -> None:
    quiet = {
        EXPOSURE: 1e6,
        "taxes": 2e5,
        "price_gap_amount": 0.0,
        "lower_rate_amount": 0.0,
        "preference_value": 1e5,
        "unproven_value": 0.0,
        "other_route_value": 0.0,
        "relieved_value": 0.0,
    }
    saved = quiet | {"lower_rate_amount": 1e4}
    suspected = [
        quiet,
        quiet | {"price_gap_amount": 1e5},
        quiet | {"relieved_value": 1e5},
        saved,
        saved | {"unproven_value": 5e4},
        saved | {"other_route_value": 5e4},
    ]
    columns = {name: np.array([each[name] for each in suspected]) for name in quiet}
    money = at_stake(columns)

    assert money[0] == pytest.approx(0.003 * 1e6)
    assert (money[1:4] > money[0]).all()
    assert (money[4:] > money[3]).all()
    assert at_stake({name: 1000 * values for name, values in columns.items()}) == pytest.approx(1000 * money)
