"""A value depends on trader, cutoff and rows: not on their order, the threads, or who else is asked."""

from datetime import date

import pytest

from features.build import FeatureSet
from features.library import LIBRARY
from features.proofs.changed import shuffled
from features.proofs.draw import CUTOFFS
from features.proofs.histories import history
from features.proofs.tables import warehouse_of
from features.proofs.values import differences, traders
from features.spine import Spine
from tests.features.proofs.seeds import seeds
from tests.features.proofs.values import run, values_of
from tests.torture import TORTURE

pytestmark = pytest.mark.long


@pytest.mark.parametrize("seed", seeds(1))
def test_the_order_of_rows_changes_nothing(seed: int) -> None:
    for threads in (2, 4) if TORTURE else (2 + 2 * (seed % 2),):
        again = run(shuffled(history(seed), threads), threads=threads)
        assert differences(values_of(seed), again) == {}


@pytest.mark.parametrize("seed", seeds(1))
def test_who_else_is_asked_changes_nothing(seed: int) -> None:
    tables = history(seed)
    everybody = traders(tables)
    for some in (everybody[:1], everybody[2::3]):
        alone = run(tables, Spine.every(some, CUTOFFS))
        assert alone.keys() == {(trader, cutoff) for trader in some for cutoff in CUTOFFS}
        assert differences(alone, values_of(seed)) == {}


@pytest.mark.parametrize("cutoff", CUTOFFS if TORTURE else CUTOFFS[2:3])
def test_a_cutoff_asked_alone_gives_the_same(cutoff: date) -> None:
    for seed in seeds(1):
        tables = history(seed)
        values = run(tables, Spine.every(traders(tables), (cutoff,)))
        assert differences(values, values_of(seed)) == {}


def test_statements_that_were_written_for_other_rows_and_days_give_the_same() -> None:
    tables, other = history(5), history(0)
    written_before, written_now = FeatureSet(LIBRARY.features), FeatureSet(LIBRARY.features)
    run(other, Spine.every(traders(other)[:3], CUTOFFS[1:2]), features=written_before)
    assert differences(run(tables, features=written_before), run(tables, features=written_now)) == {}


def test_a_build_leaves_nothing_behind() -> None:
    tables = history(0, lines=40)
    few = LIBRARY.select(["price_gap_12m", "adjustment_rate", "border_revenue_24m"])
    with warehouse_of(tables) as opened:
        few.build(opened, Spine.every(["T1"], CUTOFFS))
        left = opened.engine.con.execute("SELECT table_name FROM duckdb_tables() WHERE temporary").fetchall()
        assert left == []
