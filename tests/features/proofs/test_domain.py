"""Whatever the contract lets through, every feature survives: the smallest numbers beside the largest."""

import math

import pytest

from features.proofs.changed import extreme
from features.proofs.histories import history
from tests.features.proofs.seeds import seeds
from tests.features.proofs.values import run


@pytest.mark.parametrize("seed", seeds(1))
def test_every_feature_is_a_number_or_empty(seed: int) -> None:
    values = run(extreme(history(seed), seed=seed))
    wrong = {
        (name, value)
        for row in values.values()
        for name, value in row.items()
        if isinstance(value, float) and not math.isfinite(value)
    }
    assert wrong == set()
