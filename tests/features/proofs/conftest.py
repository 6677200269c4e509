"""What the proofs rely on: groups of peers that small administrations can fill."""

from collections.abc import Iterator

import pytest

from features.build import MOST_WRITTEN
from features.library import LIBRARY
from features.library.valuation import digits
from features.prepare import peers, prices, related_parties, sector
from features.recent import Recent
from features.snapshots.line_parts import code_digest

SMALL = (
    (peers, "FEWEST_LINES", 3),
    (peers, "FEWEST_TRADERS", 2),
    (sector, "FEWEST_TRADERS", 2),
    (prices, "FEWEST_FOR_A_MIDDLE", 1),
    (prices, "FEWEST_FOR_A_SPREAD", 2),
    (digits, "FEWEST_AMOUNTS", 5),
    (related_parties, "MOST_TIED", 4),
)
WRITTEN = Recent(MOST_WRITTEN)
"""What the library writes while groups are small: these constants stand in its statements."""


@pytest.fixture(autouse=True, scope="module")
def small_groups() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for module, name, fewest in SMALL:
            patch.setattr(module, name, fewest)
        patch.setitem(vars(LIBRARY), "_written", WRITTEN)
        code_digest.cache_clear()
        yield
    code_digest.cache_clear()
