"""Drift of a model from data: visits by lot closed since it learned, kept for the next plan and gauges."""

import shutil
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.data.dataset import Dataset
from features.errors import SettingError
from features.snapshots.cache import cached_snapshot
from models.bundle.artefact import save_bundle
from models.bundle.champion import PUBLISHED
from models.drift import read_record
from models.hurdle import HurdleModel
from serving.live.gauges import exposition
from serving.live.state import load_live
from tests.serving import tiny
from tests.serving.conftest import trained  # noqa: F401  made once for all who need it
from training.drift import DriftReport, drift, drift_to_text

LEARNED = date(2023, 1, 1)


@pytest.fixture(scope="module")
def dataset(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Dataset:  # noqa: F811
    """An administration that chose all its visits by lot, and a model that expects a find at most of them."""
    own = Path(shutil.copytree(trained, tmp_path_factory.mktemp("drift") / "own"))
    data, home = own / "sim" / "data", own / "mlruns"
    audits = pq.read_table(data / "audits.parquet")
    columns = {name: audits[name] for name in audits.column_names}
    columns |= {
        name: pa.array([value] * len(audits)).cast(audits.schema.field(name).type)
        for name, value in (("selection_channel", "random"), ("treatment", "field"))
    }
    pq.write_table(pa.table(columns), data / "audits.parquet")
    dataset = tiny.dataset(data, home)
    rows = cached_snapshot(dataset, tiny.FEATURES).table
    taken = rows.select(tiny.FEATURES.names)
    model = HurdleModel(seed=1, growth={"rounds": 20, "bags": 2})
    model.fit(
        taken,
        np.where(rows["line_count_12m"].to_numpy() > 2, 0.05 * rows["customs_value_12m"].to_numpy(), 0.0),
    )
    bundle = save_bundle(
        model,
        home / PUBLISHED / "2",
        features=tiny.FEATURES,
        fingerprint="f" * 64,
        cutoff=LEARNED,
        golden=taken.slice(0, 5),
    )
    tiny.promote(home, bundle, version="2")
    return dataset


@pytest.fixture(scope="module")
def report(dataset: Dataset) -> DriftReport:
    return drift(dataset)


def test_a_model_that_expects_too_many_adjustments_is_found(report: DriftReport) -> None:
    chance = next(each for each in report.watches if each.name == "chance")
    assert (chance.alarm, "chance" in report.alarms) == ("down", True)


def test_visits_count_that_closed_since_the_model_learned(report: DriftReport, dataset: Dataset) -> None:
    closed = pq.read_table(Path(dataset.data) / "audits.parquet").to_pylist()
    counted = [
        row
        for row in closed
        if row["status"] == "closed" and row["closed_on"] and LEARNED <= row["closed_on"] < dataset.cutoff
    ]
    assert 0 < report.audits <= len(counted)
    assert all(LEARNED <= period.first <= period.last < dataset.cutoff for period in report.periods)


def test_what_was_found_is_kept_and_shown_as_gauges(report: DriftReport, dataset: Dataset) -> None:
    assert read_record(dataset.home) == report.content()
    text = exposition(load_live(dataset), now=datetime(2024, 10, 2, tzinfo=UTC)).decode()
    assert 'audit_yield_drift_alarm{model_version="2",watch="chance"} 1.0' in text
    assert 'audit_yield_drift_sum{model_version="2",side="down",watch="chance"}' in text
    assert f"audit_yield_drift_score_index {report.score_index}" in text


def test_words_say_which_alarm_since_when_and_what_to_do(report: DriftReport) -> None:
    text = "\n".join(drift_to_text(report, top=3))
    for each in (
        "ALARM raised in",
        "less than the model expects",
        "probably since",
        "audit-yield train DATA",
    ):
        assert each in text
    assert "1.5 times as many hours by lot" in text
    quiet = replace(report, watches=tuple(replace(each, alarm=None) for each in report.watches))
    assert "look again next month" in "\n".join(drift_to_text(quiet, top=3))
    nothing = replace(quiet, audits=0, periods=(), smallest_rise=None)
    assert "Too few to judge" in "\n".join(drift_to_text(nothing, top=3))


def test_without_visits_by_lot_it_says_that_nobody_can_see(dataset: Dataset, tmp_path: Path) -> None:
    data = Path(shutil.copytree(dataset.data, tmp_path / "data"))
    audits = pq.read_table(data / "audits.parquet")
    column = audits.column_names.index("selection_channel")
    rules = pa.array(["rule"] * len(audits)).cast(audits.schema.field("selection_channel").type)
    pq.write_table(audits.set_column(column, "selection_channel", rules), data / "audits.parquet")
    report = drift(replace(dataset, data=str(data)))
    assert (report.audits, report.periods, report.smallest_rise, report.alarms) == (0, (), None, ())


def test_on_the_day_of_the_training_nothing_has_happened_since(dataset: Dataset) -> None:
    with pytest.raises(SettingError, match="nothing has happened since"):
        drift(replace(dataset, cutoff=LEARNED))
