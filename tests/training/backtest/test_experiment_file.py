"""The default experiment as a file: read back it is the default, and every comment in it is a setting."""

import tomllib
from pathlib import Path

from features.library import LIBRARY
from training.backtest.candidates import new_model
from training.backtest.experiment import SETTINGS, Experiment
from training.backtest.experiment_file import MEANINGS, experiment_toml


def test_read_back_it_is_the_default_experiment(tmp_path: Path) -> None:
    file = tmp_path / "experiment.toml"
    file.write_text(experiment_toml(), encoding="utf-8")
    assert Experiment.read(file) == Experiment()


def test_every_setting_is_in_it_with_what_it_means_and_must_be() -> None:
    assert set(MEANINGS) == set(SETTINGS)
    lines = experiment_toml().splitlines()
    for name, (_, allowed) in SETTINGS.items():
        if name != "parameters":
            [row] = [k for k, line in enumerate(lines) if line.removeprefix("# ").startswith(f"{name} = ")]
            assert lines[row - 2 : row] == [f"# {MEANINGS[name]}", f"# must be: {allowed}"]


def test_its_commented_settings_are_valid_and_those_of_the_model_its_own() -> None:
    lines = [line.removeprefix("# ") for line in experiment_toml().splitlines()]
    settings = "\n".join(line for line in lines if " = " in line or line.startswith("["))
    experiment = Experiment.of(tomllib.loads(settings))
    assert experiment.against == ("declared_value", "past_yield")
    assert None not in (experiment.first_fold_on, experiment.capacity_hours)
    parameters = new_model(experiment, LIBRARY).get_params()
    assert {name: parameters[name] for name in experiment.parameters} == experiment.parameters
    assert experiment.parameters["growth"]["rounds"] == 150
