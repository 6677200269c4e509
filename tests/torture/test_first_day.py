"""Small and odd administrations, from tables to a ranking: few audits, nil ones, one trader, one year."""

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from features.data.contract import TABLES
from features.data.dataset import Dataset
from models.card import BY_INDICATORS
from serving.live.state import load_live
from tests.clock import now
from tests.torture import TORTURE
from tests.torture.small import CUTOFF, TODAY, Tables, money_columns, simulated_tables, with_audits, written
from training.backtest.experiment import Experiment
from training.current_model import current_model
from training.score import score

pytestmark = pytest.mark.skipif(not TORTURE, reason="long: AUDIT_YIELD_TORTURE=1")

BEYOND_CONTRACT = ("closed_on",)
"""A column that closed audits must fill though the table may lack it."""


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    return simulated_tables(tmp_path_factory.mktemp("simulated") / "out")


def one_year(tables: Tables) -> Tables:
    lines = tables["declarations"]
    recent = pc.greater_equal(lines["accepted_on"], pa.scalar(date(2024, 1, 1)))
    return with_audits({**tables, "declarations": lines.filter(recent)}, 0)


def one_region(tables: Tables) -> Tables:
    traders = tables["traders"]
    region = pa.array(["KR-11"] * len(traders))
    column = traders.column_names.index("region")
    return {**with_audits(tables, 30), "traders": traders.set_column(column, "region", region)}


def required_columns(tables: Tables) -> Tables:
    tables = with_audits(tables, 30)
    first = tables["declarations"].filter(pc.equal(tables["declarations"]["version"], 0))
    return {
        name: table.select(
            [
                column.name
                for column in TABLES[name].columns
                if column.required or column.name in BEYOND_CONTRACT
                if column.name in table.column_names
            ]
        )
        for name, table in {**tables, "declarations": first}.items()
        if TABLES[name].required
    }


def one_trader(tables: Tables) -> Tables:
    lines = tables["declarations"]["trader_id"].value_counts().to_pylist()
    busiest = max(lines, key=lambda each: each["counts"])["values"]
    tables = {name: tables[name] for name in ("declarations", "traders", "audits", "findings")}
    of_trader = {
        name: table.filter(pc.equal(table["trader_id"], busiest))
        for name, table in with_audits(tables, 0).items()
        if "trader_id" in table.column_names
    }
    return {**with_audits(tables, 0), **of_trader}


def in_unit(tables: Tables, unit: float) -> Tables:
    """Return tables with all money in another currency."""
    return {
        name: pa.table(
            {
                column: pc.multiply(values, unit) if column in money_columns(name) else values
                for column, values in zip(table.column_names, table.columns, strict=True)
            }
        )
        for name, table in tables.items()
    }


CASES: Mapping[str, Callable[[Tables], Tables]] = {
    "no audit": lambda tables: with_audits(tables, 0),
    "5 audits": lambda tables: with_audits(tables, 5),
    "30 audits": lambda tables: with_audits(tables, 30),
    "100 audits": lambda tables: with_audits(tables, 100),
    "300 audits": lambda tables: with_audits(tables, 300),
    "30 nil": lambda tables: with_audits(tables, 30, found=lambda amount: 0.0),
    "300 nil": lambda tables: with_audits(tables, 300, found=lambda amount: 0.0),
    "one finding type": lambda tables: with_audits(tables, 100, types=("valuation",)),
    "30 with refunds only": lambda tables: with_audits(tables, 30, found=lambda amount: -amount),
    "300 with refunds only": lambda tables: with_audits(tables, 300, found=lambda amount: -amount),
    "no random audit": lambda tables: with_audits(tables, 100, channels=("rule",)),
    "12 months": one_year,
    "one region": one_region,
    "required columns": required_columns,
    "one trader": one_trader,
    "x 1e7": lambda tables: in_unit(with_audits(tables, 30), 1e7),
    "x 1e-7": lambda tables: in_unit(with_audits(tables, 30), 1e-7),
}
LEARNED_FROM = {"100 audits", "300 audits", "300 with refunds only", "one finding type", "no random audit"}
"""Cases with more than 20 adjusted audits."""


@pytest.mark.parametrize("case", CASES)
def test_a_run_ends_with_a_ranking_that_says_what_it_is_by(
    case: str, simulated: Tables, tmp_path: Path
) -> None:
    data = written(CASES[case](simulated), tmp_path / "data")
    dataset = Dataset(data=str(data), cutoff=CUTOFF, today=TODAY, home=tmp_path / "mlruns")
    current = current_model(dataset, Experiment(against=("declared_value",)), clock=now)
    ranking = score(dataset, model=current.version)
    assert ranking.num_rows == current.snapshot.table.num_rows > 0
    assert np.isfinite(ranking["expected_yield"].to_numpy()).all()
    marked = set(ranking["ranked"].to_pylist()) == {BY_INDICATORS}
    assert marked == (case not in LEARNED_FROM)
    if current.serves:
        assert (current.bundle.card.mark() in load_live(dataset).warnings(CUTOFF)) == marked
