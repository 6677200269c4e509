"""Importance: money moved by fold, by hand; what is empty and what is unused."""

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from features.library import LIBRARY
from tests.models.tiny import EMPTY, features, fitted, rows
from training.backtest.folds import Fold
from training.backtest.labelled_audits import LabelledAudits
from training.diagnostics.importance import (
    FoldImportance,
    fold_importance,
    importance_of_features,
    importance_of_indicators,
)

NAMES = ("customs_value_12m", "duty_12m", "line_count_12m", "days_late_12m")
FEATURES = LIBRARY.select(NAMES).features
X = pa.table(
    {
        "customs_value_12m": [1.0, 2.0],
        "duty_12m": [1.0, np.nan],
        "line_count_12m": [3.0, 3.0],
        "days_late_12m": pa.array([np.nan, np.nan]),
    }
)
FOLD = Fold(date(2024, 1, 1), date(2024, 7, 1))


def fold(audits: int, *moved: float) -> FoldImportance:
    return FoldImportance(FOLD.day, audits, dict(zip(NAMES, moved, strict=True)), {})


def test_money_is_the_mean_over_audits_and_a_share_that_over_folds_with_its_range() -> None:
    folds = [fold(30, 60.0, 40.0, 0.0, 0.0), fold(10, 20.0, 180.0, 0.0, 0.0)]
    duty, value, *_ = importance_of_features(folds, FEATURES, X)
    assert (value.name, duty.name) == ("customs_value_12m", "duty_12m")
    assert value.moved_amount == pytest.approx((30 * 60 + 10 * 20) / 40)
    assert (value.share, value.lowest_share, value.highest_share) == pytest.approx((0.35, 0.1, 0.6))
    assert (duty.share, duty.lowest_share, duty.highest_share) == pytest.approx((0.65, 0.4, 0.9))


def test_a_feature_without_values_is_empty_and_one_that_moves_nothing_in_any_fold_unused() -> None:
    folds = [fold(30, 60.0, 0.0, 0.0, 0.0), fold(10, 20.0, 0.5, 0.0, 0.0)]
    by_name = {each.name: each for each in importance_of_features(folds, FEATURES, X)}
    assert {name: each.state for name, each in by_name.items()} == {
        "customs_value_12m": "used",
        "duty_12m": "used",
        "line_count_12m": "unused",
        "days_late_12m": "empty",
    }
    assert [by_name[name].filled_share for name in NAMES] == [1.0, 0.5, 1.0, 0.0]


def test_without_a_fold_it_is_known_alone_what_is_empty() -> None:
    by_name = {each.name: each for each in importance_of_features([], FEATURES, X)}
    assert by_name["days_late_12m"].state == "empty"
    assert (by_name["duty_12m"].state, by_name["duty_12m"].share) == ("untested", 0.0)


def test_a_fold_moves_what_its_model_explains_and_an_indicator_what_its_features_do_together() -> None:
    tested = LabelledAudits(
        features(), rows(), pa.table({}), pa.table({"trader_id": ["T"] * 150}), FOLD.until
    )
    together = dict.fromkeys(features().names, "one")
    moved = fold_importance(FOLD, fitted("hurdle"), tested, indicators=together)
    contributions = fitted("hurdle").explain(rows()).contributions
    assert list(moved.by_feature.values()) == pytest.approx(np.abs(contributions).mean(axis=0).tolist())
    assert moved.by_indicator == {"one": pytest.approx(np.abs(contributions.sum(axis=1)).mean())}
    assert moved.by_indicator["one"] < sum(moved.by_feature.values())
    assert (moved.by_feature[EMPTY], moved.audits) == (0.0, 150)


def test_an_indicator_has_a_value_where_one_of_its_features_has() -> None:
    pair = tuple(each for each in FEATURES if each.name in ("customs_value_12m", "duty_12m"))
    moved = {each.indicator: 1.0 for each in pair}
    importances = importance_of_indicators([FoldImportance(FOLD.day, 5, {}, moved)], pair, X)
    assert {each.name: each.filled_share for each in importances} == {"value_12m": 1.0, "taxes_12m": 0.5}
