"""Faults of columns: missing, unknown, doubled, or of a type that loses something."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.features.data.check.command import MANY
from tests.features.data.check.conftest import Check
from tests.features.tables import good_tables, write_csv, write_parquet

Write = Callable[[Path, dict[str, Any]], Path]
ESCAPE, WRITTEN_OUT = "\x1b", "\\x1b"
both_kinds = pytest.mark.parametrize("write", [write_parquet, write_csv], ids=["parquet", "csv"])


def with_columns(folder: Path, table: str, columns: dict[str, pa.Array]) -> Path:
    """Write the good tables as Parquet, with some columns replaced."""
    write_parquet(folder, good_tables())
    file = folder / f"{table}.parquet"
    found = pq.read_table(file)
    for name, values in columns.items():
        found = found.set_column(found.column_names.index(name), name, values)
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


@both_kinds
def test_a_column_of_any_name_is_reported_under_that_name(
    write: Write, refused: Check, tmp_path: Path
) -> None:
    names = ["test_0", "raw_x", "misfit_version", "filename", 'a"b', "a'b;\x1b[31m ö"]
    tables = good_tables()
    for row in tables["declarations"]:
        row.update(dict.fromkeys(names, "x"))
    outcome = refused(write(tmp_path / "data", tables))
    assert outcome.rules() == {
        (f"declarations.{name.replace(ESCAPE, WRITTEN_OUT)}", "known_column", "structure") for name in names
    }
    assert ESCAPE not in outcome.shown


@both_kinds
def test_a_column_named_as_the_place_of_a_row_is_refused(
    write: Write, refused: Check, tmp_path: Path
) -> None:
    names = {"declarations": "source_row", "traders": "Source_File", "audits": "file_row_number"}
    tables = good_tables()
    for table, name in names.items():
        for row in tables[table]:
            row[name] = "x"
    outcome = refused(write(tmp_path / "data", tables))
    for table, name in names.items():
        found = outcome.found("readable", table)
        assert f"has a column {name}; that name says here where a row stands." in found["found"]
        assert found["advice"].startswith("Rename it or leave it out;")


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
MISFITS: dict[str, dict[str, pa.Array]] = {
    "text": {
        "hs_code": pa.array([1012100, 61091000, 61091000, 61091000]),
        "trader_id": pa.array([1.5] * 4),
        "origin_country": pa.array([b"\xff\x00"] * 4),
    },
    "nested": {
        "trader_id": pa.array([[1]] * 4),
        "office_code": pa.array([{"a\x1b": 1}] * 4),
        "procedure_code": pa.array([[("a", 1)]] * 4, type=pa.map_(pa.string(), pa.int64())),
    },
    "float": {
        "item_number": pa.array([1.0, 2.0, 1e300, 1.0]),
        "version": pa.array([0.0, 0.0, float("nan"), 0.5]),
        "accepted_on": pa.array([10**18] * 4, type=pa.timestamp("ns")),
    },
    "large": {
        "item_number": pa.array([1, 2, 2**63 + 5, 1], type=pa.uint64()),
        "version": pa.array([Decimal(10) ** 30] * 4, type=pa.decimal128(38, 0)),
        "accepted_on": pa.array([STAMP] * 4),
    },
    "other": {
        "item_number": pa.array([Decimal("9.99")] * 4, type=pa.decimal128(3, 2)),
        "accepted_on": pa.array([20240301] * 4),
        "customs_value": pa.array([True] * 4),
        "duty_rate": pa.array([1, 2, 3, 4], type=pa.time64("us")),
    },
}


@pytest.mark.parametrize("columns", MISFITS.values(), ids=MISFITS)
def test_parquet_types_that_would_lose_something_are_refused_by_row(
    columns: dict[str, pa.Array], refused: Check, tmp_path: Path
) -> None:
    outcome = refused(with_columns(tmp_path / "data", "declarations", columns), *MANY)
    for column in columns:
        violation = outcome.found("type", f"declarations.{column}")
        assert violation["severity"] == "structure"
        assert violation["examples"][0]["file"] == "declarations.parquet"


WITHOUT_LOSS: list[dict[str, pa.Array]] = [
    {
        "trader_id": pa.array(["007", "007", "0815", "T3"]).dictionary_encode(),
        "description": pa.nulls(4),
        "item_number": pa.array([1.0, 2.0, 1.0, 1.0]),
        "customs_value": pa.array([Decimal("100.25")] * 4),
        "accepted_on": pa.array([datetime(2024, 3, 1)] * 4),
        "related_party": pa.array([0, 1, 0, 1]),
    },
    {
        "trader_id": pa.array(["007", "007", "0815", "T3"], type=pa.large_string()),
        "description": pa.array([1, 2, 3, 4]),
        "item_number": pa.array([1, 2, 1, 1], type=pa.uint64()),
        "customs_value": pa.array([100] * 4, type=pa.int8()),
        "accepted_on": pa.array([datetime(2024, 3, 1, tzinfo=UTC)] * 4),
        "version": pa.array([Decimal("0.00")] * 4),
    },
]


@pytest.mark.parametrize("columns", WITHOUT_LOSS)
def test_parquet_types_that_lose_nothing_are_read(
    columns: dict[str, pa.Array], accepted: Check, tmp_path: Path
) -> None:
    assert accepted(with_columns(tmp_path / "data", "declarations", columns)).rules() == set()


def test_a_time_of_day_is_left_out_where_the_dialect_says_so(accepted: Check, tmp_path: Path) -> None:
    data = with_columns(tmp_path / "data", "declarations", {"accepted_on": pa.array([STAMP] * 4)})
    (data / "dialect.toml").write_text('times = "drop"')
    assert accepted(data).rules() == set()


@pytest.mark.parametrize("table", ["declarations", "traders"])
def test_a_day_beyond_what_calendars_hold_is_quarantined_and_shown(
    table: str, accepted: Check, tmp_path: Path
) -> None:
    column, rows = ("accepted_on", 4) if table == "declarations" else ("valid_from", 3)
    days = pa.array([date(2020, 1, 1)] * (rows - 1) + [None]).cast(pa.int32()).fill_null(2**31 - 5)
    data = with_columns(tmp_path / "data", table, {column: days.cast(pa.date32())})
    found = accepted(data, "--limit", "1").found("past_day", f"{table}.{column}")
    assert found["examples"][0][column] == "5881580-07-07"


def test_a_required_column_of_nulls_alone_is_quarantined_row_by_row(accepted: Check, tmp_path: Path) -> None:
    data = with_columns(tmp_path / "data", "declarations", {"duty_rate": pa.nulls(4)})
    assert accepted(data, "--limit", "1").found("filled", "declarations.duty_rate")["rows"] == 4
