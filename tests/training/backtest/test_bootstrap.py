"""How sure a metric is: seeded, paired, by trader, and silent where audits are few."""

import numpy as np
import pytest

from models.prediction import Prediction
from tests.optional import not_none
from training.backtest.bootstrap import Estimate, EvaluationSet, estimate, resample_metrics
from training.backtest.metrics import metrics

ALL = metrics()
COVERAGE = {"coverage": ALL["coverage"]}


def evaluation_set(
    y: np.ndarray, *, trader: np.ndarray | None = None, weight: np.ndarray | None = None
) -> EvaluationSet:
    n = len(y)
    return EvaluationSet(
        y=y,
        weight=np.ones(n) if weight is None else weight,
        hours=np.full(n, 10.0),
        trader=np.arange(n) if trader is None else trader,
    )


def between(low: np.ndarray, high: np.ndarray, *, expected: np.ndarray | None = None) -> Prediction:
    expected = low if expected is None else expected
    return Prediction(expected, np.full(len(low), 0.2), low, high, low, high, expected[:, None], ("other",))


Y = np.tile([0.0, 0.0, 0.0, 10.0], 100)
HALF = between(np.where(np.arange(400) % 8 < 4, -1.0, 50.0), np.full(400, 99.0))


def test_the_first_is_the_value_itself_and_the_others_spread_as_theory_says() -> None:
    """Coverage of 400 independent audits has the standard error sqrt(p (1 - p) / 400)."""
    values = resample_metrics(evaluation_set(Y), {"m": HALF}, COVERAGE, seed=1)["coverage"]["m"]
    estimated = estimate(values)
    assert (len(values), estimated.value) == (2001, 0.5)
    assert estimated.standard_error == pytest.approx(0.025, rel=0.1)
    assert estimated.low == pytest.approx(0.5 - 1.96 * 0.025, abs=0.005)
    assert estimated.high == pytest.approx(0.5 + 1.96 * 0.025, abs=0.005)


def test_audits_of_one_trader_are_drawn_together() -> None:
    """Eight audits a trader that all say the same are as one: the error is sqrt(8) as large."""
    four_a_side = between(np.where(np.arange(400) % 16 < 8, -1.0, 50.0), np.full(400, 99.0))
    together = evaluation_set(Y, trader=np.arange(400) // 8)
    values = resample_metrics(together, {"m": four_a_side}, COVERAGE, seed=1)["coverage"]["m"]
    assert estimate(values).standard_error == pytest.approx(0.025 * np.sqrt(8), rel=0.1)


def test_models_meet_the_same_resamples() -> None:
    rng = np.random.default_rng(3)
    expected = Y + rng.normal(0, 4, 400)
    one, twin = between(Y, Y, expected=expected), between(Y, Y, expected=expected * 2 + 1)
    values = resample_metrics(evaluation_set(Y), {"one": one, "twin": twin}, ALL, seed=1)
    assert np.array_equal(values["gini"]["one"], values["gini"]["twin"])
    assert not_none(estimate(values["gini"]["one"]).standard_error) > 0


def test_a_seed_gives_the_same_resamples_and_another_gives_others() -> None:
    first, again, other = (
        resample_metrics(evaluation_set(Y), {"m": HALF}, COVERAGE, seed=seed)["coverage"]["m"]
        for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_too_few_audits_give_nothing() -> None:
    few = evaluation_set(Y[:99])
    few_metrics = {name: ALL[name] for name in ("captured_5", "gini")}
    assert set(resample_metrics(few, {"m": between(Y[:99], Y[:99])}, few_metrics, seed=1)) == {"gini"}
    assert resample_metrics(evaluation_set(Y[:0]), {"m": between(Y[:0], Y[:0])}, few_metrics, seed=1) == {}
    assert estimate(None).value is None


def test_too_few_adjustments_give_nothing() -> None:
    y = np.where(np.arange(400) < 4, 10.0, 0.0)
    assert resample_metrics(evaluation_set(y), {"m": HALF}, ALL, seed=1) == {}


def test_unequal_weights_count_as_fewer_audits() -> None:
    """One audit in four with weight 9: (100 x 9 + 300)^2 / (100 x 81 + 300) = 171 audits."""
    weight = np.where(Y > 0, 9.0, 1.0)
    assert evaluation_set(Y, weight=weight).effective == pytest.approx(1200**2 / 8400)


def test_an_interval_that_resamples_cannot_give_is_left_out() -> None:
    values = np.full(101, 0.5)
    values[1:11] = np.nan
    estimated = estimate(values)
    assert (estimated.value, estimated.low, estimated.standard_error) == (0.5, None, None)
    assert estimate(np.array([np.nan, 1.0, 2.0])).value is None


def test_resamples_that_all_agree_cannot_tell_how_sure_it_is() -> None:
    assert estimate(np.full(101, 1.0)) == Estimate(1.0)


def test_many_audits_take_fewer_resamples() -> None:
    y = np.tile([0.0, 10.0], 50_000)
    values = resample_metrics(evaluation_set(y), {"m": between(y, y)}, COVERAGE, seed=1)["coverage"]["m"]
    assert len(values) == 1 + 300
