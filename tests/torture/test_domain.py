"""Whatever the check lets through, the commands survive: money drawn from the smallest to the largest."""

import warnings
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest

from features.data.contract.rule import LARGEST_NUMBER
from features.data.dataset import Dataset
from serving.live.case import Case
from serving.live.state import load_live
from tests.torture import TORTURE
from tests.torture.command import Place, call
from tests.torture.small import CUTOFF, TODAY, Tables, money_columns, simulated_tables, with_audits, written

SMALLEST, LARGEST = -6.0, 15.0
"""Powers of ten of the sizes that are drawn."""
EXPERIMENT = """
against = ["declared_value"]
folds = 1
fold_months = 9
"""
SEEDS = range(12 if TORTURE else 1)


def resized(tables: Tables, *, rng: np.random.Generator) -> Tables:
    """Return tables with money of other sizes, signs kept: of each column its own, of a few rows any."""
    return {name: _resized(table, money_columns(name), rng) for name, table in tables.items()}


def _resized(table: pa.Table, columns: set[str], rng: np.random.Generator) -> pa.Table:
    order = rng.uniform(SMALLEST, LARGEST - 6, size=len(columns))
    for name, typical in zip(sorted(columns & set(table.column_names)), order, strict=False):
        values = table[name].to_numpy(zero_copy_only=False).astype(float)
        stray = rng.uniform(SMALLEST, LARGEST, size=len(values))
        power = np.where(rng.random(len(values)) < 0.02, stray, typical + rng.normal(0, 1, len(values)))
        size = np.clip(10.0**power, 10.0**SMALLEST, LARGEST_NUMBER)
        drawn = np.where(np.isnan(values) | (values == 0), values, np.copysign(size, values))
        column = pa.array(drawn, table.schema.field(name).type, from_pandas=True)
        table = table.set_column(table.column_names.index(name), name, column)
    return table


@pytest.mark.long
@pytest.mark.parametrize("seed", SEEDS)
def test_commands_survive_all_money_that_the_check_accepts(seed: int, place: Place, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    tables = with_audits(simulated_tables(tmp_path / "simulated"), int(rng.choice([30, 120, 300])))
    data = str(written(resized(tables, rng=rng), place.work / "data"))
    (place.work / "experiment.toml").write_text(EXPERIMENT)
    as_of = ("--as-of", CUTOFF.isoformat())
    said = [call(place, "check", data)[0]]
    said += [call(place, "features", data, *as_of, "--out", "features.csv")[0]]
    said += [call(place, "train", data, *as_of, "--experiment", "experiment.toml")[0]]
    said += [call(place, "promote", "1", "--force", "whatever it is worth")[0]]
    said += [call(place, "score", data, *as_of, "--out", "scores.csv")[0]]
    assert not [each for each in said if "Warning" in each]
    scores = pyarrow.csv.read_csv(place.work / "scores.csv")
    assert np.isfinite(scores["expected_yield"].to_numpy()).all()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        live = load_live(Dataset(data=data, cutoff=CUTOFF, today=TODAY, home=place.home))
        for trader_id in live.row_index:
            assert np.isfinite(Case.of(live, trader_id).explanation.total).all()
