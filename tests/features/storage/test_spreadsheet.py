"""Tables as files: nothing in them is taken for a formula, and each ending holds the same values."""

import csv
import io
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.errors import SettingError
from features.storage.spreadsheet import MOST_ROWS, require_room, table_bytes, write_records, write_table

HOSTILE = ['=HYPERLINK("http://x")', "+1+1", "@SUM(A1)", "a\x00b", "plain", None]
TABLE = pa.table(
    {
        "name": HOSTILE,
        "money": [1.5, -2.0, None, 0.0, 3.0, 4.0],
        "day": pa.array([date(2024, 10, 1), None, None, None, None, None], pa.date32()),
    }
)


def test_a_text_of_a_sheet_is_a_text_whatever_it_begins_with() -> None:
    [sheet] = openpyxl.load_workbook(io.BytesIO(table_bytes(TABLE, ".xlsx"))).worksheets
    header, *rows = sheet.iter_rows()
    assert [cell.value for cell in header] == ["name", "money", "day"]
    assert {row[0].data_type for row in rows[:5]} == {"s"}
    assert [row[0].value for row in rows] == [*HOSTILE[:3], "a\N{REPLACEMENT CHARACTER}b", "plain", None]
    assert [row[1].value for row in rows] == TABLE["money"].to_pylist()
    assert rows[0][2].value.date() == date(2024, 10, 1)


def test_a_table_without_columns_is_an_empty_sheet() -> None:
    [sheet] = openpyxl.load_workbook(io.BytesIO(table_bytes(pa.table({}), ".xlsx"))).worksheets
    assert sheet.dimensions == "A1:A1"


def test_no_cell_of_a_csv_begins_a_formula() -> None:
    _, *rows = csv.reader(io.StringIO(table_bytes(TABLE, ".csv").decode()))
    assert [row[0] for row in rows[:3]] == [f"'{text}" for text in HOSTILE[:3]]
    assert rows[1][1] == "-2.0"


def test_a_file_is_written_by_its_ending_and_another_is_refused(tmp_path: Path) -> None:
    for ending in (".parquet", ".csv", ".xlsx"):
        write_table(TABLE, tmp_path / f"table{ending}")
    assert pq.read_table(tmp_path / "table.parquet") == TABLE
    assert (tmp_path / "table.csv").read_bytes() == table_bytes(TABLE, ".csv")
    with pytest.raises(SettingError, match="ends in none of"):
        write_table(TABLE, tmp_path / "table.txt")


@dataclass(frozen=True)
class Named:
    """A record with a field of several names."""

    name: str
    aliases: tuple[str, ...]
    value: float | None


def test_records_are_rows_and_their_fields_columns_also_where_there_is_none(tmp_path: Path) -> None:
    records = [Named("1", ("champion", "challenger"), None), Named("2", (), 0.5)]
    for ending in (".parquet", ".csv", ".xlsx"):
        write_records(Named, records, tmp_path / f"two{ending}")
        write_records(Named, [], tmp_path / f"none{ending}")
    assert (tmp_path / "two.csv").read_text(encoding="utf-8").split() == [
        "name,aliases,value",
        "1,champion",
        "challenger,",
        "2,,0.5",
    ]
    [sheet] = openpyxl.load_workbook(tmp_path / "two.xlsx").worksheets
    assert [cell.value for cell in sheet[2]] == ["1", "champion challenger", None]
    assert (tmp_path / "none.csv").read_text(encoding="utf-8").strip() == "name,aliases,value"
    assert pq.read_table(tmp_path / "none.parquet").column_names == ["name", "aliases", "value"]


def test_more_rows_than_a_sheet_has_are_refused_with_a_sentence() -> None:
    require_room(MOST_ROWS)
    with pytest.raises(SettingError, match="1,048,576 rows do not fit in a sheet"):
        require_room(MOST_ROWS + 1)
    too_many = pa.table({"row": pa.nulls(MOST_ROWS + 1)})
    with pytest.raises(SettingError, match="do not fit"):
        table_bytes(too_many, ".xlsx")
