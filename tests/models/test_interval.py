"""The interval: held against audits whose truth is known, selected by risk, rare, heavy-tailed and uneven."""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from models.fitting.glm import sigmoid
from models.fitting.interval import Interval, fit_interval
from models.prediction import Floats


@dataclass(frozen=True)
class Audits:
    """Money, and what an imperfect model says of it; small amounts are less certain than large ones."""

    y: Floats
    probability: Floats
    amount: Floats
    up: Floats

    def taken(self, rows: np.ndarray) -> "Audits":
        """Return some of the audits."""
        return Audits(self.y[rows], self.probability[rows], self.amount[rows], self.up[rows])


def drawn(count: int, *, seed: int, rate: float = 0.1, refunds: float = 0.1) -> Audits:
    """Draw an audit of every trader; in a third, an adjustment is a refund with the chance `refunds`."""
    rng = np.random.default_rng(seed)
    size, risk = rng.normal(0, 1, count), rng.normal(0, 1, count)
    log_odds = np.log(rate / (1 - rate)) - 0.6 + 1.1 * risk
    probability = sigmoid(log_odds)
    amount = np.exp(8 + 1.5 * size + 0.6 * risk)
    up = np.where(rng.random(count) < 1 / 3, 1 - refunds, 1.0)
    spread = np.clip(1.2 - 0.4 * size, 0.4, 2.2)
    sign = np.where(rng.random(count) < up, 1.0, -1.0)
    met = rng.random(count) < probability
    y = np.where(met, sign * amount * np.exp(spread * rng.normal(0, 1, count) - spread**2 / 2), 0.0)
    off = sigmoid(0.3 + 0.9 * log_odds + 0.4 * rng.normal(0, 1, count))
    return Audits(y, off, 1.5 * amount * np.exp(0.5 * rng.normal(0, 1, count)), up)


def chosen(traders: Audits, *, count: int, seed: int) -> Audits:
    """Choose whom to audit, the risky more often."""
    odds = traders.probability / (1 - traders.probability)
    rows = np.random.default_rng(seed).choice(len(odds), count, replace=False, p=odds / odds.sum())
    return traders.taken(rows)


def fitted(audits: Audits, *, coverage: float = 0.9) -> Interval:
    return fit_interval(
        audits.y,
        probability=audits.probability,
        amount=audits.amount,
        up=audits.up,
        weight=np.ones(len(audits.y)),
        coverage=coverage,
    )


def ends(interval: Interval, of: Audits) -> tuple[Floats, Floats]:
    return interval.between(probability=of.probability, amount=of.amount, up=of.up)


def covered(interval: Interval, of: Audits) -> NDArray[np.bool_]:
    low, high = ends(interval, of)
    return (low <= of.y) & (of.y <= high)


def by_money(of: Audits) -> np.ndarray:
    return np.argsort(-of.probability * of.amount)


RATES = (0.03, 0.1, 0.25)
REFUNDS = (0.0, 0.15, 0.6)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("refunds", REFUNDS)
def test_it_covers_as_promised_where_money_is_and_at_least_everywhere(rate: float, refunds: float) -> None:
    traders = drawn(40_000, seed=1, rate=rate, refunds=refunds)
    inside = covered(
        fitted(chosen(traders, count=1500, seed=2)), drawn(40_000, seed=3, rate=rate, refunds=refunds)
    )
    order = by_money(drawn(40_000, seed=3, rate=rate, refunds=refunds))
    assert inside[order[:2000]].mean() > 0.87
    assert min(inside[fifth].mean() for fifth in np.array_split(order, 5)) > 0.87


def test_it_covers_little_more_than_promised_where_adjustments_are_more_than_a_tenth() -> None:
    inside, order = [], []
    for seed in range(3):
        traders = drawn(20_000, seed=seed, rate=0.25)
        interval = fitted(chosen(traders, count=1500, seed=seed))
        fresh = drawn(20_000, seed=seed + 10, rate=0.25)
        often = fresh.taken(np.flatnonzero(fresh.probability > 0.15))
        inside.append(covered(interval, often))
        order.append(by_money(often))
    fifths = [
        np.concatenate([i[np.array_split(o, 5)[k]] for i, o in zip(inside, order, strict=True)])
        for k in range(5)
    ]
    assert all(0.87 < fifth.mean() < 0.93 for fifth in fifths)


def test_it_covers_small_and_large_amounts_alike_though_these_are_not_equally_certain() -> None:
    traders = drawn(40_000, seed=1, rate=0.25)
    interval = fitted(chosen(traders, count=3000, seed=2))
    fresh = drawn(40_000, seed=3, rate=0.25)
    often = fresh.taken(np.flatnonzero(fresh.probability > 0.15))
    inside = covered(interval, often)
    thirds = np.array_split(np.argsort(often.amount), 3)
    assert all(0.86 < inside[third].mean() < 0.94 for third in thirds)


@pytest.mark.parametrize("factor", [0.4, 2.0])
def test_it_covers_where_money_is_though_the_model_is_wrong_about_the_chance_there(factor: float) -> None:
    audits = chosen(drawn(40_000, seed=1, rate=0.2), count=1500, seed=2)
    audits, fresh = (
        replace(each, probability=np.minimum(1.0, each.probability * factor))
        for each in (audits, drawn(40_000, seed=3, rate=0.2))
    )
    assert 0.87 < covered(fitted(audits), fresh)[by_money(fresh)[:2000]].mean() < 0.94


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("refunds", REFUNDS)
def test_nine_in_ten_adjustments_lie_in_their_own_range_small_ones_as_large_ones(
    rate: float, refunds: float
) -> None:
    traders = drawn(40_000, seed=1, rate=rate, refunds=refunds)
    interval = fitted(chosen(traders, count=3000, seed=2))
    fresh = drawn(40_000, seed=3, rate=rate, refunds=refunds)
    adjusted = fresh.taken(np.flatnonzero(fresh.y))
    low, high = interval.between_if_adjusted(amount=adjusted.amount, up=adjusted.up)
    inside = (low <= adjusted.y) & (adjusted.y <= high)
    assert 0.87 < inside.mean() < 0.935
    assert all(0.83 < inside[third].mean() < 0.95 for third in np.array_split(np.argsort(adjusted.amount), 3))
    assert 0.85 < inside[adjusted.up == adjusted.up.min()].mean() < 0.95


@pytest.mark.parametrize("count", [0, 5, 30, 1500])
def test_it_is_no_point_where_there_may_be_an_adjustment(count: int) -> None:
    traders = drawn(20_000, seed=1, rate=0.05)
    low, high = ends(fitted(chosen(traders, count=count, seed=2)), traders)
    risky = traders.probability >= 0.02
    assert (high - low > 0.01 * traders.amount)[risky].all()
    assert ((low <= 0) & (high >= 0)).all()


def test_it_holds_zero_and_refunds_where_these_are_what_is_likely() -> None:
    one = np.ones(1)
    interval = fitted(drawn(0, seed=1))
    low, high = interval.between(probability=0.5 * one, amount=100 * one, up=0 * one)
    assert (low < -30).all()
    assert (high == 0).all()
    both_low, both_high = interval.between(probability=0.5 * one, amount=100 * one, up=0.5 * one)
    assert both_low == -both_high < 0


def test_with_a_hundred_audits_it_covers_as_with_thousands_on_average() -> None:
    traders = drawn(20_000, seed=1, rate=0.25)
    first = by_money(traders)[:4000]
    inside = [
        covered(fitted(chosen(traders, count=100, seed=seed)), traders)[first].mean() for seed in range(40)
    ]
    assert 0.88 < np.mean(inside) < 0.93


def test_with_few_audits_it_is_wide() -> None:
    traders = drawn(20_000, seed=1, rate=0.25)
    widths = []
    for count in (0, 5, 30, 1500):
        interval = fitted(chosen(traders, count=count, seed=2))
        assert covered(interval, traders)[by_money(traders)[:4000]].mean() > 0.87
        low, high = ends(interval, traders)
        widths.append(np.median((high - low) / traders.amount))
    assert min(widths[:3]) > widths[3]


def test_more_coverage_is_a_wider_interval() -> None:
    traders = drawn(5000, seed=1)
    audits = chosen(traders, count=600, seed=2)
    intervals = [ends(fitted(audits, coverage=coverage), traders) for coverage in (0.6, 0.8, 0.9, 0.97)]
    for (low, high), (lower, higher) in pairwise(intervals):
        assert (lower <= low).all()
        assert (higher >= high).all()
        assert (higher > high).any()


def test_a_larger_chance_of_the_same_amount_is_a_wider_interval_without_audits() -> None:
    chance = np.linspace(0.001, 0.999, 200)
    interval = fitted(drawn(0, seed=1))
    _, high = interval.between(probability=chance, amount=np.full(200, 1000.0), up=np.ones(200))
    assert (np.diff(high) >= -1e-9).all()


def test_money_in_another_currency_has_ends_in_that_currency() -> None:
    traders = drawn(5000, seed=1)
    audits = chosen(traders, count=600, seed=2)
    other = [replace(each, y=each.y * 640, amount=each.amount * 640) for each in (audits, traders)]
    for one, another in zip(ends(fitted(audits), traders), ends(fitted(other[0]), other[1]), strict=True):
        np.testing.assert_allclose(another, one * 640, rtol=1e-9)


def test_the_order_of_the_audits_changes_nothing_but_rounding() -> None:
    traders = drawn(5000, seed=1)
    audits = chosen(traders, count=600, seed=2)
    audits = replace(audits, amount=np.round(audits.amount, -3) + 1.0)
    order = np.random.default_rng(3).permutation(600)
    intervals = fitted(audits), fitted(audits.taken(order))
    for one, other in zip(ends(intervals[0], traders), ends(intervals[1], traders), strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-6, atol=1e-6)


def test_one_absurd_amount_moves_no_end_far() -> None:
    traders = drawn(20_000, seed=1, rate=0.25)
    audits = chosen(traders, count=800, seed=2)
    absurd = audits.y.copy()
    absurd[np.flatnonzero(absurd > 0)[0]] = 1e15
    _, high = ends(fitted(audits), traders)
    _, higher = ends(fitted(replace(audits, y=absurd)), traders)
    assert np.quantile(higher / np.maximum(high, 1.0), 0.99) < 2


def test_a_trader_gets_the_same_bits_alone_and_among_others() -> None:
    traders = drawn(5000, seed=1)
    interval = fitted(chosen(traders, count=600, seed=2))
    alone = traders.taken(np.array([17]))
    assert [end[17] for end in ends(interval, traders)] == [end[0] for end in ends(interval, alone)]
    together = interval.between_if_adjusted(amount=traders.amount, up=traders.up)
    assert [end[17] for end in together] == [
        end[0] for end in interval.between_if_adjusted(amount=alone.amount, up=alone.up)
    ]
