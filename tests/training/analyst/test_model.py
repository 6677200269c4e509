"""The analyst's model: a plain hurdle whose total is that of the money found."""

import numpy as np
import pyarrow as pa
import pytest

from training.analyst.model import AnalystModel


def administration(count: int = 600) -> tuple[pa.Table, np.ndarray]:
    """Every trader's chance and amount rise with one column each."""
    rng = np.random.default_rng(1)
    risk, size = rng.random(count), rng.lognormal(8, 1, count)
    y = np.where(rng.random(count) < 0.6 * risk, size * rng.lognormal(0, 0.3, count), 0.0)
    return pa.table({"risk": risk, "size": size}), y


def test_it_ranks_by_chance_and_amount_and_its_total_is_that_of_audits_not_seen() -> None:
    columns, y = administration(1_200)
    learned, tested = slice(0, 600), slice(600, 1_200)
    predicted = AnalystModel().fit(columns.slice(0, 600), y[learned]).predict(columns.slice(600))
    first = np.argsort(-predicted.expected)[:60]
    assert y[tested][first].sum() > 0.3 * y[tested].sum()
    assert predicted.expected.sum() == pytest.approx(y[tested].sum(), rel=0.25)
    assert np.mean(y[tested] <= predicted.high) == pytest.approx(0.9, abs=0.05)
    assert np.array_equal(predicted.by_type.sum(axis=1), predicted.expected)


def test_the_same_audits_give_the_same_bytes() -> None:
    columns, y = administration(200)
    once, again = (AnalystModel(seed=3).fit(columns, y).predict(columns).expected.tobytes() for _ in range(2))
    assert once == again


def test_where_nothing_was_found_it_expects_nothing() -> None:
    columns, y = administration(60)
    assert AnalystModel().fit(columns, np.zeros_like(y)).predict(columns).expected.tolist() == [0.0] * 60


def test_refunds_are_taken_off_its_total() -> None:
    columns, y = administration(600)
    refunds = y.copy()
    refunds[y == 0] = -0.2 * y.sum() / (y == 0).sum()
    whole, net = (AnalystModel().fit(columns, each).predict(columns).expected.sum() for each in (y, refunds))
    assert 0 < net < whole


def test_where_every_finding_is_a_refund_it_expects_nothing() -> None:
    columns, y = administration(60)
    assert AnalystModel().fit(columns, -y).predict(columns).expected.tolist() == [0.0] * 60
