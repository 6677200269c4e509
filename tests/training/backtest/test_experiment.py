"""Experiments: every key defaulted, every wrong one refused in words."""

import json
from dataclasses import fields
from datetime import date
from pathlib import Path

import pytest

from features.errors import SettingError
from features.library import LIBRARY
from training.backtest.experiment import SETTINGS, Experiment


def read(tmp_path: Path, text: str) -> Experiment:
    path = tmp_path / "experiment.toml"
    path.write_text(text, encoding="utf-8")
    return Experiment.read(path)


def test_an_empty_file_is_the_experiment_to_begin_with(tmp_path: Path) -> None:
    assert read(tmp_path, "") == Experiment()


def test_every_setting_is_checked() -> None:
    assert list(SETTINGS) == [setting.name for setting in fields(Experiment)]


def test_all_keys_are_read(tmp_path: Path) -> None:
    experiment = read(
        tmp_path,
        """
        model = "tweedie"
        against = ["hurdle", "ridge"]
        measure = "collected"
        with_penalties = true
        without = ["history", "customs_value_12m"]
        weighted = true
        folds = 2
        fold_months = 3
        settling_months = 0
        first_fold_on = 2023-01-01
        coverage = 0.8
        capacity_hours = 12000
        seed = 7
        [parameters]
        variance = 1.5
        """,
    )
    assert experiment == Experiment(
        model="tweedie",
        parameters={"variance": 1.5},
        against=("hurdle", "ridge"),
        measure="collected",
        with_penalties=True,
        without=("history", "customs_value_12m"),
        weighted=True,
        folds=2,
        fold_months=3,
        settling_months=0,
        first_fold_on=date(2023, 1, 1),
        coverage=0.8,
        capacity_hours=12000,
        seed=7,
    )


def test_an_unknown_key_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(SettingError) as refused:
        read(tmp_path, "fold_month = 3")
    assert refused.value.found == "The experiment has no setting 'fold_month'."
    assert all(setting.name in refused.value.expected for setting in fields(Experiment))
    assert refused.value.advice == "Did you mean 'fold_months'?"


@pytest.mark.parametrize(
    "line",
    [
        "folds = 0",
        "folds = true",
        "folds = 2.0",
        'measure = "paid"',
        "measure = ['assessed']",
        'first_fold_on = "2023-01-01"',
        "first_fold_on = 2023-01-01T00:00:00",
        "first_fold_on = 9999-12-31",
        "coverage = 1.0",
        "coverage = nan",
        f"coverage = 0x{'f' * 5_000}",
        "capacity_hours = inf",
        "capacity_hours = 0",
        "seed = -1",
        'without = "history"',
        "against = [1]",
        "parameters = 3",
        'model = ""',
    ],
)
def test_a_value_that_cannot_be_used_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(SettingError, match=f"experiment's {line.split()[0]} is"):
        read(tmp_path, line)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"folds = ", "Invalid value"),
        (b"\xff\xfe", "codec"),
        (b"folds = 1\nfolds = 2", "overwrite"),
        (b"against = " + b"[" * 30_000 + b"]" * 30_000, "nested too deeply"),
        (b"parameters = " + b"{a = " * 10_000 + b"1" + b"}" * 10_000, "nested too deeply"),
        (b".".join([b"a"] * 30_000) + b" = 1", "line 1 has more than 200 dots"),
        (b"folds = 1\n" + b"#" * 70_000, "larger"),
        (b"seed = " + b"9" * 5_000, "digits"),
    ],
    ids=["value", "encoding", "twice", "arrays", "tables", "dots", "size", "digits"],
)
def test_a_file_that_cannot_be_read_at_once_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "experiment.toml"
    path.write_bytes(content)
    with pytest.raises(SettingError, match=rf"experiment\.toml cannot be read: .*{reason}") as refused:
        Experiment.read(path)
    assert len(str(refused.value)) < 400


def test_json_holds_every_setting_and_gives_the_experiment_back() -> None:
    experiment = Experiment.of(
        {"first_fold_on": date(2023, 1, 1), "without": ["tax"], "parameters": {"a": 1}}
    )
    plain = json.loads(experiment.to_json())
    assert list(plain) == [setting.name for setting in fields(Experiment)]
    given = {name: value for name, value in plain.items() if value is not None}
    assert Experiment.of(given | {"first_fold_on": date(2023, 1, 1)}) == experiment


def test_a_family_or_a_feature_is_left_out_with_what_is_combined_of_it() -> None:
    part = next(f for f in LIBRARY.features if f.source is None).parameters[0]
    left = Experiment(without=("tax", part)).features()
    assert left.names
    assert part not in left.names
    assert all(f.family != "tax" for f in left.features)
    assert all(set(f.parameters) <= set(left.names) for f in left.features if f.source is None)
    combined = {f.name for f in LIBRARY.features if f.source is None and part in f.parameters}
    assert combined
    assert not combined & set(left.names)


def test_nothing_left_out_is_the_whole_library() -> None:
    assert Experiment().features().names == LIBRARY.names


def test_a_feature_that_there_is_not_is_refused() -> None:
    with pytest.raises(SettingError, match="no feature or family 'histroy'") as refused:
        Experiment(without=("histroy",)).features()
    assert refused.value.advice == "Did you mean 'history'?"


def test_each_family_can_be_left_out_with_all_that_is_combined_of_it() -> None:
    for family in {feature.family for feature in LIBRARY.features}:
        assert family not in {feature.family for feature in Experiment(without=(family,)).features().features}
