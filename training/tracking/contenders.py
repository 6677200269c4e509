"""Contenders of a training and their folds, as runs below its own with metrics of the same names."""

from collections.abc import Iterable, Mapping
from datetime import date

import numpy as np

from models.card import Score
from training.backtest.gain import gathered
from training.backtest.run import BacktestReport
from training.tracking.run import Run

PER_CENT = np.arange(101)
"""The steps of a gain curve: per cent of the audits, the highest prediction first."""


def log_contenders(run: Run, report: BacktestReport) -> None:
    """Log a run a contender, and below it one a fold, which MLflow's compare view sets side by side.

    Their metrics are `metric/population`, with no model in the name; `metric/population/fold` has the number
    of the fold as its step, `gain` the per cent of the audits: MLflow draws contenders as lines of one chart.
    """
    if not report.scores:
        return
    out_of_fold = report.out_of_fold
    audits = np.linspace(0.0, 100.0, len(out_of_fold) + 1)
    used = [each for each in report.folds if each.enough]
    for model, prediction in out_of_fold.predictions.items():
        scores = [each for each in report.scores if each.model == model and each.against is None]
        with run.nested(model, level="contender") as contender:
            contender.parameters({"model": model})
            contender.metrics(_metrics(scores, fold=None))
            gain = np.interp(PER_CENT, audits, gathered(out_of_fold.y, prediction))
            contender.curve("gain", gain.tolist(), steps=PER_CENT.tolist())
            for step, each in enumerate(used, start=1):
                of_fold = _metrics(scores, fold=each.fold.day)
                contender.metrics({f"{name}/fold": value for name, value in of_fold.items()}, step=step)
                with contender.nested(f"{model} {each.fold.day}", level="fold") as fold:
                    sizes = {"learned": each.learned, "tested": each.tested}
                    fold.parameters({"model": model, "fold": each.fold.day.isoformat(), **sizes})
                    fold.metrics(of_fold)


def _metrics(scores: Iterable[Score], *, fold: date | None) -> Mapping[str, float | None]:
    return {f"{each.metric}/{each.population}": each.value for each in scores if each.fold == fold}
