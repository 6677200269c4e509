"""Money by finding type: what audits booked of each, and the expected money split by their shares."""

import numpy as np
import pyarrow as pa

from features.data.contract.required import FINDING_TYPES
from models.prediction import Floats, row_sums

PRIOR_AUDITS = 5.0


def amounts_by_type(audits: pa.Table | None) -> Floats | None:
    """Return the money of audits by finding type (n, types), signed; None where it is not known."""
    names = [f"{kind}_amount" for kind in FINDING_TYPES]
    if audits is None or not set(names) <= set(audits.column_names):
        return None
    return np.column_stack([audits[name].to_numpy() for name in names]).astype(np.float64)


def overall_shares(by_type: Floats | None, *, weight: Floats) -> Floats:
    """Return the share of each finding type (types,) in the money of audits; even where none is known.

    Each adjusted audit counts as one, spread over its types as its money is; a refund counts by its size.
    """
    types = len(FINDING_TYPES)
    if by_type is None:
        return np.full(types, 1 / types)
    sizes = np.abs(by_type)
    sums = sizes.sum(axis=1)
    adjusted = sums > 0
    counts = (sizes[adjusted] / sums[adjusted, None] * weight[adjusted, None]).sum(axis=0)
    return np.asarray((counts + PRIOR_AUDITS / types) / (counts.sum() + PRIOR_AUDITS), np.float64)


def divide(expected: Floats, shares: Floats) -> Floats:
    """Return the expected money (n,) by finding type (n, types), by shares; each row adds up to it."""
    parts = expected[:, None] * shares
    rows, largest = np.arange(len(expected)), np.argmax(shares, axis=1)
    parts[rows, largest] += expected - row_sums(parts)
    return np.asarray(parts, np.float64)
