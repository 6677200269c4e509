"""What every yield model must do; a new kind in `models.MODELS` is held to it without another line."""

import inspect
import json
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from features.errors import SettingError
from models.base import State, YieldModel
from models.kinds import MODELS, read_model
from models.prediction import PER_TRADER, Prediction
from tests.models.risky import DIRECTIONS, NAMES, Risky, risky

AUDITS = risky(300, seed=1)
TRADERS = risky(60, seed=2)


def new(kind: str) -> YieldModel:
    takes = inspect.signature(MODELS[kind]).parameters
    options: dict[str, Any] = {"monotone": DIRECTIONS, "growth": {"rounds": 40, "bags": 2}}
    return MODELS[kind](**{name: value for name, value in options.items() if name in takes})


def fitted(kind: str, audits: Risky = AUDITS) -> YieldModel:
    return new(kind).fit(audits.X, audits.y, audits=audits.audits)


@pytest.fixture(scope="module", params=sorted(MODELS))
def model(request: pytest.FixtureRequest) -> YieldModel:
    return fitted(request.param)


def same(one: Prediction, other: Prediction) -> bool:
    return all(np.array_equal(getattr(one, each.name), getattr(other, each.name)) for each in fields(one))


def test_a_prediction_is_money_a_chance_and_an_interval_for_every_row(model: YieldModel) -> None:
    prediction = model.predict(TRADERS.X)
    assert len(prediction) == 60
    assert np.isfinite(prediction.expected).all()
    assert ((prediction.probability >= 0) & (prediction.probability <= 1)).all()
    assert ((prediction.low <= 0) & (prediction.high >= 0)).all()
    assert (prediction.low_if_adjusted < prediction.high_if_adjusted).all()


def test_an_interval_is_no_point_where_an_adjustment_is_likely(model: YieldModel) -> None:
    prediction = model.predict(TRADERS.X)
    some = (prediction.probability > 0.02) & (np.abs(prediction.expected) > 1)
    assert (prediction.high - prediction.low > 0.05 * np.abs(prediction.expected))[some].all()


def test_the_split_by_finding_type_adds_up_to_the_expected_money(model: YieldModel) -> None:
    prediction = model.predict(TRADERS.X)
    np.testing.assert_allclose(prediction.by_type.sum(axis=1), prediction.expected, rtol=1e-12, atol=1e-9)


def test_reasons_add_up_to_the_expected_money(model: YieldModel) -> None:
    explanation, prediction = model.explain(TRADERS.X), model.predict(TRADERS.X)
    np.testing.assert_allclose(
        explanation.base + explanation.contributions.sum(axis=1), prediction.expected, rtol=1e-9
    )
    assert np.array_equal(explanation.total, prediction.expected)
    assert explanation.names == NAMES


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    rows=hnp.arrays(
        np.float64,
        (3, len(NAMES)),
        elements=st.floats(-1e12, 1e12) | st.just(float("nan")) | st.just(0.0),
    )
)
def test_reasons_add_up_for_any_trader(model: YieldModel, rows: np.ndarray) -> None:
    explanation, prediction = model.explain(rows), model.predict(rows)
    assert np.isfinite(prediction.expected).all()
    np.testing.assert_allclose(
        explanation.base + explanation.contributions.sum(axis=1), prediction.expected, rtol=1e-9
    )


def test_reasons_by_group_still_add_up(model: YieldModel) -> None:
    explanation = model.explain(TRADERS.X).grouped({"evasion": "conduct", "noise": "conduct"})
    assert explanation.names == ("customs_value_12m", "yield_on_value", "conduct")
    np.testing.assert_allclose(
        explanation.base + explanation.contributions.sum(axis=1), explanation.total, rtol=1e-9
    )


def test_a_row_gets_the_same_bits_alone_and_among_others(model: YieldModel) -> None:
    many = pa.concat_tables([TRADERS.X] * 6)
    together, alone = model.predict(many), model.predict(many.slice(7, 1))
    assert all(getattr(together, name)[7] == getattr(alone, name)[0] for name in PER_TRADER)
    assert np.array_equal(
        model.explain(many).contributions[7], model.explain(many.slice(7, 1)).contributions[0]
    )


def test_columns_are_found_by_name_and_others_are_left_alone(model: YieldModel) -> None:
    shuffled = TRADERS.X.select(NAMES[::-1]).append_column("other", pa.array([0.0] * 60))
    assert same(model.predict(TRADERS.X), model.predict(shuffled))


def test_no_rows_make_no_predictions(model: YieldModel) -> None:
    assert len(model.predict(TRADERS.X.slice(0, 0))) == 0
    assert model.explain(TRADERS.X.slice(0, 0)).contributions.shape == (0, len(NAMES))


def test_a_model_without_one_of_its_features_is_refused(model: YieldModel) -> None:
    with pytest.raises(SettingError, match="lacks 1 of the 4 columns: evasion"):
        model.predict(TRADERS.X.drop_columns(["evasion"]))
    with pytest.raises(SettingError, match="shape"):
        model.predict(np.zeros((2, 3)))


def test_its_state_is_plain_data_and_brings_back_the_same_bits(model: YieldModel) -> None:
    state = model.state()
    through_json = State(state.kind, json.loads(json.dumps(state.values, allow_nan=False)), state.trees)
    again = read_model(through_json)
    assert same(model.predict(TRADERS.X), again.predict(TRADERS.X))
    assert np.array_equal(model.explain(TRADERS.X).contributions, again.explain(TRADERS.X).contributions)
    assert again.get_params() == model.get_params()


@pytest.mark.parametrize("kind", MODELS)
def test_learning_twice_gives_the_same_state(kind: str) -> None:
    assert fitted(kind).state() == fitted(kind).state()


@pytest.mark.parametrize("kind", MODELS)
def test_it_learns_without_knowing_how_audits_were_done(kind: str) -> None:
    model = new(kind).fit(AUDITS.X, AUDITS.y)
    assert np.isfinite(model.predict(TRADERS.X).expected).all()


@pytest.mark.parametrize("kind", MODELS)
def test_an_audit_of_weight_two_counts_as_two(kind: str) -> None:
    weighted = new(kind).fit(AUDITS.X, AUDITS.y, sample_weight=np.full(300, 2.0))
    assert np.isfinite(weighted.predict(TRADERS.X).expected).all()
    with pytest.raises(SettingError, match="weights"):
        new(kind).fit(AUDITS.X, AUDITS.y, sample_weight=np.full(300, -1.0))


@pytest.mark.parametrize("kind", MODELS)
def test_few_audits_with_few_adjustments_are_enough_to_say_something(kind: str) -> None:
    y = np.zeros(40)
    y[[3, 17, 30]] = [1000.0, -20.0, 400.0]
    prediction = new(kind).fit(AUDITS.X.slice(0, 40), y).predict(TRADERS.X)
    assert np.isfinite(prediction.expected).all()
    assert (prediction.low <= prediction.high).all()


@pytest.mark.parametrize(
    ("y", "words"),
    [
        (np.zeros(300), "0 of them with an adjustment"),
        (np.full(300, np.nan), "300 of them are no numbers"),
        (np.ones(7), "shape"),
    ],
)
def test_outcomes_that_teach_nothing_are_refused(y: np.ndarray, words: str) -> None:
    with pytest.raises(SettingError, match=words):
        new("hurdle").fit(AUDITS.X, y)


@pytest.mark.parametrize("kind", MODELS)
def test_parameters_are_those_of_the_constructor(kind: str) -> None:
    model = new(kind)
    assert MODELS[kind](**model.get_params()).get_params() == model.get_params()
    assert model.set_params(coverage=0.8).coverage == 0.8


@pytest.mark.parametrize("kind", ["hurdle", "tweedie", "plain", "random_forest"])
def test_it_finds_who_evades(kind: str) -> None:
    prediction = fitted(kind, risky(1500, seed=3)).predict(TRADERS.X).expected
    assert (
        np.corrcoef(np.argsort(np.argsort(prediction)), np.argsort(np.argsort(TRADERS.expected)))[0, 1] > 0.5
    )


@pytest.mark.parametrize("kind", sorted(MODELS))
def test_a_few_adjustments_in_the_newest_audits_alone_are_enough_to_learn_from(kind: str) -> None:
    y = np.zeros(len(AUDITS.y))
    y[-3:] = [100.0, 2_000.0, 50.0]
    prediction = new(kind).fit(AUDITS.X, y, audits=AUDITS.audits).predict(TRADERS.X)
    assert np.isfinite(prediction.expected).all()


def in_a_currency(audits: Risky, times: float) -> Risky:
    """The same audits where a unit of money is worth so many times less."""
    value = NAMES.index("customs_value_12m")
    table = audits.X.set_column(value, NAMES[value], pa.array(audits.X[value].to_numpy() * times))
    amounts = {
        name: pa.array(audits.audits[name].to_numpy() * times)
        for name in audits.audits.column_names
        if name.endswith("_amount")
    }
    circumstances = audits.audits.drop_columns(list(amounts))
    for name, column in amounts.items():
        circumstances = circumstances.append_column(name, column)
    return replace(audits, X=table, y=audits.y * times, audits=circumstances)


@pytest.mark.parametrize("times", [1e-6, 1e5])
def test_predictions_and_reasons_grow_with_money(model: YieldModel, times: float) -> None:
    scaled, traders = fitted(model.kind, in_a_currency(AUDITS, times)), in_a_currency(TRADERS, times)
    before, after = model.predict(TRADERS.X), scaled.predict(traders.X)
    for name in (*PER_TRADER, "by_type"):
        expected = getattr(before, name) * (1.0 if name == "probability" else times)
        largest = float(np.abs(expected).max())
        np.testing.assert_allclose(
            getattr(after, name), expected, rtol=1e-9, atol=1e-9 * largest, err_msg=name
        )
    reasons, reasons_after = model.explain(TRADERS.X), scaled.explain(traders.X)
    largest = float(np.abs(reasons.contributions).max()) * times
    np.testing.assert_allclose(
        reasons_after.contributions, reasons.contributions * times, rtol=1e-9, atol=1e-9 * largest
    )


@pytest.mark.parametrize("kind", sorted(MODELS))
def test_a_model_is_learned_where_every_finding_is_a_refund(kind: str) -> None:
    audits = risky(200, seed=3, refunds=1.0)
    prediction = fitted(kind, audits).predict(TRADERS.X)
    assert np.isfinite(prediction.expected).all()
    assert (prediction.low <= 0).all()
