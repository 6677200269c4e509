"""Predictions and explanations in a notebook: as frames, in words, and drawn by shap."""

from collections.abc import Callable

import numpy as np
import pytest

from models.prediction import PER_TRADER
from tests.models.tiny import fitted, rows
from training.tracking.store import quiet


def test_a_frame_has_the_numbers_of_each_row_and_the_split_by_type() -> None:
    prediction = fitted("hurdle").predict(rows())
    frame = prediction.to_pandas()
    assert list(frame.columns) == [*PER_TRADER, *(f"by_type_{name}" for name in prediction.types)]
    assert np.array_equal(frame["expected"], prediction.expected)
    assert np.array_equal(frame.iloc[:, len(PER_TRADER) :], prediction.by_type)


def test_contributions_as_a_frame_add_up_to_the_prediction() -> None:
    explanation = fitted("hurdle").explain(rows())
    frame = explanation.to_pandas()
    assert list(frame.columns) == list(explanation.names)
    assert frame.sum(axis=1).to_numpy() + explanation.base == pytest.approx(explanation.total)


def test_one_line_says_how_many_rows_there_are_and_what_is_expected() -> None:
    prediction = fitted("declared_value").predict(rows())
    low, high = prediction.expected.min(), prediction.expected.max()
    assert repr(prediction).startswith(
        f"Prediction(rows=150, expected={low:,.0f} to {high:,.0f}, probability="
    )
    explained = repr(fitted("declared_value").explain(rows()))
    assert explained.startswith("Explanation(rows=150, names=3, base=")
    assert repr(prediction.taken(slice(0, 0))) == "Prediction(rows=0, expected=none, probability=none)"


def test_shap_draws_it_by_its_own_plots() -> None:
    explanation = fitted("hurdle").explain(rows())
    with quiet():
        import matplotlib

        matplotlib.use("agg")
        import shap
        from matplotlib import pyplot

        for_shap = explanation.to_shap(rows(), labels={"customs_value_12m": "Customs value"})
        assert for_shap.feature_names[0] == "Customs value"
        plots: tuple[Callable[[], object], ...] = (
            lambda: shap.plots.beeswarm(for_shap, show=False),
            lambda: shap.plots.waterfall(for_shap[0], show=False),
            lambda: shap.plots.scatter(for_shap[:, "Customs value"], show=False),
        )
        for draw in plots:
            pyplot.figure()
            draw()
            assert pyplot.gcf().axes
            pyplot.close("all")
    assert for_shap.values.sum(axis=1) + for_shap.base_values == pytest.approx(explanation.total)


def test_groups_of_features_are_drawn_without_values() -> None:
    grouped = fitted("hurdle").explain(rows()).grouped({"customs_value_12m": "exposure"})
    with quiet():
        assert grouped.to_shap().feature_names[0] == "exposure"
