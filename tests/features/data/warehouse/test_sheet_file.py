"""Spreadsheets: what stands in a sheet is read as the same in CSV would be, and what cannot be is told."""

from datetime import date, datetime
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pyarrow.parquet as pq
import pytest

from features.data.check import check
from features.data.contract import TABLES
from features.data.mapping import Dialect
from features.data.warehouse import open_warehouse
from features.data.warehouse.sheet_file import MOST_CELLS, stage_sheet
from features.data.warehouse.source import UnreadableError
from tests.features.data.systems.exports import KCS_LINES, KCS_NAMES, bring, contents, kcs_file
from tests.features.data.workbooks import Lines, sheet_lines, write_workbook
from tests.features.tables import TODAY, Row, good_tables

REGISTER: dict[str, Lines] = {
    "Lines": [
        ["Register of imports"],
        ["Entry", "Goods", None, "Amounts", None, None],
        [None, "Code", "Day", "Value", "Mass", None],
        ["A1", "0805.10.20", datetime(2024, 2, 14), 1250.5, "9.800,50", None],
        [None, "2009.12.00", "15.02.2024", "1.250,75", 7000, None],
        ["1E3", "84713000", datetime(2024, 2, 16, 10, 30), 1.5e17, -3, None],
    ]
}
MERGED = ("A2:A3", "B2:C2", "D2:E2", "A4:A5")
FORM = {
    "decimal": ",",
    "thousands": ".",
    "dates": "dd.mm.yyyy",
    "declarations": {
        "skip_lines": 2,
        "columns": {
            "declaration_id": "Entry",
            "hs_code": "Code",
            "accepted_on": "Day",
            "customs_value": "Value",
            "net_mass_kg": "Mass",
        },
    },
}


def staged(file: Path, settings: Row | None = None) -> list[Row]:
    path = stage_sheet(
        file, table=TABLES["declarations"], dialect=Dialect.of(settings or {}), into=file.parent
    )
    return list(pq.read_table(path).to_pylist())


def refusal(file: Path, settings: Row | None = None) -> tuple[str, str]:
    with pytest.raises(UnreadableError) as raised:
        staged(file, settings)
    [fault] = raised.value.faults
    return fault.found, fault.advice


def test_a_sheet_named_like_a_table_is_that_table(tmp_path: Path) -> None:
    """In a workbook of several, or the only one of a file of that name; hidden ones are passed over."""
    sheets = {name: sheet_lines(rows) for name, rows in good_tables().items()}
    audits = {"Sheet1": sheets.pop("audits"), "old": [["x"]]}
    write_workbook(tmp_path / "audits.xlsx", audits, hidden=["old"])
    write_workbook(tmp_path / "customs.xlsx", {"Notes": [["by hand"]], **sheets})
    mapping = "".join(f'[{name}]\nfiles = "customs.xlsx"\n' for name in sheets)
    (tmp_path / "mapping.toml").write_text(mapping, encoding="utf-8")
    with open_warehouse(str(tmp_path)) as warehouse:
        report = check(warehouse, today=TODAY).report
    assert (report.accepted, report.violations) == (True, ())


def test_real_days_and_numbers_are_written_as_the_column_is(tmp_path: Path) -> None:
    """So they are read beside others that are text; merged cells have their value in each line."""
    rows = staged(write_workbook(tmp_path / "r.xlsx", REGISTER, merged=MERGED), FORM)
    assert [list(row.values()) for row in rows] == [
        ["A1", "0805.10.20", "14.02.2024", "1250,5", "9.800,50", "r.xlsx", 1],
        ["A1", "2009.12.00", "15.02.2024", "1.250,75", "7000", "r.xlsx", 2],
        ["1E3", "84713000", "16.02.2024 10:30:00", "1,5E+17", "-3", "r.xlsx", 3],
    ]
    assert list(rows[0])[:5] == ["Entry", "Code", "Day", "Value", "Mass"]


def test_names_may_be_given_by_position(tmp_path: Path) -> None:
    file = write_workbook(tmp_path / "r.xlsx", {"s": [["A1", date(2024, 2, 14)]]})
    settings = {"declarations": {"names": ["declaration_id", "accepted_on"]}}
    [row] = staged(file, settings)
    assert (row["declaration_id"], row["accepted_on"]) == ("A1", "2024-02-14")
    settings["declarations"]["names"].append("trader_id")
    assert "has 2 columns, and the mapping names 3" in refusal(file, settings)[0]


def test_one_of_several_sheets_is_declared(tmp_path: Path) -> None:
    header = ["declaration_id", "hs_code"]
    file = write_workbook(tmp_path / "r.xlsx", {"2023": [header, ["A", "1"]], "2024": [header, ["B", "2"]]})
    found, advice = refusal(file)
    assert found == "r.xlsx has 2 sheets: 2023, 2024."
    assert 'Declare sheet = "2023"' in advice
    assert [row["declaration_id"] for row in staged(file, {"sheet": "2024"})] == ["B"]
    assert "no sheet '2025'" in refusal(file, {"sheet": "2025"})[0]


def test_a_header_further_below_is_told(tmp_path: Path) -> None:
    file = write_workbook(
        tmp_path / "r.xlsx", {"s": [["Imports"], [], ["declaration_id", "hs_code"], ["A", "1"]]}
    )
    assert "Line 3 names columns: Declare skip_lines = 2" in refusal(file)[1]
    assert len(staged(file, {"skip_lines": 2})) == 1


def test_values_below_no_name_are_refused_wherever_they_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("features.data.warehouse.sheet_file.ROWS_AT_ONCE", 1)
    header = ["declaration_id", None, "hs_code"]
    file = write_workbook(tmp_path / "r.xlsx", {"s": [header, ["A", None, "1"], ["B", "lost", "2"]]})
    assert refusal(file)[0] == "r.xlsx has no name for column 2."


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    file = write_workbook(tmp_path / "r.xlsx", REGISTER)
    file.write_bytes(file.read_bytes()[:-200])
    assert "r.xlsx cannot be read" in refusal(file)[0]
    file.write_bytes(b"declaration_id,hs_code\n")
    assert "r.xlsx cannot be read" in refusal(file)[0]


@pytest.mark.parametrize(
    "cells", ["<row><c r='A1'/><c\nr='XFD1048576'/></row>", '<row r="9999999"><c r="ZZ1"/></row>']
)
def test_cells_far_apart_are_refused_before_memory_is_taken(cells: str, tmp_path: Path) -> None:
    file = write_workbook(tmp_path / "r.xlsx", REGISTER)
    with ZipFile(file, "a", ZIP_DEFLATED) as parts:
        parts.writestr("xl/worksheets/more.xml", f"<worksheet><sheetData>{cells}</sheetData></worksheet>")
    found, advice = refusal(file)
    assert "lines and" in found
    assert "Copy the table alone" in advice
    assert MOST_CELLS > 200_000 * 200


def test_a_file_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    file = write_workbook(tmp_path / "r.xlsx", REGISTER)
    with ZipFile(file, "a", ZIP_DEFLATED) as parts, parts.open("bomb", "w") as bomb:
        for _ in range(101):
            bomb.write(bytes(1 << 20))
    assert "unpacks to more than 200 times its size" in refusal(file)[0]


def test_an_export_in_a_spreadsheet_is_imported_as_in_csv(tmp_path: Path) -> None:
    rows = [line.split(",") for line in (KCS_NAMES, *KCS_LINES)]
    bring("kcs", write_workbook(tmp_path / "kcs.xlsx", {"export": rows}), out=tmp_path / "sheet")
    bring("kcs", kcs_file(tmp_path), out=tmp_path / "text")
    assert contents(tmp_path / "sheet") == contents(tmp_path / "text")
