"""Metrics of predictions: values worked by hand, and an obvious slow form of each ranking."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.prediction import PER_TRADER, Floats, Prediction
from training.backtest.metrics import Metric, at_top, by_decile, metrics

ALL = metrics()


def prediction_of(
    expected: Sequence[float],
    *,
    probability: Sequence[float] | None = None,
    low: Sequence[float] | None = None,
    high: Sequence[float] | None = None,
) -> Prediction:
    columns = [
        np.array(column if column is not None else expected, dtype=np.float64)
        for column in (expected, probability, low, high, low, high)
    ]
    numbers = dict(zip(PER_TRADER, columns, strict=True))
    return Prediction(**numbers, by_type=columns[0][:, None], types=("other",))


def value(name: str, y: Sequence[float], prediction: Prediction, **other: Sequence[float]) -> float:
    given_ = {
        column: np.array(other.get(column, np.ones(len(y))), np.float64) for column in ("weight", "hours")
    }
    return float(ALL[name].function(np.array(y, np.float64), prediction, **given_))


TEN = [0.0, 50.0, 0.0, -20.0, 0.0, 100.0, 0.0, 0.0, 0.0, 10.0]
ORDER = [1.0, 9.0, 2.0, 3.0, 4.0, 8.0, 5.0, 6.0, 10.0, 7.0]
"""The best is said of an audit without a finding, then 50, 100, 10."""


def test_the_top_holds_a_share_of_the_audits_the_last_in_part() -> None:
    y, by, one = np.array(TEN), np.array(ORDER), np.ones(10)
    assert at_top(y, by=by, weight=one, share=0.2) == 50.0
    assert at_top(y, by=by, weight=one, share=0.25) == 100.0
    assert at_top(y, by=by, weight=one, share=1.0) == 140.0


def test_the_top_holds_a_share_of_the_weight() -> None:
    y, by = np.array([10.0, 1.0]), np.array([2.0, 1.0])
    assert at_top(y, by=by, weight=np.array([1.0, 3.0]), share=0.5) == 10.0 + 1.0


def test_audits_of_equal_prediction_count_in_equal_parts() -> None:
    y = np.array([100.0, 0.0, 0.0, 0.0])
    assert at_top(y, by=np.zeros(4), weight=np.ones(4), share=0.5) == 50.0
    assert value("gini", list(y), prediction_of([7.0] * 4)) == 0.0


def test_captured_is_a_share_of_the_most_possible() -> None:
    assert value("captured_10", TEN, prediction_of(ORDER)) == 0.0
    assert value("captured_10", TEN, prediction_of(TEN)) == 1.0
    shifted = [by if by < 10 else 0.0 for by in ORDER]
    assert value("captured_10", TEN, prediction_of(shifted)) == pytest.approx(0.5)


def test_revenue_precision_and_recall_at_the_top() -> None:
    first_is_fifty = prediction_of([by if by < 10 else 0.0 for by in ORDER])
    assert value("revenue_10", TEN, first_is_fifty) == pytest.approx(50 / 140)
    assert value("precision_10", TEN, first_is_fifty) == pytest.approx(1.0)
    assert value("recall_10", TEN, first_is_fifty) == pytest.approx(1 / 3)
    assert value("precision_10", TEN, prediction_of(ORDER)) == 0.0


def test_a_refund_is_no_hit() -> None:
    assert value("precision_10", [-5.0] + [0.0] * 8 + [5.0], prediction_of(range(10, 0, -1))) == 0.0


def test_gini_by_hand() -> None:
    """Ranks from the middle are 1.5, .5, -.5, -1.5: 100 stands second of four, 4 first."""
    assert value("gini", [100.0, 0.0, 4.0, 0.0], prediction_of([3.0, 2.0, 4.0, 1.0])) == pytest.approx(
        (100 * 0.5 + 4 * 1.5) / (100 * 1.5 + 4 * 0.5)
    )


def test_gini_of_the_reverse_order_is_negative() -> None:
    assert value("gini", [1.0, 2.0, 3.0], prediction_of([3.0, 2.0, 1.0])) == -1.0


def test_hours_are_worked_off_by_money_and_held_against_the_best_an_hour() -> None:
    """A tenth of 100 hours: the model takes 10 of 40 hours for 80, the best is 10 hours for 60."""
    actual = value(
        "captured_hours", [80.0, 60.0, 0.0], prediction_of([3.0, 2.0, 1.0]), hours=[40.0, 10.0, 50.0]
    )
    assert actual == pytest.approx(20 / 60)


def test_audits_whose_hours_are_unknown_are_left_out_of_those_in_hours() -> None:
    y, order = [80.0, 60.0, 0.0, 500.0], prediction_of([3.0, 2.0, 1.0, 4.0])
    assert value("captured_hours", y, order, hours=[40.0, 10.0, 50.0, np.nan]) == pytest.approx(20 / 60)
    assert np.isnan(value("captured_hours", y, order, hours=[np.nan] * 4))


def test_probability_is_held_against_adjustments_up_or_down() -> None:
    prediction = prediction_of([1.0] * 4, probability=[0.5, 0.5, 0.25, 0.25])
    assert value("probability_ratio", [9.0, -9.0, 0.0, 0.0], prediction) == 0.75


def test_distance_by_decile() -> None:
    """Ten audits are a decile each: 0.9 said of five adjusted, 0.2 of five others."""
    prediction = prediction_of([1.0] * 10, probability=[0.9] * 5 + [0.2] * 5)
    y = [100.0] * 5 + [0.0] * 5
    assert value("probability_error", y, prediction) == pytest.approx((5 * 0.1 + 5 * 0.2) / 10)
    money = prediction_of([80.0] * 5 + [30.0] * 5)
    assert value("total_ratio", y, money) == pytest.approx(550 / 500)
    assert value("total_error", y, money) == pytest.approx((5 * 20 + 5 * 30) / 500)


def test_deciles_share_audits_across_a_border() -> None:
    """Of 15 audits a decile is one and a half."""
    sums = by_decile(np.arange(15.0), by=np.arange(15.0), weight=np.ones(15))
    assert sums[0] == pytest.approx(14 + 13 / 2)
    assert sums.sum() == pytest.approx(np.arange(15).sum())
    tied = by_decile(np.arange(15.0), by=np.zeros(15), weight=np.ones(15))
    assert tied == pytest.approx(np.full(10, 10.5))


def test_coverage_is_measured_at_the_top_and_in_the_worst_fifth() -> None:
    """Of 100 audits the intervals miss 2 of the first 5, 10 of the fourth fifth, 3 of the last."""
    expected = np.arange(100.0, 0.0, -1.0)
    missed = np.isin(np.arange(100), [0, 1, *range(60, 70), *range(97, 100)])
    prediction = prediction_of(list(expected), low=[0.0] * 100, high=[9.0] * 100)
    y = list(np.where(missed, 10.0, 0.0))
    assert value("coverage_top_5", y, prediction) == pytest.approx(3 / 5)
    assert value("coverage_worst_fifth", y, prediction) == pytest.approx(10 / 20)


def test_coverage_counts_the_ends_of_the_interval() -> None:
    prediction = prediction_of([0.0] * 4, low=[0.0, 0.0, 1.0, -9.0], high=[5.0, 5.0, 5.0, -1.0])
    assert value("coverage", [0.0, 5.0, 0.0, -5.0], prediction) == 0.75
    assert value("width", [0.0] * 4, prediction) == pytest.approx((5 + 5 + 4 + 8) / 4)
    assert value("coverage", [0.0, 5.0, 0.0, -5.0], prediction, weight=[1, 1, 6, 1]) == pytest.approx(3 / 9)


@pytest.mark.parametrize(
    "name", ["captured_5", "revenue_5", "recall_5", "gini", "total_ratio", "total_error"]
)
def test_what_nothing_was_found_for_is_not_defined(name: str) -> None:
    assert np.isnan(value(name, [0.0] * 10, prediction_of(ORDER)))


@pytest.mark.parametrize("metric", ALL.values(), ids=ALL)
def test_columns_of_weights_are_weights_one_at_a_time(metric: Metric) -> None:
    rng = np.random.default_rng(1)
    y, prediction, hours = _drawn(rng, n=300)
    weight = rng.integers(0, 4, size=(300, 7)).astype(np.float64)
    together = metric.function(y, prediction, weight=weight, hours=hours)
    singly = [metric.function(y, prediction, weight=weight[:, k], hours=hours) for k in range(7)]
    assert np.shape(together) == (7,)
    assert together == pytest.approx(np.array(singly), rel=1e-12, nan_ok=True)


@pytest.mark.parametrize("metric", ALL.values(), ids=ALL)
def test_the_order_of_the_audits_changes_nothing(metric: Metric) -> None:
    rng = np.random.default_rng(2)
    y, prediction, hours = _drawn(rng, n=300)
    weight, order = rng.random(300), rng.permutation(300)
    moved = metric.function(
        y[order],
        prediction.taken(order.tolist()),
        weight=weight[order],
        hours=hours[order],
    )
    assert moved == pytest.approx(metric.function(y, prediction, weight=weight, hours=hours), rel=1e-9)


@pytest.mark.parametrize(
    "metric",
    [m for m in ALL.values() if not {"decile", "fifth"} & set(m.words.split())],
    ids=lambda m: m.name,
)
def test_a_weight_of_two_is_the_audit_twice(metric: Metric) -> None:
    rng = np.random.default_rng(3)
    y, prediction, hours = _drawn(rng, n=120)
    weight = rng.integers(0, 3, size=120)
    rows = np.repeat(np.arange(120), weight)
    repeated = metric.function(
        y[rows],
        prediction.taken(rows.tolist()),
        weight=np.ones(len(rows)),
        hours=hours[rows],
    )
    weighted = metric.function(y, prediction, weight=weight.astype(np.float64), hours=hours)
    assert weighted == pytest.approx(repeated, rel=1e-9)


@pytest.mark.parametrize("name", ALL)
def test_who_knows_the_outcome_is_perfect(name: str) -> None:
    rng = np.random.default_rng(4)
    y, _, hours = _drawn(rng, n=300)
    oracle = prediction_of(list(y), probability=list((y != 0) * 1.0))
    perfect = value(name, list(y), oracle, hours=list(hours))
    if name.startswith(("captured", "gini", "probability_ratio", "total_ratio", "coverage")):
        assert perfect == pytest.approx(1.0, abs=0.3 if name == "captured_hours" else 1e-9)
        assert perfect <= 1 + 1e-9
    if name.endswith("error") or name == "width":
        assert perfect == pytest.approx(0.0, abs=1e-9)


def _drawn(rng: np.random.Generator, *, n: int) -> tuple[Floats, Prediction, Floats]:
    """Return audits a fifth of which are adjusted, predictions with ties, and hours."""
    y = np.where(rng.random(n) < 0.2, np.round(rng.normal(50, 60, n)), 0.0)
    expected = np.round(np.maximum(y, 0) / 20 + rng.exponential(3, n))
    prediction = prediction_of(
        list(expected), probability=list(rng.random(n)), low=[-10.0] * n, high=list(expected * 9)
    )
    return y, prediction, rng.integers(1, 80, n).astype(np.float64)


audits = st.lists(
    st.tuples(
        st.integers(-3, 9),  # money
        st.integers(0, 4),  # prediction, with ties
        st.integers(0, 3),  # weight
        st.integers(1, 5),  # hours
    ),
    min_size=1,
    max_size=12,
).filter(lambda rows: any(weight for _, _, weight, _ in rows))


@given(audits, st.fractions(0, 1, max_denominator=20))
def test_the_top_agrees_with_taking_runs_of_equal_prediction_one_by_one(
    rows: list[tuple[int, int, int, int]], share: Fraction
) -> None:
    y, by, weight, hours = (np.array(column, dtype=np.float64) for column in zip(*rows, strict=True))
    actual = at_top(y, by=by, weight=weight, share=float(share), size=hours)
    assert actual == pytest.approx(float(_slowly(rows, share)), abs=1e-9)


def _slowly(rows: list[tuple[int, int, int, int]], share: Fraction) -> Fraction:
    left = share * sum(weight * hours for *_, weight, hours in rows)
    total = Fraction(0)
    for level in sorted({by for _, by, _, _ in rows}, reverse=True):
        run = [row for row in rows if row[1] == level]
        size = sum(weight * hours for *_, weight, hours in run)
        part = min(Fraction(1), left / size) if size else Fraction(0)
        total += part * sum(money * weight for money, _, weight, _ in run)
        left -= part * size
    return total


def test_few_audits_at_the_top_say_nothing() -> None:
    assert {name: ALL[name].fewest for name in ("captured_1", "captured_5", "captured_hours", "gini")} == {
        "captured_1": 500,
        "captured_5": 100,
        "captured_hours": 50,
        "gini": 30,
    }
    assert metrics(hours_share=0.02)["captured_hours"].fewest == 250
