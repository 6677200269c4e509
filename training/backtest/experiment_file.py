"""Experiment file: the default experiment as TOML with comments, to change and hand to `--experiment`."""

import inspect
import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import date
from typing import Any

from models.fitting.boosting import MANY_AUDITS, Growth
from models.fitting.parameters import GROWTH, OPTIONS
from models.kinds import MODELS
from training.backtest.experiment import SETTINGS, Experiment

MEANINGS: Mapping[str, str] = {
    "model": f"the model to train: {', '.join(MODELS)}",
    "parameters": "arguments of the model's constructor by name",
    "against": "the rivals of the backtest; all other models if it is not given",
    "measure": "the money that is learned: what was claimed (assessed) or what was paid (collected)",
    "with_penalties": "whether penalties and interest count as money found",
    "packages": "packages of private features, added to the library",
    "without": "features, or families of them, to leave out; those combined of them go too",
    "weighted": "whether audits are weighted by the inverse of their inclusion probability",
    "folds": "how many folds the backtest has",
    "fold_months": "how long each of them is",
    "settling_months": "how long before the cutoff the last fold ends, so that its audits have closed",
    "first_fold_on": "the day of the first fold, in place of settling_months",
    "coverage": "the share of audits whose money shall lie in the interval",
    "capacity_hours": "auditors' hours at hand in a year; a tenth of what tested audits took if not given",
    "seed": "the same settings and seed give the same bytes",
}
"""What each setting of an experiment does."""
EXAMPLES: Mapping[str, Any] = {
    "against": ("declared_value", "past_yield"),
    "first_fold_on": date(2023, 1, 1),
    "capacity_hours": 20_000.0,
}
"""Values to show for the settings that have none by default."""
GIVEN = ("seed", "coverage", "monotone", "growth")
"""Arguments of models that the experiment gives by itself, or that have a table of their own."""


def experiment_toml() -> str:
    """Return the default experiment as TOML: `Experiment.read` of it is `Experiment()`.

    What has no default, and the arguments of the model, stand in comments.
    """
    return "\n".join(_lines(Experiment())) + "\n"


def _lines(experiment: Experiment) -> Iterator[str]:
    yield "# The default experiment of train and backtest. Change what you like and give the file to"
    yield "# --experiment. Lines that begin with # are not read; some are settings that have no default."
    for name, meaning in MEANINGS.items():
        if name == "parameters":
            continue
        value = getattr(experiment, name)
        _, allowed = SETTINGS[name]
        yield from ("", f"# {meaning}", f"# must be: {allowed}")
        yield _assigned(name, value) if value is not None else f"# {_assigned(name, EXAMPLES[name])}"
    yield from ("", f"# {MEANINGS['parameters']}, here those of {experiment.model}", "# [parameters]")
    for name, parameter in inspect.signature(MODELS[experiment.model]).parameters.items():
        if name not in GIVEN and parameter.default is not None:
            yield f"# {_assigned(name, parameter.default)}"
    yield from (
        "",
        f"# how its trees are grown; these are the defaults for fewer than {MANY_AUDITS:,} audits",
    )
    yield "# [parameters.growth]"
    for each in fields(Growth):
        if each.name in GROWTH and each.default is not None:
            _, allowed = GROWTH[each.name]
            yield f"# {_assigned(each.name, each.default)}  # {allowed}"
    yield from ("", "# what else LightGBM may be told; where nothing is given, its own defaults hold")
    yield "# [parameters.growth.options]"
    for name, (_, allowed) in OPTIONS.items():
        yield f"# {name}: {allowed}"


def _assigned(name: str, value: Any) -> str:
    return f"{name} = {_literal(value)}"


def _literal(value: Any) -> str:
    """Return a value as TOML writes it."""
    match value:
        case tuple():
            return f"[{', '.join(map(_literal, value))}]"
        case date():
            return value.isoformat()
        case _:
            return json.dumps(value, ensure_ascii=False)
