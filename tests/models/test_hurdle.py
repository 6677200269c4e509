"""The hurdle model on audits whose truth is known."""

from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from models.hurdle import HurdleModel
from models.kinds import MODELS
from tests.models.risky import DIRECTIONS, risky

AUDITS = risky(4000, seed=1, skills={"K1": -0.8, "K2": 0.0, "K3": 0.8}, letters=0.3)
TRADERS = risky(4000, seed=2)


@cache
def fitted() -> HurdleModel:
    return HurdleModel(monotone=DIRECTIONS).fit(AUDITS.X, AUDITS.y, audits=AUDITS.audits)


def test_the_total_is_that_of_reference_audits() -> None:
    total = fitted().predict(TRADERS.X).expected.sum() / TRADERS.expected.sum()
    assert 0.85 < total < 1.15


def test_the_probability_is_that_of_reference_audits() -> None:
    prediction = fitted().predict(TRADERS.X).probability
    assert abs(prediction.mean() - TRADERS.probability.mean()) < 0.03


def test_letters_would_pull_the_probability_down_if_they_were_not_corrected_for() -> None:
    blind = HurdleModel(monotone=DIRECTIONS).fit(AUDITS.X, AUDITS.y)
    assert blind.predict(TRADERS.X).probability.mean() < fitted().predict(TRADERS.X).probability.mean() - 0.01


def test_who_audited_is_told_apart_from_the_trader() -> None:
    effects = {(e["column"], e["level"]): float(e["effect"]) for e in fitted().effects_["occurrence"]}
    assert effects["team_id", "K1"] < -0.4 < 0.4 < effects["team_id", "K3"]
    assert effects["treatment", "letter"] < -0.4


def test_the_expected_money_rises_where_theory_says_it_must() -> None:
    row = np.array([[60_000.0, 0.01, 0.0, 0.0]])
    more = np.tile(row, (50, 1))
    more[:, 2] = np.linspace(-3, 3, 50)
    assert (np.diff(fitted().predict(more).expected) >= 0).all()


def test_the_interval_covers_as_often_as_it_says() -> None:
    prediction = fitted().predict(TRADERS.X)
    covered = (prediction.low <= TRADERS.y) & (TRADERS.y <= prediction.high)
    assert 0.87 < covered.mean() < 0.93


def test_the_interval_covers_traders_drawn_at_random_though_risky_ones_are_audited() -> None:
    everyone = risky(12_000, seed=4)
    evasion = everyone.X["evasion"].to_numpy()
    drawn = np.arange(12_000) % 20 == 0
    chosen = drawn | (evasion > 1.0)
    channel = np.where(drawn[chosen], "random", "rule").tolist()
    audits = everyone.audits.filter(pa.array(chosen))
    audits = audits.set_column(audits.column_names.index("selection_channel"), "selection_channel", [channel])
    model = HurdleModel(monotone=DIRECTIONS, growth={"bags": 1})
    prediction = model.fit(everyone.X.filter(pa.array(chosen)), everyone.y[chosen], audits=audits).predict(
        TRADERS.X
    )
    covered = (prediction.low <= TRADERS.y) & (TRADERS.y <= prediction.high)
    assert 0.87 < covered.mean() < 0.93


def test_the_split_follows_what_points_to_a_type() -> None:
    prediction = fitted().predict(TRADERS.X)
    valuation = prediction.by_type[:, prediction.types.index("valuation")] / prediction.expected
    pointed = TRADERS.X["noise"].to_numpy() > 0
    assert valuation[pointed].mean() > 0.7
    assert valuation[~pointed].mean() < 0.3


def test_findings_of_one_type_alone_leave_nothing_to_tell_apart() -> None:
    audits = AUDITS.audits
    for number, name in enumerate(each for each in audits.column_names if each.endswith("_amount")):
        amounts = AUDITS.y if number == 0 else np.zeros(len(AUDITS.y))
        audits = audits.set_column(audits.column_names.index(name), name, pa.array(amounts))
    prediction = (
        HurdleModel(growth={"rounds": 20, "bags": 1})
        .fit(AUDITS.X, AUDITS.y, audits=audits)
        .predict(TRADERS.X)
    )
    assert (prediction.by_type[:, 0] > 0.9 * prediction.expected).all()


@pytest.mark.parametrize("kind", ["declared_value", "rule_score", "past_yield"])
def test_it_ranks_better_than_what_a_risk_unit_would_use(kind: str) -> None:
    options: dict[str, Any] = {"monotone": DIRECTIONS} if kind == "rule_score" else {}
    other = MODELS[kind](**options)
    other.fit(AUDITS.X, AUDITS.y, audits=AUDITS.audits)
    assert _top(fitted().predict(TRADERS.X).expected) > 1.05 * _top(other.predict(TRADERS.X).expected)


def _top(expected: np.ndarray) -> float:
    """Return the truth in the top twentieth of a ranking."""
    return float(TRADERS.expected[np.argsort(-expected)[:200]].sum())


def test_who_is_owed_a_refund_is_expected_below_zero() -> None:
    rng = np.random.default_rng(0)
    refunder = np.arange(1000) % 2 == 1
    value = rng.lognormal(10, 1, 1000)
    size = np.where(refunder, -0.03, 0.05) * value * rng.lognormal(0, 0.3, 1000)
    y = np.where(rng.random(1000) < 0.5, size, 0.0)
    rows = pa.table({"customs_value_24m": value, "past_refund_share": refunder.astype(np.float64)})
    prediction = HurdleModel(growth={"bags": 1}).fit(rows, y).predict(rows)
    assert prediction.expected[refunder].sum() == pytest.approx(y[refunder].sum(), rel=0.25)
    assert not refunder[np.argsort(-prediction.expected)[:100]].any()
    assert (prediction.low[refunder] < 0).all()
