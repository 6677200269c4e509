"""Faults of whole optional columns: the column is left out with a note, and takes no row with it."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from features.data.dataset import Dataset
from tests.features.data.check.conftest import Check
from tests.features.tables import TODAY, Tables, Write, good_tables, trader, write_csv, write_parquet


def with_regions(*regions: str | None) -> Tables:
    """Return good tables with a trader more for each region."""
    tables = good_tables()
    tables["traders"] = [{**row, "region": None} for row in tables["traders"]]
    tables["traders"] += [trader(f"R{n}", region=region) for n, region in enumerate(regions)]
    return tables


def usable(data: Path, table: str, tmp_path: Path) -> list[dict[str, Any]]:
    """Return the rows of a table that every other command sees: of a check made now, and of a cached one."""
    dataset = Dataset(data=str(data), cutoff=date(2024, 9, 1), today=TODAY, home=tmp_path / "home")
    read = []
    for _ in range(2):
        with dataset.open_checked() as (warehouse, outcome):
            read.append((warehouse.table(table).to_pyarrow().to_pylist(), outcome.left_out))
    assert read[0] == read[1]
    return read[0][0]  # type: ignore[no-any-return]


@pytest.mark.parametrize("write", [write_parquet, write_csv])
def test_a_column_wrong_in_every_row_is_left_out_and_takes_no_row_with_it(
    write: Write, accepted: Check, tmp_path: Path
) -> None:
    data = write(tmp_path / "data", with_regions("north", "south", "11"))
    outcome = accepted(data)
    assert outcome.rows("traders") == (6, 0)
    assert outcome.rows("declarations") == (4, 0)
    found = outcome.found("region", "traders.region")
    assert (found["severity"], found["rows"]) == ("note", 3)
    assert found["found"] == "3 of 3 values are wrong: the column is left out, and no row with it."
    assert found["examples"][0]["region"] == "north"
    assert "ISO 3166-2" in found["expected"]
    assert "counts as absent" in found["advice"]
    assert "note · traders.region · region: 3 of 3 values" in outcome.shown
    rows = usable(data, "traders", tmp_path)
    assert [row["region"] for row in rows] == [None] * 6
    assert {row["name"] for row in rows} == {"Acme", "Müller & Söhne"}


@pytest.mark.parametrize(("wrong", "right", "severity"), [(19, 1, "note"), (18, 2, "row")])
def test_a_column_is_wrong_from_95_in_100_values_on(
    wrong: int, right: int, severity: str, accepted: Check, tmp_path: Path
) -> None:
    data = write_parquet(tmp_path / "data", with_regions(*["north"] * wrong, *["KR-11"] * right))
    outcome = accepted(data, "--limit", "0.9")
    assert outcome.found("region", "traders.region")["severity"] == severity
    assert outcome.rows("traders")[1] == (0 if severity == "note" else wrong)


def test_values_of_another_type_throughout_are_left_out_too(accepted: Check, tmp_path: Path) -> None:
    tables = good_tables()
    for row in tables["traders"]:
        row["paid_in_capital"] = "unknown"
    data = write_csv(tmp_path / "data", tables)
    assert accepted(data).rules() == {("traders.paid_in_capital", "type", "note")}
    assert {row["paid_in_capital"] for row in usable(data, "traders", tmp_path)} == {None}


@pytest.mark.parametrize(
    ("table", "column", "value", "rule"),
    [
        ("declarations", "origin_country", "China", "country"),  # required
        ("audits", "closed_on", date(2099, 1, 1), "past_day"),  # a rule between columns needs it
        ("declarations", "known_on", date(2099, 1, 1), "past_day"),  # it decides what is known
    ],
)
def test_a_column_on_which_others_depend_is_never_left_out(
    table: str, column: str, value: object, rule: str, refused: Check, tmp_path: Path
) -> None:
    tables = good_tables()
    for row in tables[table]:
        row[column] = value
    outcome = refused(write_parquet(tmp_path / "data", tables))
    assert outcome.found(rule, f"{table}.{column}")["severity"] == "row"


def test_a_column_left_out_for_days_to_come_returns_when_they_have_come(tmp_path: Path) -> None:
    tables = good_tables()
    tables["traders"] = [{**row, "aeo_since": date(2025, 8, 1)} for row in tables["traders"]]
    data = write_parquet(tmp_path / "data", tables)
    for today, left_out in [(TODAY, ("traders.aeo_since",)), (date(2025, 9, 1), ())]:
        dataset = Dataset(data=str(data), cutoff=date(2024, 9, 1), today=today, home=tmp_path / "home")
        with dataset.open_checked() as (_, outcome):
            assert outcome.left_out == left_out
