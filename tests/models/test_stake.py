"""Money at stake: its logarithm splits into parts, its yields are learned, and it ranks before any audit."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.fitting.stake import PRIOR_AUDITS, LogSum, fit_yields
from models.hurdle import HurdleModel, limited
from models.prediction import Floats
from tests.models.risky import audits_of

YIELDS = {"low_prices": 0.2, "preferences": 0.1}
money = st.floats(0, 1e12)


@settings(deadline=None)
@given(st.lists(money, min_size=3, max_size=3), st.lists(money, min_size=3, max_size=3))
def test_the_parts_of_a_logarithm_add_up_to_it(values: list[float], centres: list[float]) -> None:
    margin = LogSum(0.5, 0.7, np.array([0.1, 0.0, 0.003]), np.array(centres), floor=1.0)
    row = np.array([values])
    explained = margin.explain(row)
    parts = explained.contributions
    assert explained.base + parts.sum() == pytest.approx(margin.value(row)[0], rel=1e-9, abs=1e-9)
    assert parts[0, 1] == 0.0  # a column without weight has no part
    assert explained.base == 0.5


def test_an_empty_value_has_nothing_at_stake() -> None:
    margin = LogSum(0.0, 1.0, np.array([0.1, 0.1]), np.array([10.0, 10.0]), floor=1.0)
    assert margin.sums(np.array([[np.nan, 50.0], [-5.0, 50.0]])).tolist() == [6.0, 6.0]


def test_without_audits_the_written_yields_stand() -> None:
    written = np.array([0.2, 0.0, 0.1])
    assert (fit_yields(np.empty((0, 3)), np.empty(0), written=written, weight=np.empty(0)) == written).all()


def test_audits_move_the_yields_to_what_they_book() -> None:
    rng = np.random.default_rng(3)
    at_stake = rng.lognormal(10, 1, (4000, 2))
    size = at_stake @ [0.3, 0.02]
    learned = fit_yields(at_stake, size, written=np.array([0.1, 0.1]), weight=np.ones(4000))
    assert learned == pytest.approx([0.3, 0.02], rel=0.35)


def test_few_audits_move_the_yields_a_little() -> None:
    learned = fit_yields(
        np.full((5, 1), 1000.0), np.full(5, 200.0), written=np.array([0.1]), weight=np.ones(5)
    )
    assert learned[0] == pytest.approx(0.1 * (PRIOR_AUDITS + 10) / (PRIOR_AUDITS + 5), rel=1e-6)


def administration(count: int, *, seed: int) -> tuple[pa.Table, Floats, pa.Table]:
    """Draw traders of whom audits book a fifth of what low prices leave open, where they find something."""
    rng = np.random.default_rng(seed)
    value = rng.lognormal(12, 1.5, count)
    low = value * rng.lognormal(-5, 1.5, count)
    preferences = value * rng.lognormal(-4, 1.0, count)
    hit = rng.random(count) < 0.25
    y = np.where(hit, np.round(0.2 * low * rng.lognormal(-0.3, 0.8, count), 2), 0.0)
    names = ("customs_value_24m", "low_prices", "preferences")
    rows = pa.table(dict(zip(names, (value, low, preferences), strict=True)))
    none = np.zeros(count)
    audits = audits_of(y, kind=none, team=np.array(["K1"] * count), letter=none.astype(bool))
    return rows, y, audits


def captured(model: HurdleModel, *, seed: int) -> float:
    """Return the share of the money that the best twentieth would bring in a model's first twentieth."""
    rows, _, _ = administration(4000, seed=seed)
    truth = rows["low_prices"].to_numpy()
    order = np.argsort(-model.predict(rows).expected)[:200]
    return float(truth[order].sum() / np.sort(truth)[-200:].sum())


@pytest.mark.parametrize("count", [0, 1, 5, 30])
def test_traders_are_ranked_from_the_first_audit_on(count: int) -> None:
    rows, y, audits = administration(count, seed=5)
    model = HurdleModel(prior_yields=YIELDS).fit(rows, y, audits=audits)
    assert captured(model, seed=6) > 0.7
    assert (model.predict(rows).expected > 0).all()


@pytest.mark.parametrize("count", [5, 30, 300])
def test_audits_that_found_nothing_lower_what_is_expected_and_leave_the_order(count: int) -> None:
    rows, y, audits = administration(count, seed=5)
    pool, _, _ = administration(500, seed=9)
    written = HurdleModel(prior_yields=YIELDS).fit(rows.slice(0, 0), y[:0], audits=audits.slice(0, 0))
    model = HurdleModel(prior_yields=YIELDS).fit(rows, 0 * y, audits=nothing_found(audits))
    before, after = written.predict(pool).expected, model.predict(pool).expected
    assert (after < before).all()
    assert np.corrcoef(before.argsort().argsort(), after.argsort().argsort())[0, 1] > 0.95
    assert captured(model, seed=6) > 0.7


@pytest.mark.parametrize("count", [5, 30, 100])
def test_audits_that_found_refunds_alone_expect_them_and_leave_a_ranking(count: int) -> None:
    rows, y, _ = administration(count, seed=5)
    model = HurdleModel(prior_yields=YIELDS, growth={"bags": 1}).fit(rows, -y)
    prediction = model.predict(rows)
    assert np.isfinite(prediction.expected).all()
    assert prediction.low.min() < 0.0
    assert captured(model, seed=6) > 0.7


def test_two_refunds_of_large_traders_leave_the_large_ones_above_zero() -> None:
    rows, y, audits = administration(30, seed=5)
    largest = np.argsort(rows["customs_value_24m"].to_numpy())[-2:]
    alike = np.where(y > 0, 2000.0, 0.0)
    alike[largest] = [-500.0, -700.0]
    model = HurdleModel(prior_yields=YIELDS).fit(rows, alike, audits=audits)
    pool, _, _ = administration(500, seed=9)
    assert (model.predict(pool).expected > 0).all()
    assert captured(model, seed=6) > 0.7


def test_one_large_refund_among_few_audits_does_not_turn_the_ranking_round() -> None:
    rows, y, audits = administration(30, seed=5)
    y[np.flatnonzero(y)[0]] = -20.0 * y.sum()
    model = HurdleModel(prior_yields=YIELDS).fit(rows, y, audits=audits)
    pool, _, _ = administration(500, seed=9)
    assert (model.predict(pool).expected > 0).mean() > 0.95
    assert captured(model, seed=6) > 0.7


@pytest.mark.parametrize("unit", [1e7, 1e-7])
@pytest.mark.parametrize("count", [0, 30, 300])
def test_the_reporting_currency_changes_no_rank(count: int, unit: float) -> None:
    rows, y, audits = administration(count, seed=5)
    pool, _, _ = administration(500, seed=9)
    model = HurdleModel(prior_yields=YIELDS, growth={"bags": 1})
    usual = model.fit(rows, y, audits=audits).predict(pool).expected
    other = model.fit(in_unit(rows, unit), y * unit, audits=in_unit(audits, unit)).predict(
        in_unit(pool, unit)
    )
    assert other.expected / unit == pytest.approx(usual, rel=1e-9)


def in_unit(table: pa.Table, unit: float) -> pa.Table:
    """Return a table whose numbers, all of them money, are in another currency."""
    return pa.table(
        {
            name: pc.multiply(column, unit) if pa.types.is_floating(column.type) else column
            for name, column in zip(table.column_names, table.columns, strict=True)
        }
    )


def nothing_found(audits: pa.Table) -> pa.Table:
    """Return audits without money."""
    return in_unit(audits, 0.0)


def test_the_written_yields_weigh_as_much_as_twenty_adjusted_audits() -> None:
    rows, y, _ = administration(0, seed=5)
    model = HurdleModel(prior_yields=YIELDS).fit(rows, y)
    assert [model.written_weight(adjusted) for adjusted in (0, 5, 20, 180)] == [1.0, 0.8, 0.5, 0.1]


def test_a_model_without_money_at_stake_has_nothing_written() -> None:
    rows, y, _ = administration(100, seed=5)
    assert HurdleModel().fit(rows, y).written_weight(0) == 0.0


def test_more_audits_rank_better() -> None:
    shares = [
        captured(HurdleModel(prior_yields=YIELDS, growth={"bags": 1}).fit(rows, y, audits=audits), seed=6)
        for rows, y, audits in (administration(count, seed=5) for count in (0, 1500))
    ]
    assert shares[1] > shares[0] + 0.03


def test_the_largest_trader_is_not_lost() -> None:
    rows, y, audits = administration(800, seed=7)
    model = HurdleModel(prior_yields=YIELDS, growth={"bags": 1}).fit(rows, y, audits=audits)
    giant = [np.quantile(rows[name].to_numpy(), 0.99) for name in rows.column_names]
    both = np.array([giant, np.multiply(giant, 100.0)])
    usual, hundredfold = model.predict(both).expected
    assert hundredfold > 20 * usual


def test_one_absurd_amount_moves_nobody_far() -> None:
    rows, y, audits = administration(800, seed=8)
    absurd = y.copy()
    absurd[np.flatnonzero(y)[3]] = 1e12
    model = HurdleModel(prior_yields=YIELDS, growth={"bags": 1})
    before = model.fit(rows, y, audits=audits).predict(rows).expected
    after = model.fit(rows, absurd, audits=audits).predict(rows).expected
    assert after.sum() < 1.6 * before.sum()


def test_no_amount_counts_above_a_tenth_of_the_others() -> None:
    y = np.array([0.0, *np.full(40, 10.0), -5.0, 1e9])
    counted = limited(y)
    assert counted.max() <= 0.1 * (counted[counted > 0].sum() - counted.max())
    assert (counted[:-1] == y[:-1]).all()
