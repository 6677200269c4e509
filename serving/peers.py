"""A trader's peers: the others of its sector and size, and their middle value of each feature."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.prediction import Floats
from serving.live import Live

ENOUGH = 5
"""Of fewer others the middle value says little, and could give one of them away."""


@dataclass(frozen=True)
class Peers:
    """The traders that one is held beside: how many, who they are in words, and their features (peers, p)."""

    count: int
    words: str
    values: Floats

    def median(self, column: int) -> float | None:
        """Return their middle value of a feature, None where too few have one."""
        known = self.values[:, column]
        known = known[~np.isnan(known)]
        return float(np.median(known)) if len(known) >= ENOUGH else None


def peers(live: Live, trader_id: str) -> Peers:
    """Return the others of the trader's sector and size; where they are too few of its size, else all."""
    place = live.places[trader_id]
    circles = [(words, np.flatnonzero(alike)) for words, alike in _circles(live, place)]
    others = [(words, rows[rows != place]) for words, rows in circles]
    words, rows = next((circle for circle in others if len(circle[1]) >= ENOUGH), others[-1])
    return Peers(len(rows), words, live.X[rows])


def _circles(live: Live, place: int) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Who may count as a peer, the narrowest circle first; nothing known of the trader is no likeness."""
    sectors, sizes = (
        np.array(live.snapshot.traders[name].to_pylist(), dtype=object) for name in ("sector", "size_band")
    )
    sector, size = sectors[place], sizes[place]
    if sector and size:
        yield f"other traders of sector {sector} and size {size}", (sectors == sector) & (sizes == size)
    if size:
        yield f"other traders of size {size}", sizes == size
    yield "all other traders", np.ones(len(sizes), dtype=bool)
