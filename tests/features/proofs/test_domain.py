"""Whatever the contract lets through, every feature survives: the smallest numbers beside the largest."""

import math
from functools import partial

import numpy as np
import pytest

from features.data.contract import TABLES, ColumnType
from features.data.contract.rule import LARGEST_NUMBER, LARGEST_RATE
from features.unit import Unit
from tests.features.proofs.histories import history
from tests.features.proofs.known import with_rows
from tests.features.proofs.seeds import seeds
from tests.features.proofs.values import run
from tests.features.tables import Row, Tables

RATES = (0.0, 0.1, LARGEST_RATE)
SIZES = (0.0, 1e-6, 1e-4, 0.01, 1.0, 1e13, LARGEST_NUMBER)


def extreme(tables: Tables, *, seed: int) -> Tables:
    """The same administration with every number at one end of its domain or the other, signs as they are."""
    rng = np.random.default_rng(seed)
    for name, table in TABLES.items():
        numbers = {c.name: c.unit for c in table.columns if c.kind is ColumnType.NUMBER}
        tables = with_rows(tables, name, partial(_extreme, units=numbers, rng=rng))
    return tables


def _extreme(row: Row, *, units: dict[str, Unit | None], rng: np.random.Generator) -> Row:
    drawn = dict(row)
    for name, unit in units.items():
        if row.get(name) is None or unit is Unit.PROBABILITY:
            continue
        size = float(rng.choice(RATES if unit is Unit.RATE else SIZES))
        drawn[name] = math.copysign(size, row[name])
    return drawn


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
