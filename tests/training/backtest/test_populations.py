"""Whom predictions are judged on, and how much each audit counts."""

import numpy as np
import pyarrow as pa
import pytest

from training.backtest.populations import POPULATIONS, inverse_inclusion, weights

AUDITS = pa.table(
    {
        "treatment": ["field", "letter", "field", "field", "field"],
        "selection_channel": ["random", "random", "rule", "referral", "random"],
        "inclusion_probability": pa.array([0.5, 0.1, 0.9, None, None], pa.float64()),
    }
)


@pytest.mark.parametrize(
    ("population", "rows"),
    [("all", [0, 1, 2, 3, 4]), ("reference", [0, 2, 4]), ("random", [0, 1, 4])],
)
def test_populations(population: str, rows: list[int]) -> None:
    assert np.flatnonzero(POPULATIONS[population](AUDITS)).tolist() == rows


def test_a_random_audit_counts_for_the_traders_it_stands_for() -> None:
    """1 / 0.5 and 1 / 0.1 are 2 and 10, whose mean, 6, stands in for the unknown one."""
    random = AUDITS.filter(pa.array(POPULATIONS["random"](AUDITS)))
    assert weights(random, "random") == pytest.approx([2 / 6, 10 / 6, 1.0])


def test_elsewhere_every_audit_counts_once() -> None:
    assert weights(AUDITS, "all").tolist() == [1.0] * 5


def test_where_no_probability_is_known_every_audit_counts_once() -> None:
    assert inverse_inclusion(AUDITS.slice(3)).tolist() == [1.0, 1.0]
