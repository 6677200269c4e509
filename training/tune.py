"""Tuning: hyperparameters of the trees are searched on the folds of the backtest, in time order."""

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from features.data.warehouse import Warehouse
from features.errors import SettingError
from models.kinds import MODELS
from training.backtest.candidates import new_model
from training.backtest.experiment import Experiment
from training.backtest.folds import Fold
from training.backtest.labelled_audits import LabelledAudits
from training.backtest.metrics import gini
from training.backtest.populations import sample_weight
from training.backtest.run import Progress, known_on
from training.tracking.store import quiet

if TYPE_CHECKING:
    from optuna import Study, Trial

STUDIES = "studies.db"
TUNING_BAGS = 1
"""Trees of one seed rank settings as well as those of three, in a third of the time."""
FEWEST, FEWEST_ADJUSTED = 30, 5
"""Audits that a fold must have to learn from, and to judge by."""


def tune_experiment(
    warehouse: Warehouse,
    labelled_audits: LabelledAudits,
    *,
    experiment: Experiment,
    folds: tuple[Fold, ...],
    trials: int,
    home: Path,
    progress: Progress | None = None,
) -> Experiment:
    """Return the experiment with the growth of trees that did best in `trials` trials, defaults among them.

    A trial's score is the mean normalised Gini over the folds, each learned from what was known by its day;
    it is pruned where it lags behind the median of others. The study is stored below `home` under the
    settings and the data, so that a killed or interrupted tuning goes on where it was. Raises
    `SettingError` for a model that has no trees to grow, and where no fold has audits enough.
    """
    _require_growth(experiment)
    parts = _parts(warehouse, labelled_audits, experiment, folds)
    study = _study(experiment, labelled_audits, folds, home=home)
    left = trials - _finished_trials(study)
    if progress:
        progress(trials - max(left, 0), trials)

    def report_finished(study: "Study", _: Any) -> None:
        if progress:
            progress(_finished_trials(study), trials)

    if left > 0:
        study.optimize(
            lambda trial: _score(trial, experiment, parts), n_trials=left, callbacks=[report_finished]
        )
    best = study.best_params if any(t.value is not None for t in study.trials) else {}
    return _with_growth(experiment, best)


def _require_growth(experiment: Experiment) -> None:
    if "growth" not in MODELS[experiment.model]().get_params():
        raise SettingError(
            f"The model {experiment.model} has nothing to tune.",
            expected="a model that grows trees, such as hurdle.",
            advice="Leave out --trials, or choose another model.",
        )


def _parts(
    warehouse: Warehouse, labelled_audits: LabelledAudits, experiment: Experiment, folds: tuple[Fold, ...]
) -> list[tuple[LabelledAudits, LabelledAudits]]:
    """Return, for each fold with audits enough, those to learn from and those to judge by."""
    parts = [
        (known_on(warehouse, labelled_audits, fold.day, experiment), fold.test_audits(labelled_audits))
        for fold in folds
    ]
    usable = [part for part in parts if all(map(_is_enough, part))]
    if not usable:
        raise SettingError(
            "No fold before the newest two has audits enough to tune on.",
            expected=f"{FEWEST} audits to learn from and as many to judge by, {FEWEST_ADJUSTED} adjusted.",
            advice="Leave out --trials, or choose more or longer folds in the experiment.",
        )
    return usable


def _finished_trials(study: "Study") -> int:
    return sum(trial.state.is_finished() for trial in study.trials)


def _is_enough(labelled_audits: LabelledAudits) -> bool:
    return len(labelled_audits) >= FEWEST and int(np.count_nonzero(labelled_audits.y)) >= FEWEST_ADJUSTED


def _study(
    experiment: Experiment, labelled_audits: LabelledAudits, folds: tuple[Fold, ...], *, home: Path
) -> "Study":
    """Open the study of these settings, data and folds, or begin it with the defaults as first trial."""
    import optuna

    settings = json.dumps([experiment.to_json(), labelled_audits.fingerprint, [str(fold) for fold in folds]])
    optuna.logging.set_verbosity(logging.ERROR)
    with quiet():
        study = optuna.create_study(
            study_name=hashlib.sha256(settings.encode()).hexdigest()[:16],
            storage=f"sqlite:///{home / STUDIES}",
            direction="maximize",
            load_if_exists=True,
            sampler=optuna.samplers.TPESampler(seed=experiment.seed),
            pruner=optuna.pruners.MedianPruner(n_startup_trials=4),
        )
    if not study.trials:
        study.enqueue_trial(dict(DEFAULTS))
    return study


DEFAULTS: Mapping[str, Any] = {
    "rounds": 150,
    "num_leaves": 6,
    "min_data_in_leaf": 15,
    "feature_fraction": 0.3,
    "lambda_l2": 5.0,
}


def _suggest(trial: "Trial") -> dict[str, Any]:
    return {
        "rounds": trial.suggest_int("rounds", 50, 400, step=50),
        "num_leaves": trial.suggest_int("num_leaves", 3, 24),
        "min_data_in_leaf": trial.suggest_int("min_data_in_leaf", 5, 60),
        "feature_fraction": trial.suggest_float("feature_fraction", 0.1, 0.8),
        "lambda_l2": trial.suggest_float("lambda_l2", 0.1, 50.0, log=True),
    }


def _score(
    trial: "Trial", experiment: Experiment, parts: list[tuple[LabelledAudits, LabelledAudits]]
) -> float:
    import optuna

    candidate = _with_growth(experiment, {**_suggest(trial), "bags": TUNING_BAGS})
    scores: list[float] = []
    for step, (training_audits, test_audits) in enumerate(parts):
        model = new_model(candidate, training_audits.features)
        weight = sample_weight(training_audits.audits, candidate)
        model.fit(training_audits.X, training_audits.y, sample_weight=weight, audits=training_audits.audits)
        one = np.ones(len(test_audits))
        scores.append(float(gini(test_audits.y, model.predict(test_audits.X), weight=one, hours=one)))
        trial.report(float(np.mean(scores)), step)
        if trial.should_prune():
            raise optuna.TrialPruned
    return float(np.mean(scores))


def _with_growth(experiment: Experiment, growth: Mapping[str, Any]) -> Experiment:
    """Return the experiment with growth parameters; those that it sets itself stay."""
    fixed = experiment.parameters.get("growth") or {}
    return replace(experiment, parameters={**experiment.parameters, "growth": {**growth, **fixed}})
