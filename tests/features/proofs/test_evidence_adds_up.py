"""The rows behind a value: their shares add up to it, and it is the value that was built."""

import math
from collections.abc import Iterator

import pytest

from features.data.warehouse import Warehouse
from features.evidence import evidence
from features.library import LIBRARY
from features.proofs.draw import CUTOFFS
from features.proofs.histories import history
from features.proofs.tables import warehouse_of
from features.proofs.values import traders
from tests.features.proofs.values import values_of
from tests.torture import TORTURE

CUTOFF = CUTOFFS[2]
WHOLE = [feature.name for feature in LIBRARY.features if feature.source is not None]
FEW = WHOLE if TORTURE else WHOLE[::9]
ADDITIVE = (
    *("customs_value_12m", "duty_12m", "effective_rate_12m", "preference_share_12m", "price_gap_12m"),
    *("low_price_share_12m", "sibling_rate_gap_24m", "border_revenue_24m", "penalties", "closed_audits"),
)
"""Sums and ratios of sums, which the auditor must be able to trace to their rows."""


@pytest.fixture(scope="module")
def opened() -> Iterator[Warehouse]:
    with warehouse_of(history(3)) as tables:
        yield tables


@pytest.mark.parametrize("name", list(dict.fromkeys((*FEW, *ADDITIVE))))
def test_shares_add_up_to_the_value_built(name: str, opened: Warehouse) -> None:
    everybody = traders(history(3))
    for trader in everybody[:4] if TORTURE else everybody[1:2]:
        behind = evidence(LIBRARY, name, warehouse=opened, trader_id=trader, cutoff=CUTOFF)
        empty = LIBRARY.by_name[name].empty
        assert (empty if behind.value is None else behind.value) == values_of(3)[trader, CUTOFF][name]
        shares = behind.rows["share"].to_pylist()
        if behind.additive and shares:
            total = math.fsum(share for share in shares if share is not None)
            assert total == pytest.approx(behind.value or 0.0, rel=1e-9, abs=1e-9)
        if not behind.additive:
            assert set(shares) <= {None}
    assert behind.additive or name not in ADDITIVE
