"""Snapshots on disk: none is read that is not as it was written."""

import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.errors import DataError
from features.library import LIBRARY
from features.snapshots.snapshot import DESCRIBED, Snapshot
from features.snapshots.store import ABOUT, TABLE, TRADERS, read_snapshot, write_snapshot
from tests.features.administration import day

FEW = LIBRARY.select(["customs_value_12m", "days_late_12m"])
TRADER_IDS = ["T1", "T2"]
BUILT = Snapshot(
    FEW,
    pa.table(
        {
            "trader_id": TRADER_IDS,
            "cutoff": pa.array([day("2024-07-01")] * 2, pa.date32()),
            "customs_value_12m": [50.0, 1000.0],
            "days_late_12m": pa.nulls(2, pa.float64()),
        }
    ),
    pa.table({"trader_id": TRADER_IDS, **{name: ["x", None] for name in DESCRIBED}}),
    {"days_late_12m": ("payments.due_on", "payments.paid_on")},
    date(2024, 6, 1),
    pa.table({"trader_id": ["T1"], "treatment": ["field"], "hours_spent": [80.0]}),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_snapshot(BUILT, tmp_path / "2024-07-01-abc")
    return tmp_path / "2024-07-01-abc"


def test_what_is_read_is_what_was_written(folder: Path, tmp_path: Path) -> None:
    assert read_snapshot(folder, FEW) == BUILT
    assert read_snapshot(tmp_path / "2024-07-01-abd", FEW) is None


def two_cells(folder: Path) -> None:
    edited = pq.read_table(folder / TABLE).set_column(2, "customs_value_12m", pa.array([1000.0, 50.0]))
    pq.write_table(edited, folder / TABLE)


def another_sector(folder: Path) -> None:
    edited = pq.read_table(folder / TRADERS).set_column(2, "sector", pa.array(["01", None]))
    pq.write_table(edited, folder / TRADERS)


def nothing_missing(folder: Path) -> None:
    about = json.loads((folder / ABOUT).read_text())
    about["content"]["missing"] = {}
    (folder / ABOUT).write_text(json.dumps(about))


def that_of_another_day(folder: Path) -> None:
    other = folder.with_name("2024-08-01-abc")
    write_snapshot(BUILT, other)
    shutil.rmtree(folder)
    other.rename(folder)


@pytest.mark.parametrize(
    "damage",
    [
        two_cells,
        another_sector,
        nothing_missing,
        that_of_another_day,
        lambda folder: (folder / TABLE).write_bytes((folder / TABLE).read_bytes()[:-9]),
        lambda folder: (folder / TRADERS).unlink(),
        lambda folder: (folder / ABOUT).unlink(),
        lambda folder: (folder / ABOUT).write_text("[" * 100_000),
    ],
)
def test_a_snapshot_that_is_not_as_it_was_written_is_not_read(
    folder: Path, damage: Callable[[Path], object]
) -> None:
    damage(folder)
    with pytest.raises(DataError, match="not as it was written"):
        read_snapshot(folder, FEW)
