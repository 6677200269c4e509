"""Money in cents that still adds up."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from serving.live.rounding import in_cents, to_cents

AMOUNTS = st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=12)


@given(AMOUNTS)
def test_parts_add_up_to_the_rounded_total_and_each_moves_by_less_than_a_cent(amounts: list[float]) -> None:
    parts = np.array([amounts])
    total = parts.sum(axis=1)
    [rounded] = in_cents(parts, total)
    assert sum(round(100 * each) for each in rounded.tolist()) == round(100 * to_cents(total)[0])
    assert np.abs(rounded - parts[0]).max() < 0.01 + 1e-6


def test_the_largest_remainder_gets_the_cent_and_the_first_of_equals() -> None:
    assert in_cents(np.array([[1.006, 1.001, 1.003]]), np.array([3.01])).tolist() == [[1.01, 1.0, 1.0]]
    assert in_cents(np.array([[0.005, 0.005]]), np.array([0.01])).tolist() == [[0.01, 0.0]]


def test_no_cent_is_a_negative_nothing() -> None:
    assert str(to_cents(np.array([-0.001]))[0]) == "0.0"
