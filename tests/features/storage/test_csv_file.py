"""CSV in the form of a locale: a spreadsheet that takes it apart by its own signs gets the same values."""

import csv
import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from features.errors import SettingError
from features.storage.csv_file import CHOICES, CsvForm, csv_blocks
from features.storage.spreadsheet import ROWS_A_BLOCK, table_bytes, write_table

TABLE = pa.table(
    {
        "name": ["Ерлан; Co, «Lux»", 'a "quoted"\tname', "-1,5", "=SUM(A1)"],
        "money": [1234.5, -0.25, None, 1e22],
        "visits": [1, 2, 3, 4],
        "is_audited": [True, False, True, None],
        "day": [date(2024, 10, 1), None, None, None],
    }
)
LOCALES = {
    "en": CsvForm(),
    "de": CsvForm("semicolon", "comma", "yes"),
    "kk": CsvForm("semicolon", "comma", "no"),
    "ru": CsvForm("tab", "comma", "yes"),
}


def opened(content: bytes, form: CsvForm) -> Iterator[list[str]]:
    """Yield the rows as a spreadsheet of a locale takes them apart."""
    text = content.decode("utf-8-sig" if form.byte_order_mark == "yes" else "utf-8")
    yield from csv.reader(io.StringIO(text), delimiter=form.characters("separator"))


@pytest.mark.parametrize("language", LOCALES)
def test_a_spreadsheet_of_the_locale_reads_every_value_back(language: str) -> None:
    form = LOCALES[language]
    content = b"".join(csv_blocks([TABLE.slice(0, 1), TABLE.slice(1)], form))
    header, *rows = opened(content, form)
    assert header == TABLE.column_names
    assert [row[0] for row in rows] == [*TABLE["name"].to_pylist()[:3], "'=SUM(A1)"]
    numbers = [row[1].replace(form.characters("decimal"), ".") for row in rows]
    assert [float(number) if number else None for number in numbers] == TABLE["money"].to_pylist()
    assert [row[2] for row in rows] == ["1", "2", "3", "4"]
    assert rows[0][3:] == ["True", "2024-10-01"]
    assert content.startswith(b"\xef\xbb\xbf") is (form.byte_order_mark == "yes")


def test_a_decimal_sign_is_that_of_the_locale_in_numbers_and_in_nothing_else() -> None:
    _, first, *_ = opened(b"".join(csv_blocks([TABLE], LOCALES["de"])), LOCALES["de"])
    assert first == ["Ерлан; Co, «Lux»", "1234,5", "1", "True", "2024-10-01"]


def test_what_is_given_goes_before_the_setting_and_the_setting_before_the_default() -> None:
    environment = {"AUDIT_YIELD_CSV_SEPARATOR": "semicolon", "AUDIT_YIELD_CSV_DECIMAL": " comma "}
    assert CsvForm.read({}, environment) == CsvForm("semicolon", "comma", "no")
    assert CsvForm.read({"separator": "tab", "decimal": None}, environment) == CsvForm("tab", "comma", "no")
    assert CsvForm.read({}, {}) == CsvForm()


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({"AUDIT_YIELD_CSV_SEPARATOR": "pipe"}, "separator of CSV is 'pipe'"),
        ({"AUDIT_YIELD_CSV_BYTE_ORDER_MARK": "1"}, "byte order mark of CSV is '1'"),
        ({"AUDIT_YIELD_CSV_DECIMAL": "comma"}, "a decimal comma between commas"),
    ],
)
def test_a_form_that_no_spreadsheet_takes_apart_is_refused(environment: dict[str, str], found: str) -> None:
    with pytest.raises(SettingError, match=found):
        CsvForm.read({}, environment)


def test_commands_write_csv_in_the_form_that_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for part, choice in (("separator", "semicolon"), ("decimal", "comma"), ("byte_order_mark", "yes")):
        assert choice in CHOICES[part]
        monkeypatch.setenv(f"AUDIT_YIELD_CSV_{part.upper()}", choice)
    write_table(TABLE, tmp_path / "table.csv")
    assert (tmp_path / "table.csv").read_bytes() == b"".join(csv_blocks([TABLE], LOCALES["de"]))


def test_a_table_of_several_blocks_has_one_header_and_every_row() -> None:
    rows = ROWS_A_BLOCK + 1
    content = table_bytes(pa.table({"row": range(rows)}), ".csv").decode().splitlines()
    assert content == ["row", *map(str, range(rows))]
