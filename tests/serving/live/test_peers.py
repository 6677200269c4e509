"""Who counts as a peer, and what the middle one has."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from serving.live.peers import LEAST_PEERS, Peers, peers
from serving.live.state import Live


def described(live: Live, sectors: list[str | None], sizes: list[str | None]) -> Live:
    """What is live, with only the first traders left and described anew."""
    count = len(sectors)
    traders = live.snapshot.traders.slice(0, count)
    for name, values in (("sector", sectors), ("size_band", sizes)):
        at = traders.column_names.index(name)
        traders = traders.set_column(at, name, pa.array(values, pa.string()))
    return replace(
        live, snapshot=replace(live.snapshot, table=live.snapshot.table.slice(0, count), traders=traders)
    )


@pytest.fixture(scope="module")
def few(live: Live) -> Live:
    """Six of one sector and size, three more of that size in another sector, one of unknown size."""
    return described(live, ["46"] * 6 + ["47"] * 3 + [None], ["small"] * 9 + [None])


def of(live: Live, row_index: int) -> Peers:
    return peers(live, live.snapshot.table["trader_id"][row_index].as_py())


def test_peers_are_the_others_of_the_same_sector_and_size(few: Live) -> None:
    others = of(few, 2)
    assert (others.sector, others.size) == ("46", "small")
    assert others.rows.tolist() == [0, 1, 3, 4, 5]


def test_where_they_are_too_few_all_of_the_size_count(few: Live) -> None:
    assert (len(of(few, 7)), of(few, 7).sector, of(few, 7).size) == (8, None, "small")


def test_a_trader_of_whom_nothing_is_known_is_held_beside_all(few: Live) -> None:
    assert (len(of(few, 9)), of(few, 9).sector, of(few, 9).size) == (9, None, None)


def test_the_middle_is_of_those_that_have_a_value() -> None:
    column = np.array([[1.0], [np.nan], [3.0], [2.0], [9.0], [4.0], [-500.0]])
    assert Peers(None, None, np.arange(6), column).median(0) == 3.0


def test_of_too_few_values_there_is_no_middle() -> None:
    values = np.ones((9, 1))
    assert Peers(None, None, np.arange(LEAST_PEERS), values).median(0) == 1.0
    assert Peers(None, None, np.arange(LEAST_PEERS - 1), values).median(0) is None
