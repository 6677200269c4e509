"""The rows behind a value: their shares add up to it, and it is the value that was built."""

import math
from datetime import date

import pytest

from features.evidence import evidence
from features.library import LIBRARY
from features.spine import Spine
from tests.features.building import build, warehouse
from tests.features.proofs.histories import history
from tests.features.proofs.script import by_key, traders
from tests.features.proofs.torture import TORTURE

CUTOFF = date(2023, 5, 15)
WHOLE = [feature.name for feature in LIBRARY.features if feature.source is not None]
FEW = WHOLE if TORTURE else WHOLE[::9]
ADDITIVE = (
    *("customs_value_12m", "duty_12m", "effective_rate_12m", "preference_share_12m", "price_gap_12m"),
    *("low_price_share_12m", "sibling_rate_gap_12m", "border_revenue_24m", "penalties", "closed_audits"),
)
"""Sums and ratios of sums, which the auditor must be able to trace to their rows."""


@pytest.mark.parametrize("name", list(dict.fromkeys((*FEW, *ADDITIVE))))
def test_shares_add_up_to_the_value_built(name: str):
    tables = history(3)
    asked = Spine.every(traders(tables)[:4] if TORTURE else traders(tables)[1:2], [CUTOFF])
    built = by_key(build(tables, asked, features=LIBRARY.select([name])))
    with warehouse(tables) as opened:
        for (trader, cutoff), row in built.items():
            found = evidence(LIBRARY, name, warehouse=opened, trader_id=trader, cutoff=cutoff)
            empty = LIBRARY.by_name[name].empty
            assert (empty if found.value is None else found.value) == row[name]
            shares = found.rows["share"].to_pylist()
            if found.additive and shares:
                told = math.fsum(share for share in shares if share is not None)
                assert told == pytest.approx(found.value or 0.0, rel=1e-9, abs=1e-9)
            if not found.additive:
                assert set(shares) <= {None}
    assert found.additive or name not in ADDITIVE
