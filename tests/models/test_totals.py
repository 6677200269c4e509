"""The total of all predictions is brought to the money found as far as that is certain, and no further."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.fitting.calibrate import total_factor
from models.prediction import Floats

amounts = st.lists(st.floats(0, 1e6), min_size=5, max_size=50)


def findings(count: int, *, share: float) -> tuple[Floats, Floats]:
    """Return what audits found and what was expected of them, of which they found a share in all."""
    expected = np.full(count, 100.0)
    y = np.where(np.arange(count) % 5 == 0, 500.0 * share, 0.0)
    return y, expected


@given(amounts, st.floats(0.01, 1e3))
def test_the_total_is_never_moved_beyond_the_money_found(found: list[float], each: float) -> None:
    y, expected = np.array(found), np.full(len(found), each)
    ratio = y.sum() / expected.sum()
    factor = total_factor(y, expected, np.ones(len(y)))
    assert min(1.0, ratio) * (1 - 1e-9) <= factor or ratio == 0
    assert factor <= max(1.0, ratio) * (1 + 1e-9)


@pytest.mark.parametrize("share", [0.5, 2.0])
def test_thousands_of_audits_move_the_total_and_a_few_hardly(share: float) -> None:
    few, many = (
        total_factor(*findings(count, share=share), weight=np.ones(count)) for count in (20, 100_000)
    )
    assert many == pytest.approx(share, rel=0.05)
    assert few == pytest.approx(1.0, abs=0.15)


def test_one_absurd_finding_moves_no_total() -> None:
    y, expected = findings(500, share=1.0)
    y[0] = 1e12
    assert total_factor(y, expected, np.ones(500)) == pytest.approx(1.0, abs=1e-6)


def test_an_audit_counts_by_its_weight() -> None:
    y, expected = findings(100, share=2.0)
    twice = np.concatenate([y, y]), np.concatenate([expected, expected]), np.ones(200)
    assert total_factor(y, expected, np.full(100, 3.0)) == pytest.approx(
        total_factor(y, expected, np.ones(100))
    )
    assert total_factor(*twice) > total_factor(y, expected, np.ones(100))
