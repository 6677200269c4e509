"""A yield model is a regressor of scikit-learn: its own checks, searches and pipelines say so."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.inspection import permutation_importance
from sklearn.metrics import make_scorer
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from features.errors import SettingError
from models import HurdleModel, TweedieModel
from tests.models.risky import Risky, risky
from training import AuditDaySplit, YieldRegressor, yield_gini

QUICK = {"rounds": 5, "bags": 1}
FEWEST = "a yield model learns from 20 closed audits or more; the check has 1 to 19 rows"
FEWER_ROWS = (
    "check_fit2d_1feature",
    "check_fit2d_1sample",
    "check_n_features_in_after_fitting",
    "check_regressors_no_decision_function",
    "check_sample_weight_equivalence_on_dense_data",
    "check_sample_weights_not_an_array",
    "check_sample_weights_not_overwritten",
    "check_sample_weights_pandas_series",
    "check_sample_weights_shape",
)


class FromOneAudit(HurdleModel):
    """The same without a least number of audits, so that checks on a few rows apply, too."""

    def fewest_audits(self, names: Sequence[str]) -> int:  # noqa: ARG002  of any names
        return 1


@pytest.fixture(scope="module")
def audits() -> Risky:
    return risky(240, seed=1)


def regressor() -> YieldRegressor:
    return YieldRegressor(HurdleModel(growth=QUICK))


def days(count: int) -> pd.DataFrame:
    opened = [date(2022, 1, 1) + timedelta(days=3 * number) for number in range(count)]
    return pd.DataFrame({"opened_on": opened, "closed_on": [day + timedelta(days=60) for day in opened]})


@pytest.mark.parametrize(
    ("model", "expected"), [(FromOneAudit, {}), (HurdleModel, dict.fromkeys(FEWER_ROWS, FEWEST))]
)
def test_it_passes_each_check_of_scikit_learn_that_has_audits_enough(
    model: type[HurdleModel], expected: dict[str, str]
) -> None:
    results = check_estimator(
        YieldRegressor(model(growth=QUICK)), expected_failed_checks=expected, on_skip=None
    )
    status = {each["check_name"]: each["status"] for each in results}
    assert {name for name in status if status[name] == "xfail"} == set(expected)
    assert {name for name in status if status[name] == "skipped"} <= {"check_array_api_input"}


def test_it_predicts_and_explains_as_the_model_that_it_wraps(audits: Risky) -> None:
    wrapped = regressor().fit(audits.X, audits.y, audits=audits.audits)
    model = HurdleModel(growth=QUICK).fit(audits.X, audits.y, audits=audits.audits)
    prediction = model.predict(audits.X)
    assert np.array_equal(wrapped.predict(audits.X), prediction.expected)
    assert np.array_equal(wrapped.predict_probability(audits.X), prediction.probability)
    assert np.array_equal(wrapped.predict_interval(audits.X).T, [prediction.low, prediction.high])
    assert np.array_equal(wrapped.explain(audits.X).contributions, model.explain(audits.X).contributions)


def test_tables_of_any_library_are_the_same_rows(audits: Risky) -> None:
    wrapped = regressor().fit(audits.X, audits.y)
    expected = wrapped.predict(audits.X)
    for table in (audits.X.to_pandas(), pl.DataFrame(audits.X)):
        assert np.array_equal(wrapped.predict(table), expected)
    assert list(wrapped.feature_names_in_) == audits.X.column_names


def test_it_is_searched_and_validated_by_audit_day(audits: Risky) -> None:
    cv = AuditDaySplit(days(len(audits.y)), n_splits=2)
    scoring = make_scorer(yield_gini)
    frame = audits.X.to_pandas()
    scores = cross_val_score(
        regressor(), frame, audits.y, cv=cv, scoring=scoring, params={"audits": audits.audits.to_pandas()}
    )
    assert scores.shape == (2,)
    assert (scores > 0).all()
    grid = {"model__coverage": [0.8, 0.9], "model": [HurdleModel(growth=QUICK), TweedieModel(growth=QUICK)]}
    search = GridSearchCV(regressor(), grid, cv=cv, scoring=scoring).fit(frame, audits.y)
    assert search.best_estimator_.model_.coverage == search.best_params_["model__coverage"]


def test_it_stands_in_a_pipeline_and_importance_finds_what_the_money_comes_from(audits: Risky) -> None:
    pipeline = make_pipeline(StandardScaler(), regressor()).fit(audits.X.to_pandas(), audits.y)
    importance = permutation_importance(
        pipeline, audits.X.to_pandas(), audits.y, scoring=make_scorer(yield_gini), n_repeats=3, random_state=0
    )
    assert audits.X.column_names[int(importance.importances_mean.argmax())] == "evasion"


def test_a_clone_has_a_model_of_its_own_and_setting_the_clone_leaves_the_first_alone() -> None:
    first = regressor()
    clone(first).set_params(model__seed=7)
    assert first.get_params()["model__seed"] == 0


def test_what_closed_on_the_day_of_a_fold_or_later_is_not_learned_from() -> None:
    table = days(240)
    opened, closed = (pd.to_datetime(table[name]) for name in ("opened_on", "closed_on"))
    ends = []
    for learned, tested in AuditDaySplit(table, n_splits=3).split(table):
        assert closed[learned].max() < opened[tested].min()
        ends.append((tested[0], tested[-1]))
    assert ends[-1][1] == 239
    assert all(late == early + 1 for (_, early), (late, _) in pairwise(ends))


@pytest.mark.parametrize(
    ("rows", "splits", "found"), [(9, 2, "9 rows to split and 240"), (240, 9, "learn from 0")]
)
def test_a_split_that_cannot_be_is_refused(rows: int, splits: int, found: str) -> None:
    with pytest.raises(SettingError, match=found):
        list(AuditDaySplit(days(240), n_splits=splits).split(np.zeros((rows, 1))))


def test_the_order_of_the_outcomes_has_gini_one_and_the_reverse_less_than_chance() -> None:
    y = np.array([0.0, 0.0, 5.0, 1.0])
    assert yield_gini(y, y) == 1.0
    assert yield_gini(y, -y) < 0
