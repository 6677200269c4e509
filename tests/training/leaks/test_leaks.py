"""Planted leaks are all caught, a sound administration raises no alarm, and data known to leak does."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pyarrow as pa
import pytest

from features.data.warehouse import Warehouse, open_warehouse
from features.library import LIBRARY
from features.simulate import simulate
from tests.features.data.systems.exports import KCS_FILES, bring
from tests.training.planted import PLANTS
from training.backtest.labelled_audits import LabelledAudits, label_audits
from training.leaks import LeakReport, leak_report

CUTOFF = date(2025, 1, 1)
FEATURES = LIBRARY.select(["customs_value_24m", "amended_taxes_24m", "tax_arrears_12m", "border_revenue_24m"])
PARAMETERS = {
    "objective": "binary",
    "learning_rate": 0.05,
    "num_leaves": 8,
    "min_data_in_leaf": 10,
    "verbosity": -1,
    "num_threads": 1,
    "seed": 1,
}

FEW_PLANTS = (
    "corrections written over what was declared",
    "findings dated back before their audit opened",
    "arrears that hold what the audit found, filed before it",
    "guilty lines keyed in anew",
)
"""Those of every run: by clock, by content, by a feature and by a line's delay."""


@dataclass(frozen=True)
class TrainedWarehouse:
    warehouse: Warehouse
    labelled_audits: LabelledAudits
    oof: pa.Table

    def report(self) -> LeakReport:
        return leak_report(self.warehouse, self.labelled_audits, self.oof, cutoff=CUTOFF)


@contextmanager
def trained(data: Path) -> Iterator[TrainedWarehouse]:
    with open_warehouse(str(data)) as warehouse:
        labelled_audits = label_audits(
            warehouse, features=FEATURES, cutoff=CUTOFF, measure="assessed", with_penalties=False
        )
        yield TrainedWarehouse(warehouse, labelled_audits, walked_forward(labelled_audits))


def walked_forward(labelled_audits: LabelledAudits) -> pa.Table:
    """Learn on the first third of the audits, then on two, and predict the next third."""
    starts = np.linspace(0, len(labelled_audits), 4).astype(int)[1:]
    return pa.concat_tables(predicted(labelled_audits, start, end) for start, end in pairwise(starts))


def predicted(labelled_audits: LabelledAudits, start: int, end: int) -> pa.Table:
    matrix = np.column_stack([labelled_audits.X[name].to_numpy() for name in labelled_audits.X.column_names])
    known = lgb.Dataset(matrix[:start], (labelled_audits.y != 0)[:start])
    chance = np.asarray(lgb.train(PARAMETERS, known, num_boost_round=40).predict(matrix[start:end]))
    audits = labelled_audits.audits.slice(start, end - start)
    columns = {"probability": chance, "expected": chance * 1000.0, "yield_amount": audits["yield_amount"]}
    columns |= {name: audits[name] for name in ("audit_id", "opened_on")}
    same = {"fold": str(start), "model": "plain"}
    return pa.table(columns | {name: pa.array([value] * len(audits)) for name, value in same.items()})


def raised(report: LeakReport) -> list[str]:
    return [alarm.name for alarm in report.raised]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sound") / "out"
    simulate(out, traders=2000, years=4, seed=3)
    return out / "data"


@pytest.fixture(scope="module")
def sound_state(sound: Path) -> Iterator[TrainedWarehouse]:
    with trained(sound) as state:
        yield state


@pytest.fixture(scope="module")
def sound_report(sound_state: TrainedWarehouse) -> LeakReport:
    return sound_state.report()


@pytest.fixture(scope="module")
def planted(sound: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], LeakReport]:
    """Report on the administration after a leak was planted, once for each leak."""

    @cache
    def report(name: str) -> LeakReport:
        data = PLANTS[name].grow(sound, tmp_path_factory.mktemp("planted") / "data")
        with trained(data) as state:
            return state.report()

    return report


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=() if name in FEW_PLANTS else pytest.mark.long) for name in PLANTS],
)
def test_a_planted_leak_is_caught(name: str, planted: Callable[[str], LeakReport]) -> None:
    report = planted(name)
    assert PLANTS[name].alarm in raised(report)
    assert report.suspected


def test_a_sound_administration_raises_no_alarm(sound_report: LeakReport) -> None:
    assert raised(sound_report) == []
    assert not sound_report.suspected
    judged = [alarm for alarm in sound_report.alarms if alarm.value is not None]
    assert len(judged) > 25
    assert {plant.alarm for plant in PLANTS.values()} <= {alarm.name for alarm in sound_report.alarms}


@pytest.mark.parametrize(
    ("traders", "years", "seed"), [(600, 3, 1), pytest.param(1200, 4, 4, marks=pytest.mark.long)]
)
def test_other_sound_administrations_raise_none_either(
    traders: int, years: int, seed: int, tmp_path: Path
) -> None:
    simulate(tmp_path / "out", traders=traders, years=years, seed=seed)
    with trained(tmp_path / "out" / "data") as state:
        assert raised(state.report()) == []


def test_the_same_data_gives_the_same_report(sound_state: TrainedWarehouse, sound_report: LeakReport) -> None:
    assert sound_state.report() == sound_report


def test_a_column_that_is_the_outcome_is_caught(sound_state: TrainedWarehouse) -> None:
    rows = sound_state.labelled_audits
    leaky = replace(rows, X=rows.X.append_column("other", pa.array(rows.y * 0.5)))
    report = replace(sound_state, labelled_audits=leaky).report()
    assert set(raised(report)) == {"one_feature", "columns_without_definition"}


def test_a_feature_overwritten_by_the_outcome_is_caught(sound_state: TrainedWarehouse) -> None:
    rows = sound_state.labelled_audits
    column = rows.X.column_names.index("border_revenue_24m")
    leaky = replace(rows, X=rows.X.set_column(column, "border_revenue_24m", pa.array(rows.y)))
    report = replace(sound_state, labelled_audits=leaky).report()
    assert set(raised(report)) == {"one_feature", "features_differ_when_rebuilt"}


def test_a_feature_that_is_empty_where_nothing_was_found_is_caught(sound_state: TrainedWarehouse) -> None:
    rows = sound_state.labelled_audits
    emptied = pa.array(np.where(rows.y == 0, np.nan, 7.0))
    report = replace(
        sound_state, labelled_audits=replace(rows, X=rows.X.append_column("other", emptied))
    ).report()
    assert "one_feature" in raised(report)


@pytest.mark.skipif(
    not all(file.exists() for file in KCS_FILES), reason="the published Korean declarations are not here"
)
@pytest.mark.long
def test_published_lines_whose_labels_were_joined_to_goods_are_flagged(tmp_path: Path) -> None:
    bring("kcs", *KCS_FILES, out=tmp_path / "data")
    with trained(tmp_path / "data") as state:
        report = state.report()
    assert "controls_by_goods" in raised(report)


def test_a_report_is_plain_data_and_says_what_to_do(planted: Callable[[str], LeakReport]) -> None:
    name = "findings dated back before their audit opened"
    report = planted(name)
    content = json.loads(report.to_json())
    [alarm] = [each for each in content["alarms"] if each["name"] == PLANTS[name].alarm]
    assert content["suspected"] is alarm["raised"] is True
    assert (alarm["value"], alarm["limit"]) == (1.0, 0.01)
    text = list(report.to_text())
    assert text[0].startswith("LEAK SUSPECTED: 1 of ")
    assert "restore the day on which each row was booked" in text[1]
