"""A small population to plan for: two offices, two sizes; some authorised, under tax audit, at rest."""

from datetime import date
from typing import Any

import numpy as np

from models.plan.candidates import Candidates
from models.plan.capacity import Capacity, GroupCap, OfficeHours


def population(traders: int = 600, *, seed: int = 1) -> Candidates:
    """Return candidates whose money is heavy-tailed: one in ten is at rest, one in twenty under tax audit."""
    rng = np.random.default_rng(seed)
    office = np.array(["XA1", "XA2"], object)[(rng.random(traders) < 0.3).astype(int)]
    large = rng.random(traders) < 0.3
    authorised, tax_audited, resting = (rng.random(traders) < share for share in (0.1, 0.05, 0.1))
    expected = rng.lognormal(6.5, 1.4, traders) * np.where(large, 3, 1)
    hours = np.array([4.0, 26.0, 95.0, 140.0]) * np.where(large, 1.5, 1.0)[:, None]
    allowed = np.ones((traders, 4), bool)
    allowed[:, 3], allowed[:, 2] = tax_audited, ~tax_audited
    allowed &= ~resting[:, None]
    return Candidates(
        tuple(f"T{k:04}" for k in range(traders)),
        office,
        {
            "size_band": np.where(large, "large", "small").astype(object),
            "sector": np.array(["46", "47", "29"], object)[rng.integers(0, 3, traders)],
            "region": np.where(office == "XA1", "XA-01", "XA-02").astype(object),
            "aeo": np.where(authorised, "authorised", "none").astype(object),
        },
        expected,
        2 * expected,
        np.where(large, 0.4, 0.2),
        hours,
        np.array([0.1, 1.1, 2.0, 2.2]) * expected[:, None] - 20.0 * hours,
        allowed,
    )


def capacity(**other: Any) -> Capacity:
    """Return a capacity for about thirty visits, with a cap on those to large traders and a share."""
    given: dict[str, Any] = {
        "first_day": date(2025, 1, 1),
        "last_day": date(2025, 12, 31),
        "hour_costs": 20.0,
        "offices": {"XA1": OfficeHours(2600.0, 700.0), "XA2": OfficeHours(1400.0, 400.0)},
        "caps": (GroupCap("size_band", "large", visits=20.0), GroupCap("aeo", "authorised", share=0.2)),
    }
    return Capacity(**(given | other))
