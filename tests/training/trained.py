"""Trainings that learned nothing: what a gate looks at is written by hand; the bundle is a true one."""

from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa

from models.prediction import Floats, Prediction
from tests.clock import now
from tests.models.tiny import saved
from training.backtest.out_of_fold import OutOfFold, oracle
from training.labels.report import LabelReport
from training.leaks.alarm import Alarm, LeakReport
from training.tracking.registry import LABELS, LEAKS, OUT_OF_FOLD
from training.tracking.run import Run, tracked

FOLDS = (date(2023, 1, 1), date(2023, 7, 1), date(2024, 1, 1))
TAGS = {
    "kind": "hurdle",
    "as_of": "2024-07-01",
    "captured": "0.50",
    "calibration": "1.00",
    "leak": "none",
    "gate": "-",
}
LEAK = LeakReport((Alarm("clock", raised=True, value=0.5, limit=0.1, sentence="Half is known too early."),))


def money(count: int = 300) -> Floats:
    """Every fourth audit brings something, the amounts spread over two orders of magnitude."""
    rng = np.random.default_rng(5)
    return np.where(np.arange(count) % 4 == 0, rng.lognormal(8, 1, count), 0.0)


def prediction_of(expected: Floats, *, probability: float = 0.25) -> Prediction:
    """What a model says that gives everyone the same chance."""
    chance = np.full(len(expected), probability)
    low, high = np.zeros_like(expected), np.full_like(expected, 1e9)
    return Prediction(expected, chance, low, high, low, high, np.zeros((len(expected), 0)), ())


def sighted(y: Floats, *, noise: float, seed: int = 1) -> Prediction:
    """A model that sees the money through noise, and whose total is right: the more noise, the worse."""
    rng = np.random.default_rng(seed)
    seen = (y + 300.0) * rng.lognormal(0, noise, len(y))
    return prediction_of(seen * y.sum() / seen.sum())


def blind(y: Floats) -> Prediction:
    """A model that ranks by chance."""
    rng = np.random.default_rng(9)
    seen = rng.random(len(y))
    return prediction_of(seen * y.sum() / seen.sum())


def audits(count: int = 300, *, first: int = 0) -> pa.Table:
    """Audits in the field chosen by rule, of a trader each, a third in each fold."""
    number = list(range(first, first + count))
    fold = [FOLDS[3 * row // count] for row in range(count)]
    return pa.table(
        {
            "audit_id": [f"A{n}" for n in number],
            "trader_id": [f"T{n}" for n in number],
            "opened_on": [day + timedelta(days=n % 100) for n, day in zip(number, fold, strict=True)],
            "treatment": ["field"] * count,
            "selection_channel": ["rule"] * count,
            "inclusion_probability": pa.nulls(count, pa.float64()),
            "hours_spent": [10.0] * count,
            "yield_amount": money(count),
            "fold": pa.array(fold, pa.date32()),
        }
    )


def training(
    home: Path,
    *,
    hurdle: Prediction | None = None,
    leaks: LeakReport = LeakReport(()),  # noqa: B008  frozen
    labels: LabelReport = LabelReport(()),  # noqa: B008  frozen
    measure: str = "assessed",
) -> str:
    """Leave in a home what a training leaves that ended well; return its version."""
    with tracked("hurdle", home=home, clock=now) as run:
        return ended(run, hurdle=hurdle, leaks=leaks, labels=labels, measure=measure)


def ended(
    run: Run,
    *,
    hurdle: Prediction | None = None,
    leaks: LeakReport = LeakReport(()),  # noqa: B008  frozen
    labels: LabelReport = LabelReport(()),  # noqa: B008  frozen
    measure: str = "assessed",
) -> str:
    y = money()
    models = {"hurdle": hurdle or sighted(y, noise=0.3), "past_yield": blind(y), "oracle": oracle(y)}
    run.parameters({"measure": measure, "with_penalties": False})
    evidence = {
        OUT_OF_FOLD: OutOfFold(audits(), models).to_parquet(),
        LEAKS: leaks.to_json().encode(),
        LABELS: labels.to_json().encode(),
    }
    for name, content in evidence.items():
        run.file(content, name)
    with TemporaryDirectory() as folder:
        saved(Path(folder) / "bundle", evidence=evidence)
        return run.register(Path(folder) / "bundle", tags=TAGS, description="A model.")
