"""Plots: what is drawn is what was found."""

import numpy as np
import pyarrow as pa
import pytest
from matplotlib.patches import Rectangle

from models.prediction import Explanation
from tests.training.trained import audits, money, prediction_of
from training.backtest.out_of_fold import OutOfFold, oracle
from training.tracking.plots import beeswarm, calibration, families, gain

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


def test_calibration_shows_the_means_of_each_tenth() -> None:
    axes, _ = calibration(
        OutOfFold(audits(), {"hurdle": prediction_of(np.arange(300, 0, -1.0))}), "hurdle"
    ).axes
    heights = [bar.get_height() for bar in axes.patches if isinstance(bar, Rectangle)]
    assert heights[0] == pytest.approx(np.arange(300, 270, -1.0).mean())
    assert heights[10] == pytest.approx(Y[:30].mean())


def test_families_are_ranked_by_the_money_they_move() -> None:
    [axes] = families(EXPLANATION, {"a": "exposure", "b": "exposure", "c": "history"}).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["exposure", "history"]
    assert [bar.get_width() for bar in axes.patches if isinstance(bar, Rectangle)] == [3.0, 5.0]


def test_the_beeswarm_says_the_features_words() -> None:
    figure = beeswarm(EXPLANATION, pa.table({n: [1.0, None] for n in "abc"}), {"a": "Value", "c": "Duty"})
    assert {"Value", "b", "Duty"} <= {label.get_text() for label in figure.axes[0].get_yticklabels()}
