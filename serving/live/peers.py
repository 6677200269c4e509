"""Peers of a trader: the others of its sector and size, and their median of each feature."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from models.prediction import Floats
from serving.live.state import Live

LEAST_PEERS = 5
"""The median of fewer says little, and could give one of them away."""
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Peers:
    """The traders that one is compared with: of its `sector` and `size`, each None where of any.

    `rows` are theirs of all features `X`.
    """

    sector: str | None
    size: str | None
    rows: NDArray[np.int64]
    X: Floats

    def __len__(self) -> int:
        return len(self.rows)

    def median(self, column: int) -> float | None:
        """Return their median of a feature, None where too few have a value."""
        values = self.X[self.rows, column]
        known = values[~np.isnan(values)]
        return float(np.median(known)) if len(known) >= LEAST_PEERS else None


def peers(live: Live, trader_id: str) -> Peers:
    """Return the others of the trader's sector and size; where they are too few of its size, else all."""
    row = live.row_index[trader_id]
    groups = ((sector, size, np.flatnonzero(mask)) for sector, size, mask in _peer_groups(live, row))
    others = [Peers(sector, size, rows[rows != row], live.X) for sector, size, rows in groups]
    return next((each for each in others if len(each) >= LEAST_PEERS), others[-1])


def _peer_groups(live: Live, row: int) -> Iterator[tuple[str | None, str | None, Mask]]:
    """Yield sector, size and mask of peers, the narrowest group first; an unknown value is like no other."""
    sector, same_sector = _alike(live, "sector", row)
    size, same_size = _alike(live, "size_band", row)
    if sector and size:
        yield sector, size, same_sector & same_size
    if size:
        yield None, size, same_size
    yield None, None, np.ones(len(live.row_index), dtype=bool)


def _alike(live: Live, name: str, row: int) -> tuple[str | None, Mask]:
    """Return a trader's value of a column, and a mask of the traders with the same value."""
    column = live.snapshot.traders[name]
    value = column[row].as_py()
    return value, pc.fill_null(pc.equal(column, value), False).to_numpy()
