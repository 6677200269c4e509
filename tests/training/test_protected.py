"""Where a trader sits, how it is called and how large it is said to be do not move its score."""

from datetime import timedelta
from pathlib import Path

import numpy as np

from features.data.warehouse import open_warehouse
from features.library import LIBRARY
from features.spine import Spine
from models.prediction import Prediction
from tests.features.administration import day, finding
from tests.features.tables import Tables, write_parquet
from tests.training.tiny import FIRST, weekly
from training.backtest.candidates import new_model
from training.backtest.experiment import Experiment
from training.backtest.labelled_audits import label_audits

PROTECTED = ("region", "name", "size_band")
DESCRIBED = [each.name for each in LIBRARY.features if any(i.startswith("traders.") for i in each.inputs)]
FEATURES = LIBRARY.select(["customs_value_12m", *DESCRIBED])
"""Those that read how traders are described, and one that does not."""
CUTOFF = day("2024-10-01")


def train_and_predict(tables: Tables, folder: Path) -> Prediction:
    """Train on the audits of an administration and predict for each of its traders."""
    experiment = Experiment(parameters={"growth": {"rounds": 10, "bags": 1}})
    with open_warehouse(str(write_parquet(folder, tables))) as warehouse:
        labelled_audits = label_audits(
            warehouse, features=FEATURES, cutoff=CUTOFF, measure="assessed", with_penalties=False
        )
        model = new_model(experiment, FEATURES).fit(
            labelled_audits.X, labelled_audits.y, audits=labelled_audits.audits
        )
        spine = Spine.every([row["trader_id"] for row in tables["traders"]], [CUTOFF])
        rows = FEATURES.build(warehouse, spine).sort_by("trader_id")
    return model.predict(rows.select(FEATURES.names))


def described(tables: Tables, *, shift: int) -> Tables:
    """Give each trader the protected attributes of another."""
    traders = tables["traders"]
    marks = [{name: f"{name} {number % 3}" for name in PROTECTED} for number in range(len(traders))]
    moved = marks[shift:] + marks[:shift]
    return {**tables, "traders": [row | mark for row, mark in zip(traders, moved, strict=True)]}


def test_permuting_protected_attributes_changes_no_score(tmp_path: Path) -> None:
    large = [n for n in range(140) if n % 10 > 4]  # audits of the five traders that declare most
    money = [finding(f"A{n:03}", 1, str(FIRST + timedelta(weeks=n, days=60)), 900.0 + n) for n in large]
    tables = weekly(140, findings=money)
    before = train_and_predict(described(tables, shift=0), tmp_path / "before")
    after = train_and_predict(described(tables, shift=1), tmp_path / "after")
    assert np.ptp(before.expected) > 0
    for name in ("expected", "probability", "low", "high"):
        assert getattr(before, name).tolist() == getattr(after, name).tolist()


def test_no_feature_reads_a_protected_attribute() -> None:
    read = {column for feature in LIBRARY.features for column in feature.inputs}
    assert read.isdisjoint({f"traders.{name}" for name in PROTECTED})
