"""Money in, money out: values in money grow with money itself, others do not, and no stake is below zero."""

import math
from functools import partial

import pytest

from features.data.contract import TABLES
from features.library import LIBRARY
from features.proofs.changed import with_rows
from features.proofs.histories import history
from features.unit import Unit
from tests.features.proofs.values import run, values_of
from tests.features.tables import Row, Tables
from tests.torture import TORTURE

pytestmark = pytest.mark.long

SEED = 2


def dearer(tables: Tables, *, times: float) -> Tables:
    """The same administration in a currency of another worth; invoices stay in their own."""
    for name, table in TABLES.items():
        columns = [column.name for column in table.columns if column.unit is Unit.MONEY]
        tables = with_rows(tables, name, partial(_multiplied, times=times, columns=columns))
    return tables


def _multiplied(row: Row, *, times: float, columns: list[str]) -> Row:
    return row | {name: times * row[name] for name in columns if row[name] is not None}


@pytest.mark.parametrize("times", [1e-6, 1e5, 1e9] if TORTURE else [1e-6])
def test_a_value_in_money_grows_with_money_and_no_other_does(times: float) -> None:
    once, dear = values_of(SEED), run(dearer(history(SEED), times=times))
    wrong: dict[str, object] = {}
    for key, row in once.items():
        for feature in LIBRARY.features:
            before, after = row[feature.name], dear[key][feature.name]
            expected = None if before is None else before * (times if feature.unit is Unit.MONEY else 1.0)
            if not _equal(after, expected, unit=times if feature.unit is Unit.MONEY else 1.0):
                wrong.setdefault(feature.name, (key, before, after))
    assert wrong == {}


def _equal(value: float | None, expected: float | None, *, unit: float) -> bool:
    if value is None or expected is None:
        return value is expected
    return math.isclose(value, expected, rel_tol=1e-9, abs_tol=1e-9 * unit)


def test_no_money_at_stake_is_below_zero() -> None:
    stakes = [feature for feature in LIBRARY.features if feature.prior_yield is not None]
    rows = [row for seed in range(3) for row in values_of(seed).values()]
    by_record = {name for name in LIBRARY.names if name.endswith("_record_money_24m")}
    below = {f.name for f in stakes for row in rows if (row[f.name] or 0.0) < 0.0}
    assert below <= by_record
    assert {f.name for f in stakes if (f.unit, f.months, f.monotone) != (Unit.MONEY, 24, 1)} == set()
