"""A trader's peers: the others of its sector and size, and their middle value of each feature."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from models.prediction import Floats
from serving.live.state import Live

ENOUGH = 5
"""Of fewer others the middle value says little, and could give one of them away."""
Truths = NDArray[np.bool_]


@dataclass(frozen=True)
class Peers:
    """The traders that one is held beside: who they are in words, and their `rows` of all features `X`."""

    words: str
    rows: NDArray[np.int64]
    X: Floats

    def __len__(self) -> int:
        return len(self.rows)

    def median(self, column: int) -> float | None:
        """Return their middle value of a feature, None where too few have one."""
        values = self.X[self.rows, column]
        known = values[~np.isnan(values)]
        return float(np.median(known)) if len(known) >= ENOUGH else None


def peers(live: Live, trader_id: str) -> Peers:
    """Return the others of the trader's sector and size; where they are too few of its size, else all."""
    place = live.places[trader_id]
    circles = ((words, np.flatnonzero(alike)) for words, alike in _circles(live, place))
    others = [Peers(words, rows[rows != place], live.X) for words, rows in circles]
    return next((each for each in others if len(each) >= ENOUGH), others[-1])


def _circles(live: Live, place: int) -> Iterator[tuple[str, Truths]]:
    """Who may count as a peer, the narrowest circle first; nothing known of the trader is no likeness."""
    sector, of_sector = _alike(live, "sector", place)
    size, of_size = _alike(live, "size_band", place)
    if sector and size:
        yield f"other traders of sector {sector} and size {size}", of_sector & of_size
    if size:
        yield f"other traders of size {size}", of_size
    yield "all other traders", np.ones(len(live.places), dtype=bool)


def _alike(live: Live, name: str, place: int) -> tuple[str | None, Truths]:
    """Return a trader's value of a column and who has the same."""
    column = live.snapshot.traders[name]
    value = column[place].as_py()
    return value, pc.fill_null(pc.equal(column, value), False).to_numpy()
