"""Plots: what is drawn is what was found."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from matplotlib.patches import Rectangle

from models.prediction import Explanation
from tests.training.trained import audits, money, prediction_of
from training.backtest.out_of_fold import OutOfFold, oracle
from training.diagnostics.importance import Importance
from training.diagnostics.learning_curve import LearningStep
from training.diagnostics.reliability import reliability as reliability_of
from training.tracking.plots import beeswarm, gain, importance, learning_curve, reliability

Y = money()
PREDICTED = OutOfFold(audits(), {"hurdle": prediction_of(Y[::-1] + 1), "oracle": oracle(Y)})
EXPLANATION = Explanation(
    base=10.0,
    contributions=np.array([[1.0, -3.0, 5.0], [3.0, 1.0, -5.0]]),
    total=np.array([13.0, 9.0]),
    names=("a", "b", "c"),
)


def test_the_gain_of_the_oracle_reaches_all_where_no_adjustment_is_left() -> None:
    [axes] = gain(PREDICTED, "hurdle").axes
    curves = {line.get_label(): np.asarray(line.get_xydata()) for line in axes.lines}
    assert set(curves) == {"hurdle", "oracle", "by chance"}
    assert curves["oracle"][75] == pytest.approx([0.25, 1.0])
    assert curves["hurdle"][-1] == pytest.approx([1.0, 1.0])


def test_reliability_shows_predicted_and_found_of_each_group_with_its_interval() -> None:
    falling = OutOfFold(audits(), {"hurdle": prediction_of(np.arange(300, 0, -1.0))})
    chance, money_axes = reliability(reliability_of(falling, "hurdle", seed=1), "hurdle").axes
    heights = [bar.get_height() for bar in money_axes.patches if isinstance(bar, Rectangle)]
    assert heights[0] == pytest.approx(np.arange(300, 270, -1.0).mean())
    assert heights[10] == pytest.approx(Y[:30].mean())
    [intervals] = chance.collections
    assert len(intervals.get_paths()) == 1


def test_importance_shows_the_weightiest_and_its_range_over_folds() -> None:
    used = Importance("a", "Value", "value", "used", 1.0, 10.0, 0.4, 0.3, 0.6)
    [axes] = importance([used, replace(used, name="b", label="Late", state="empty")], "features").axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["Value"]
    assert [bar.get_width() for bar in axes.patches if isinstance(bar, Rectangle)] == [0.4]
    [line] = axes.collections
    assert np.asarray(line.get_paths()[0].vertices).tolist() == [[0.3, 0.0], [0.6, 0.0]]


def test_a_learning_curve_has_a_panel_a_metric_that_the_audits_are_enough_for() -> None:
    steps = [LearningStep(part, 10 * part, "gini", part / 200, 0.0, 0.9, None, None) for part in (50, 100)]
    few = LearningStep(50, 500, "captured_5", None, None, None, None, None)
    [axes] = learning_curve([few, *steps]).axes
    assert axes.get_title() == "gini"
    [intervals] = axes.collections
    assert np.asarray(intervals.get_paths()[0].vertices).tolist() == [[50.0, 0.0], [50.0, 0.9]]
    assert np.asarray(axes.lines[0].get_xydata()).tolist() == [[50.0, 0.25], [100.0, 0.5]]


def test_the_beeswarm_says_the_features_words() -> None:
    figure = beeswarm(EXPLANATION, pa.table({n: [1.0, None] for n in "abc"}), {"a": "Value", "c": "Duty"})
    assert {"Value", "b", "Duty"} <= {label.get_text() for label in figure.axes[0].get_yticklabels()}
