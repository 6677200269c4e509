"""Declined treatments: on record with who and why, once, and only what was assigned and has not begun."""

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.assignments import declined
from features.data.dataset import Dataset
from features.errors import SettingError
from models.plan.decline import Progress, decline, progress
from tests.features.administration import day
from tests.features.tables import TODAY, Row, audit, good_tables, write_parquet

PLAN = "2024-01-01_2024-12-31-1"
ASSIGNED: Row = {"plan_id": PLAN, "known_on": day("2024-01-01"), "role": "lottery", "probability_field": 0.02}


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """007 and 0815 are to be visited, which at 0815 has begun, and T3 is not treated."""
    begun = audit(
        "A3",
        "0815",
        selection_run_id=PLAN,
        status="open",
        opened_on=day("2024-01-15"),
        closed_on=None,
        known_on=day("2024-01-15"),
    )
    treatments = {"007": "field", "0815": "field", "T3": "none"}
    tables = good_tables(
        audits=[*good_tables()["audits"], begun],
        assignments=[
            {**ASSIGNED, "trader_id": name, "treatment": given} for name, given in treatments.items()
        ],
    )
    data = write_parquet(tmp_path / "data", tables)
    return Dataset(data=str(data), cutoff=day("2024-02-01"), today=TODAY, home=tmp_path / "home")


def refuse(
    dataset: Dataset, trader_id: str = "007", because: str = "closed down", on: str = "2024-02-01"
) -> pa.Table:
    return decline(dataset, PLAN, [trader_id], because=because, by="ann", on=day(on))


def test_a_decline_is_a_later_state_of_the_assignment_with_who_and_why(dataset: Dataset) -> None:
    [row] = refuse(dataset).to_pylist()
    assert (row["declined_because"], row["declined_by"], row["known_on"]) == (
        "closed down",
        "ann",
        date(2024, 2, 1),
    )
    assert (row["treatment"], row["role"], row["probability_field"]) == ("field", "lottery", 0.02)
    assert pq.read_table(f"{dataset.data}/assignments.parquet").num_rows == 4
    with dataset.open() as warehouse:
        assert declined(warehouse, PLAN, day("2024-02-01")).to_pylist() == []
        assert declined(warehouse, PLAN, day("2024-02-02")).to_pylist() == ["007"]


def test_with_a_folder_the_data_stays_as_it_is(dataset: Dataset, tmp_path: Path) -> None:
    decline(dataset, PLAN, ["007"], because="x", by="ann", on=day("2024-02-01"), out=tmp_path / "rows")
    assert pq.read_table(tmp_path / "rows" / "assignments.parquet").num_rows == 1
    assert pq.read_table(f"{dataset.data}/assignments.parquet").num_rows == 3


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"because": " "}, "No reason is given"),
        ({"on": "2024-01-01"}, "Before 2024-01-01 the data has no assignment of 007"),
        ({"trader_id": "T9"}, "has no assignment of T9"),
        ({"trader_id": "T3"}, "does not treat T3"),
        ({"trader_id": "0815"}, "of 0815 has begun"),
    ],
)
def test_what_cannot_be_declined_is_refused(dataset: Dataset, given: Row, found: str) -> None:
    with pytest.raises(SettingError, match=found):
        refuse(dataset, **given)


def test_a_treatment_is_declined_once(dataset: Dataset) -> None:
    refuse(dataset)
    for later in ("2024-02-01", "2024-03-01"):
        with pytest.raises(SettingError, match="was declined already: closed down"):
            refuse(dataset, because="moved away", on=later)


def test_the_same_said_again_by_the_same_person_is_one_decline(dataset: Dataset) -> None:
    first = refuse(dataset)
    assert refuse(dataset, on="2024-03-01").equals(first)
    assert pq.read_table(f"{dataset.data}/assignments.parquet").num_rows == 4
    with pytest.raises(SettingError, match="was declined already"):
        decline(dataset, PLAN, ["007"], because="closed down", by="bob", on=day("2024-03-01"))


def test_of_several_all_are_declined_or_none(dataset: Dataset) -> None:
    with pytest.raises(SettingError, match="of 0815 has begun"):
        decline(dataset, PLAN, ["007", "0815"], because="x", by="ann", on=day("2024-02-01"))
    assert pq.read_table(f"{dataset.data}/assignments.parquet").num_rows == 3


def test_progress_says_what_is_declined_and_what_has_begun(dataset: Dataset) -> None:
    assert not progress(dataset, PLAN, on=day("2024-01-01")).is_accepted
    refuse(dataset)
    reached = progress(dataset, PLAN, on=day("2024-02-01"))
    assert (reached.is_accepted, reached.declined) == (True, {"007": "closed down"})
    assert reached.begun == {"0815"}
    assert progress(dataset, "P9", on=day("2024-02-01")) == Progress(False, {}, frozenset())
