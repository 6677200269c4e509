"""Line parts hold what a build works out itself, whatever was made of earlier rows and however it ended.

Hypothesis draws how the data changes: rows are appended, amended, late, rewritten or deleted, from a day on.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.data.dataset import Dataset
from features.data.warehouse import Warehouse
from features.prepare.facts import FACTS
from features.proofs.draw import CUTOFFS
from features.proofs.histories import history
from features.proofs.tables import warehouse_of
from features.snapshots.known_rows import KnownRows, location_digest
from features.snapshots.line_parts import FOLDER, MADE_FROM, ROWS, make_line_parts, with_line_parts
from features.spine import Spine, quarter_of
from tests.features.building import prepared_lines
from tests.features.proofs.futures import Future, edited, futures
from tests.features.proofs.test_future import SETTINGS
from tests.features.tables import Tables
from tests.torture import TORTURE

pytestmark = pytest.mark.long

HISTORY = history(0)
QUARTERS = 16
"""From the first line to the last cutoff."""
COLUMNS = FACTS | {"declaration_id", "item_number", "version", "customs_value", "log_price", "hs6"}

Change = tuple[date, Future]
"""Edits of rows that are known from a day on."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with all parts of the history, made in two calls of which the first was stopped."""
    folder = tmp_path_factory.mktemp("home")
    with suppress(KeyboardInterrupt):
        make(HISTORY, folder, progress=stop_at(3))
    assert len(make(HISTORY, folder)) == QUARTERS - 3
    return folder


def stop_at(number: int) -> Callable[[int, int], None]:
    def progress(done: int, total: int) -> None:
        if done == number:
            raise KeyboardInterrupt

    return progress


def dataset(home: Path) -> Dataset:
    (home / "data").mkdir(exist_ok=True)
    return Dataset(data=str(home / "data"), cutoff=CUTOFFS[-1], today=CUTOFFS[-1], home=home)


def make(
    tables: Tables, home: Path, *, progress: Callable[[int, int], None] = lambda done, total: None
) -> tuple[date, ...]:
    """Make the parts of tables that a home lacks, and return their quarters."""
    its = dataset(home)
    with warehouse_of(tables) as opened:
        known = KnownRows.of(opened)
        return make_line_parts(opened, its, known, version=its.version(), progress=progress)


@contextmanager
def opened_with_parts(tables: Tables, home: Path) -> Iterator[tuple[Warehouse, int]]:
    """Open tables with the parts of them in a home, and say how many there are."""
    with (
        warehouse_of(tables) as opened,
        with_line_parts(opened, dataset(home), KnownRows.of(opened)) as with_parts,
    ):
        assert with_parts.line_parts
        yield with_parts, len(with_parts.line_parts.files)


def from_parts(tables: Tables, home: Path) -> pa.Table:
    """Return the lines of all traders from the parts in a home, which must all be there."""
    with opened_with_parts(tables, home) as (opened, number):
        assert number == QUARTERS
        return lines(opened)


def direct(tables: Tables) -> pa.Table:
    with warehouse_of(tables) as opened:
        return lines(opened)


def lines(warehouse: Warehouse) -> pa.Table:
    traders = {str(row["trader_id"]) for row in HISTORY["traders"]}
    return prepared_lines(warehouse, Spine.every(traders, CUTOFFS), columns=COLUMNS)


def copied(home: Path, copy: Path) -> Path:
    """Copy a home with its parts, which become those of the copy's own data."""
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(home, copy)
    parts_in(copy).rename(copy / FOLDER / location_digest(dataset(copy)))
    return copy


def parts_in(home: Path) -> Path:
    [folder] = (home / FOLDER).iterdir()
    return folder


@st.composite
def changes(draw: st.DrawFn) -> Change:
    day = draw(st.sampled_from(CUTOFFS))
    return day, draw(futures({name: HISTORY[name] for name in MADE_FROM}, day))


@given(st.lists(changes(), min_size=1, max_size=3 if TORTURE else 1))
@settings(SETTINGS, max_examples=1000 if TORTURE else 2)
def test_parts_hold_what_is_worked_out_directly(home: Path, turns: list[Change]) -> None:
    mine, tables = copied(home, home.with_name("changed")), HISTORY
    for day, future in turns:
        tables = edited(tables, future, day)
        assert all(quarter >= quarter_of(day) for quarter in make(tables, mine))
        assert len([each for each in parts_in(mine).iterdir() if each.is_dir()]) == QUARTERS
    assert from_parts(tables, mine).equals(direct(tables))


def test_parts_have_peers_a_past_and_rates(home: Path) -> None:
    table = from_parts(HISTORY, home)
    assert {name for name in FACTS if table[name].null_count == table.num_rows} == set()


def test_what_is_worked_out_from_other_rows_reads_no_parts(home: Path) -> None:
    with opened_with_parts(HISTORY, home) as (opened, _):
        assert opened.with_sources(opened.sources).line_parts is None


def test_a_part_that_is_damaged_or_missing_is_made_anew_and_none_is_removed_while_somebody_reads(
    home: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    mine = copied(home, tmp_path / "home")
    first, second, *_ = sorted(each for each in parts_in(mine).iterdir() if each.is_dir())
    (first / ROWS).write_bytes((first / ROWS).read_bytes()[:-1])
    other = second.rename(second.with_name(f"{second.name}-of-other-rows"))
    with opened_with_parts(HISTORY, mine) as (_, number):
        assert number == QUARTERS - 2
        assert make(HISTORY, mine) == (date(2020, 1, 1), date(2020, 4, 1))
    assert other.exists()
    assert "not as they were written" in caplog.text
    assert from_parts(HISTORY, mine).equals(from_parts(HISTORY, home))
