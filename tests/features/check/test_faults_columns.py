"""Faults of columns: missing, unknown, doubled, or of a type that loses something."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.features.check.command import MANY
from tests.features.check.conftest import Check
from tests.features.tables import good_tables, write_csv, write_parquet

Write = Callable[[Path, dict[str, Any]], Path]
both_kinds = pytest.mark.parametrize("write", [write_parquet, write_csv], ids=["parquet", "csv"])


def with_column(folder: Path, table: str, name: str, values: pa.Array) -> Path:
    """Write the good tables as Parquet, with one column replaced or added."""
    write_parquet(folder, good_tables())
    file = folder / f"{table}.parquet"
    found = pq.read_table(file)
    if name in found.column_names:
        found = found.set_column(found.column_names.index(name), name, values)
    else:
        found = found.append_column(name, values)
    pq.write_table(found, file)
    return folder


@both_kinds
def test_all_missing_columns_are_named_at_once(write: Write, refused: Check, tmp_path: Path) -> None:
    tables = good_tables()
    for row in tables["declarations"]:
        del row["customs_value"], row["hs_code"]
    for row in tables["traders"]:
        del row["registered_on"]
    outcome = refused(write(tmp_path / "data", tables))
    assert outcome.rules() == {
        ("declarations.customs_value", "required_column", "structure"),
        ("declarations.hs_code", "required_column", "structure"),
        ("traders.registered_on", "required_column", "structure"),
    }
    missing = outcome.found("required_column", "declarations.customs_value")
    assert missing["expected"] == "a number: customs value of the item."


@both_kinds
def test_an_unknown_column_is_refused_with_the_name_it_may_mean(
    write: Write, refused: Check, tmp_path: Path
) -> None:
    tables = good_tables()
    for row in tables["declarations"]:
        row["custom_value"] = row.pop("customs_value")
        row["remark"] = "x"
    outcome = refused(write(tmp_path / "data", tables))
    assert (
        "Did you mean 'customs_value'?"
        in outcome.found("known_column", "declarations.custom_value")["expected"]
    )
    missing = outcome.found("required_column", "declarations.customs_value")
    assert "Did you mean 'custom_value'?" in missing["advice"]
    stranger = outcome.found("known_column", "declarations.remark")
    assert 'ignore = ["declarations.remark"]' in stranger["advice"]


@both_kinds
def test_an_unknown_column_that_the_dialect_ignores_passes(
    write: Write, accepted: Check, tmp_path: Path
) -> None:
    tables = good_tables()
    for row in tables["declarations"]:
        row["remark"] = "x"
    data = write(tmp_path / "data", tables)
    (data / "dialect.toml").write_text('ignore = ["declarations.remark"]')
    assert accepted(data).rules() == set()


@pytest.mark.parametrize(
    "name", ["test_0", "found_x", "misfit_version", "filename", 'a"b', "a'b;", "\x1b[31m", "Größe"]
)
@both_kinds
def test_a_column_of_any_name_is_reported_under_that_name(
    write: Write, name: str, refused: Check, tmp_path: Path
) -> None:
    tables = good_tables()
    for row in tables["declarations"]:
        row[name] = "x"
    shown = name.replace("\x1b", "\\x1b")
    assert refused(write(tmp_path / "data", tables)).rules() == {
        (f"declarations.{shown}", "known_column", "structure")
    }


@pytest.mark.parametrize("name", ["source_row", "Source_File", "file_row_number"])
@both_kinds
def test_a_column_named_as_the_place_of_a_row_is_refused(
    write: Write, name: str, refused: Check, tmp_path: Path
) -> None:
    tables = good_tables()
    for row in tables["declarations"]:
        row[name] = "x"
    found = refused(write(tmp_path / "data", tables)).found("readable", "declarations")
    assert f"has a column {name}; that name says here where a row stands." in found["found"]
    assert found["advice"] == "Rename it or leave it out."


@both_kinds
def test_a_column_without_a_name_or_with_a_line_break_in_it_is_refused(
    write: Write, refused: Check, tmp_path: Path
) -> None:
    tables = good_tables()
    for row in tables["declarations"]:
        row[""] = "x"
    for row in tables["audits"]:
        row["a\nb"] = "x"
    outcome = refused(write(tmp_path / "data", tables))
    assert "has no name for column 18" in outcome.found("readable", "declarations")["found"]
    assert "has a line break in the name of column 12" in outcome.found("readable", "audits")["found"]


@both_kinds
def test_two_columns_that_differ_in_case_alone_are_refused(
    write: Write, refused: Check, tmp_path: Path
) -> None:
    tables = good_tables()
    for row in tables["declarations"]:
        row["Trader_ID"] = "x"
    found = refused(write(tmp_path / "data", tables)).found("readable", "declarations")
    assert "has the column Trader_ID more than once; letter case does not count." in found["found"]


@both_kinds
def test_a_column_in_other_case_is_missing_and_its_name_suggested(
    write: Write, refused: Check, tmp_path: Path
) -> None:
    tables = good_tables()
    for row in tables["audits"]:
        row["Trader_ID"] = row.pop("trader_id")
    missing = refused(write(tmp_path / "data", tables)).found("required_column", "audits.trader_id")
    assert "Did you mean 'Trader_ID'?" in missing["advice"]


def test_text_where_a_number_must_stand_is_reported_by_row(refused: Check, tmp_path: Path) -> None:
    tables = good_tables()
    tables["declarations"][1]["customs_value"] = "a lot"
    tables["declarations"][2]["item_number"] = "1.5"
    tables["declarations"][3]["accepted_on"] = "2024-02-30"
    tables["declarations"][2]["related_party"] = "perhaps"
    outcome = refused(write_csv(tmp_path / "data", tables), *MANY)
    for column, row, value, kind in [
        ("customs_value", 2, "a lot", "number"),
        ("item_number", 3, "1.5", "whole number"),
        ("accepted_on", 4, "2024-02-30", "day"),
        ("related_party", 3, "perhaps", "true or false"),
    ]:
        found = outcome.found("type", f"declarations.{column}")
        assert found["severity"] == "structure"
        assert found["expected"] == f"must be a {kind}, with nothing lost in reading it"
        (example,) = found["examples"]
        assert (example["file"], example["row"], example[column]) == ("declarations.csv", row, value)


STAMP = datetime(2024, 3, 1, 13, 30, tzinfo=UTC)
MISFITS: list[tuple[str, pa.Array]] = [
    ("hs_code", pa.array([1012100, 61091000, 61091000, 61091000])),
    ("trader_id", pa.array([[1]] * 4)),
    ("trader_id", pa.array([{"a\x1b": 1}] * 4)),
    ("trader_id", pa.array([[("a", 1)]] * 4, type=pa.map_(pa.string(), pa.int64()))),
    ("trader_id", pa.array([b"\xff\x00"] * 4)),
    ("trader_id", pa.array([1.5] * 4)),
    ("item_number", pa.array([1.0, 2.0, 1e300, 1.0])),
    ("item_number", pa.array([1.0, 2.0, float("nan"), 1.0])),
    ("item_number", pa.array([1, 2, 2**63 + 5, 1], type=pa.uint64())),
    ("item_number", pa.array([Decimal(10) ** 30] * 4, type=pa.decimal128(38, 0))),
    ("item_number", pa.array([Decimal("9.99")] * 4, type=pa.decimal128(3, 2))),
    ("accepted_on", pa.array([10**18] * 4, type=pa.timestamp("ns"))),
    ("accepted_on", pa.array([STAMP] * 4)),
    ("accepted_on", pa.array([1, 2, 3, 4], type=pa.duration("s"))),
    ("accepted_on", pa.array([1, 2, 3, 4], type=pa.time64("us"))),
    ("accepted_on", pa.array([20240301] * 4)),
    ("customs_value", pa.array([True] * 4)),
    ("related_party", pa.array([0.5] * 4)),
]


@pytest.mark.parametrize(("column", "values"), MISFITS, ids=[f"{c}-{v.type}" for c, v in MISFITS])
def test_a_parquet_type_that_would_lose_something_is_refused_by_row(
    column: str, values: pa.Array, refused: Check, tmp_path: Path
) -> None:
    found = refused(with_column(tmp_path / "data", "declarations", column, values), *MANY)
    violation = found.found("type", f"declarations.{column}")
    assert violation["severity"] == "structure"
    assert violation["examples"][0]["file"] == "declarations.parquet"


WITHOUT_LOSS: list[tuple[str, pa.Array]] = [
    ("trader_id", pa.array(["007", "007", "0815", "T3"]).dictionary_encode()),
    ("trader_id", pa.array(["007", "007", "0815", "T3"], type=pa.large_string())),
    ("description", pa.nulls(4)),
    ("item_number", pa.array([1.0, 2.0, 1.0, 1.0])),
    ("item_number", pa.array([1, 2, 1, 1], type=pa.uint64())),
    ("item_number", pa.array([Decimal("1.00"), Decimal("2.00"), Decimal("1.00"), Decimal("1.00")])),
    ("customs_value", pa.array([Decimal("100.25")] * 4)),
    ("customs_value", pa.array([100] * 4, type=pa.int8())),
    ("accepted_on", pa.array([datetime(2024, 3, 1)] * 4)),
    ("accepted_on", pa.array([datetime(2024, 3, 1, tzinfo=UTC)] * 4)),
    ("related_party", pa.array([0, 1, 0, 1])),
]


@pytest.mark.parametrize(("column", "values"), WITHOUT_LOSS, ids=[f"{c}-{v.type}" for c, v in WITHOUT_LOSS])
def test_a_parquet_type_that_loses_nothing_is_read(
    column: str, values: pa.Array, accepted: Check, tmp_path: Path
) -> None:
    assert accepted(with_column(tmp_path / "data", "declarations", column, values)).rules() == set()


def test_a_time_of_day_is_left_out_where_the_dialect_says_so(accepted: Check, tmp_path: Path) -> None:
    data = with_column(tmp_path / "data", "declarations", "accepted_on", pa.array([STAMP] * 4))
    (data / "dialect.toml").write_text('times = "drop"')
    assert accepted(data).rules() == set()


@pytest.mark.parametrize("table", ["declarations", "traders"])
def test_a_day_beyond_what_calendars_hold_is_quarantined_and_shown(
    table: str, accepted: Check, tmp_path: Path
) -> None:
    column, rows = ("accepted_on", 4) if table == "declarations" else ("valid_from", 3)
    days = pa.array([date(2020, 1, 1)] * (rows - 1) + [None]).cast(pa.int32()).fill_null(2**31 - 5)
    data = with_column(tmp_path / "data", table, column, days.cast(pa.date32()))
    found = accepted(data, "--limit", "1").found("past_day", f"{table}.{column}")
    assert found["examples"][0][column] == "5881580-07-07"


def test_a_required_column_of_nulls_alone_is_quarantined_row_by_row(accepted: Check, tmp_path: Path) -> None:
    data = with_column(tmp_path / "data", "declarations", "duty_rate", pa.nulls(4))
    assert accepted(data, "--limit", "1").found("filled", "declarations.duty_rate")["rows"] == 4
