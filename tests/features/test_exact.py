"""Exact sums over the whole domain of numbers: cents, totals of 1e18, and currencies of any unit."""

from fractions import Fraction

import ibis
import numpy as np
import pyarrow as pa
import pytest

from features import exact
from features.data.contract.rule import LARGEST_NUMBER, LARGEST_RATE

ENGINE = ibis.duckdb.connect()


def total(terms: list[float]) -> float:
    rows = ibis.memtable(pa.table({"term": terms}))
    return float(ENGINE.to_pyarrow(exact.total(rows.term)).as_py())


def test_cents_stay_cents() -> None:
    assert total([0.1, 0.2, -0.3]) == 0.0
    assert total([1234567.89] * 7) == 8641975.23
    assert total([98765432109.87, 0.01, -98765432109.88]) == 0.0


def test_the_largest_amounts_add_up_to_a_million_million_million() -> None:
    assert total([LARGEST_NUMBER] * 1000 + [0.01]) == 1e18
    assert total([LARGEST_NUMBER, 0.25, -LARGEST_NUMBER]) == 0.25


def test_a_term_has_room_for_a_total_at_the_largest_rate() -> None:
    assert total([LARGEST_RATE * 1e18] * 2) == 2 * LARGEST_RATE * 1e18


def test_small_amounts_are_not_lost() -> None:
    assert total([0.0001] * 3) == 0.0003
    assert total([1e-8] * 5) == 5e-8


@pytest.mark.parametrize("scale", [1e-6, 1e-3, 1.0, 1e5, 1e9])
def test_a_sum_is_the_nearest_number_to_the_true_one_in_any_order(scale: float) -> None:
    rng = np.random.default_rng(1)
    terms = rng.lognormal(8, 2, 2000) * scale * rng.choice([-1.0, 1.0], 2000, p=[0.1, 0.9])
    true = sum(map(Fraction, terms.tolist()))
    assert total(terms.tolist()) == pytest.approx(float(true), rel=1e-14, abs=0.0)
    assert total(terms[::-1].tolist()) == total(terms.tolist())


def test_a_sum_of_an_expression_where_a_condition_holds_is_that_of_its_values() -> None:
    columns = pa.table({"left": [0.1, 0.2, 5.0, None], "right": [0.2, 0.4, 1.0, 2.0]})
    rows = ibis.memtable(columns).mutate(counted=ibis._.right < 0.9)
    difference = exact.total(rows.left - rows.right, where=(rows.right < 0.9) | (rows.right > 3.0))
    assert ENGINE.to_pyarrow(difference).as_py() == -0.3
    assert ENGINE.to_pyarrow(exact.mean(rows.left + rows.right, where=rows.counted)).as_py() == 0.45
    assert ENGINE.to_pyarrow(exact.total(rows.left, where=rows.right > 9.0)).as_py() is None


def test_a_sum_in_a_window_is_that_of_the_group() -> None:
    rows = ibis.memtable(pa.table({"group": ["a", "a", "b"], "term": [0.1, 0.2, 0.7]}))
    sums = rows.mutate(total=exact.total_over(rows.term, ibis.window(group_by="group")))
    assert sorted(ENGINE.to_pyarrow(sums)["total"].to_pylist()) == [0.3, 0.3, 0.7]
