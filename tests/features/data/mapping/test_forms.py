"""Forms: numbers, days and codes as the world writes them are read where declared, and not otherwise."""

from datetime import date, datetime
from typing import Any

import ibis
import pyarrow as pa
import pytest

from features.data.contract import TABLES
from features.data.mapping import Dialect, Form
from features.data.mapping.cure import as_toml, cures
from features.data.mapping.patterns import reads_day, reads_number
from features.data.warehouse.conform import conform
from features.errors import SettingError

DECLARATIONS = TABLES["declarations"]
DAY = date(2024, 2, 3)


def read(column: str, values: list[Any], **settings: object) -> list[object]:
    """Return values of a column of declarations as they are read, `'?'` for what does not fit."""
    own = {"declarations": {"columns": {column: settings}}}
    stored = ibis.memtable(pa.table({column: pa.array(values)}))
    each = conform(stored, DECLARATIONS, dialect=Dialect.of(own))[column]
    misfit = ibis.literal(False) if each.misfit is None else each.misfit
    rows = stored.select(value=each.value, misfit=misfit).to_pyarrow().to_pylist()
    return ["?" if row["misfit"] else row["value"] for row in rows]


@pytest.mark.parametrize(
    ("settings", "values", "numbers"),
    [
        ({"thousands": ","}, ["12,500.00", "1,5", "12,34,567", "7"], [12500.0, "?", 1234567.0, 7.0]),
        ({"thousands": ".", "decimal": ","}, ["1.234,50", "1.5"], [1234.5, "?"]),
        (
            {"thousands": " "},
            ["12 500", "12\u00a0500.5", "12\u202f500", "1 2"],
            [12500.0, 12500.5, 12500.0, "?"],
        ),
        ({"thousands": "'"}, ["1'234", "1\u2019234.5"], [1234.0, 1234.5]),
        ({"negatives": "brackets"}, ["(5.5)", "-5.5", "(5.5"], [-5.5, -5.5, "?"]),
        ({"negatives": "trailing"}, ["5.5-", "5 -", "5"], [-5.5, -5.0, 5.0]),
        ({"zeros": ["-"], "empty": ["NULL"]}, ["-", "NULL", "", "null"], [0.0, None, None, "?"]),
        ({"blanks": "drop"}, [" 5 ", "\u00a05.5\u00a0", "5 5"], [5.0, 5.5, "?"]),
        ({"remove": "$ "}, ["$ 5.5", "5.5"], [5.5, 5.5]),
        ({"unit": "thousands"}, ["16.1", "0"], [16100.0, 0.0]),
    ],
    ids=str,
)
def test_a_number_is_read_as_declared(
    settings: dict[str, object], values: list[str], numbers: list[object]
) -> None:
    assert read("customs_value", values, **settings) == numbers


def test_units_give_the_nearest_number() -> None:
    assert read("duty_rate", ["16.1", "16%", "16.1 %"], unit="percent") == [0.161, 0.16, 0.161]
    assert read("net_mass_kg", ["793.8", None], unit="grams") == [0.7938, None]
    assert read("net_mass_kg", [793.8, None], unit="tonnes") == [793800.0, None]
    assert read("customs_value", ["1e15"], unit="hundredths") == [1e13]


@pytest.mark.parametrize(
    ("settings", "values", "days"),
    [
        (
            {"dates": "dd/mm/yy", "pivot": 50},
            ["03/02/24", "03/02/51", "31/02/24"],
            [DAY, date(1951, 2, 3), "?"],
        ),
        ({"dates": "yymmdd", "pivot": 50}, ["240203", "000229"], [DAY, date(2000, 2, 29)]),
        ({"dates": "serial-1900"}, ["45325", "45325.0", "45325.5", "x"], [DAY, DAY, "?", "?"]),
        ({"dates": "serial-1904"}, ["43863"], [DAY]),
        ({"dates": "serial-1900", "times": "drop"}, ["45325.75"], [DAY]),
        ({"dates": "dmmyyyy"}, ["3022024", "03022024", "29022023"], [DAY, DAY, "?"]),
        ({"dates": "d.m.yyyy"}, ["3.2.2024", "03.02.2024", "3.13.2024"], [DAY, DAY, "?"]),
        (
            {"dates": "dd-mon-yyyy", "months": ["en"]},
            ["03-FEB-2024", "03-feb.-2024", "03-fev-2024"],
            [DAY, DAY, "?"],
        ),
        ({"dates": "d mon yyyy", "months": ["fr", "ru"]}, ["3 févr. 2024", "3 февраля 2024"], [DAY, DAY]),
        (
            {"dates": ["yyyy-mm-dd", "dd.mm.yyyy"]},
            ["2024-02-03", "03.02.2024", "02/03/2024"],
            [DAY, DAY, "?"],
        ),
        ({"dates": "m/d/yyyy", "times": "drop"}, ["2/3/2024 11:30:00 PM", "2/3/2024"], [DAY, DAY]),
        ({"dates": "m/d/yyyy"}, ["2/3/2024 12:00:00 AM", "2/3/2024 11:30 PM"], [DAY, "?"]),
    ],
    ids=str,
)
def test_a_day_is_read_as_declared(
    settings: dict[str, object], values: list[str], days: list[object]
) -> None:
    assert read("accepted_on", values, **settings) == days


def test_a_time_counts_on_the_day_where_the_office_is() -> None:
    times = ["2024-02-02T19:30:00Z", "2024-02-02 18:59", "2024-02-03 00:30+06:00", "2024-02-03"]
    assert read("accepted_on", times, zone="Asia/Almaty") == [DAY, date(2024, 2, 3), DAY, DAY]
    summer, winter = datetime(2024, 7, 1, 22, 30), datetime(2024, 1, 1, 22, 30)
    assert read("accepted_on", [summer, winter], zone="Europe/Paris") == [date(2024, 7, 2), date(2024, 1, 1)]
    with_names = {"dates": "d/m/yyyy", "zone": "America/Bogota"}
    assert read("accepted_on", ["4/2/2024 3:00 AM", "3/2/2024 3:00 PM"], **with_names) == [DAY, DAY]


def test_numbers_of_days_are_read_where_they_are_numbers() -> None:
    assert read("accepted_on", [45325], dates="serial-1900") == [DAY]
    assert read("accepted_on", [20240203], dates="yyyymmdd") == [DAY]


def test_codes_lose_marks_and_become_those_of_the_contract() -> None:
    assert read("hs_code", ["0805.10.20", "'08051020", " 0805 1020 "], remove=". '") == ["08051020"] * 3
    countries = {"MOROCCO": "MA", "504": "MA", "EU": ""}
    assert read("origin_country", [" Morocco ", "504", "CN", "EU"], codes=countries) == [
        "MA",
        "MA",
        "CN",
        None,
    ]
    several = [{"CN": "TW"}, "iso-3166"]
    assert read("origin_country", ["Morocco", "504", "76", "CHN", "cn", "?"], codes=several) == [
        *("MA", "MA", "BR", "CN", "TW"),
        "?",
    ]
    assert read("related_party", ["J", "N"], codes={"J": "yes", "N": "no"}) == [True, False]
    assert read("valuation_method", [1, 6], codes={"6": "2"}) == [1, 2]


@pytest.mark.parametrize(
    ("column", "values", "settings"),
    [
        ("customs_value", ["12,500.00", "(1,234.00)"], 'thousands = "," and negatives = "brackets"'),
        ("customs_value", ["2,000.00", "-"], 'thousands = "," and zeros = ["-"]'),
        ("customs_value", ["12\u00a0500,00"], 'decimal = "," and thousands = " "'),
        ("customs_value", ["1,234"], 'decimal = ",", or else thousands = ","'),
        ("customs_value", ["NULL", "5"], 'empty = ["NULL"]'),
        ("duty_rate", ["16%"], 'unit = "percent"'),
        ("accepted_on", ["14/02/24"], 'dates = "dd/mm/yy" and pivot = 50'),
        ("accepted_on", ["03/05/2024"], 'dates = "dd/mm/yyyy", or else dates = "mm/dd/yyyy"'),
        ("accepted_on", ["14-FEB-2024"], 'dates = "dd-mon-yyyy" and months = ["en"]'),
        ("accepted_on", ["3052024"], 'dates = "dmmyyyy"'),
        ("accepted_on", ["45336"], 'dates = "serial-1900"'),
        ("accepted_on", ["2024-02-14T23:00Z"], 'times = "drop", or else zone = "Region/City"'),
        ("accepted_on", ["soon"], ""),
    ],
    ids=str,
)
def test_the_settings_that_would_read_values_are_named(column: str, values: list[str], settings: str) -> None:
    assert as_toml(cures(DECLARATIONS[column], values, Form())) == settings


def test_the_settings_that_are_named_read_the_values_on_the_engine_too() -> None:
    for column, values in (
        ("customs_value", ["12,500.00", "(1,234.00)", "-", " 5.00 ", "N/A", "7-"]),
        ("net_mass_kg", ["1.234,5-", "12,0", "\u2013"]),
        ("accepted_on", [" 1/12/99", "31/1/05", "NULL"]),
        ("accepted_on", ["1 Aug 2024 10:30", "31 December 2023"]),
    ):
        for way in cures(DECLARATIONS[column], values, Form()):
            assert "?" not in read(column, values, **way)


@pytest.mark.parametrize(
    "settings", [{"thousands": ","}, {"decimal": ","}, {"negatives": "brackets"}], ids=str
)
def test_python_and_the_engine_read_the_same_numbers(settings: dict[str, str]) -> None:
    texts = ["1,5", "12,500", "(5)", "5-", "1e400", "5\n", "٣", "1,2345", "NaN", ""]
    read_by_python = [reads_number(Form(**settings), text) for text in texts]  # type: ignore[arg-type]
    assert read_by_python == [value != "?" for value in read("customs_value", texts, **settings)]


@pytest.mark.parametrize("dates", ["dd.mm.yyyy", "d.m.yyyy", "yyyy-mm-dd"])
def test_python_and_the_engine_read_the_same_days(dates: str) -> None:
    texts = ["29.02.2023", "9.2.2024", "29.02.2024 10:00", "2024-02-29\n", "2024-02-29"]
    read_by_python = [reads_day(Form(dates=dates), text) for text in texts]
    assert read_by_python == [value != "?" for value in read("accepted_on", texts, dates=dates)]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"dates": "dd/mm/yy"}, "there is no pivot"),
        ({"dates": "dd-mon-yyyy"}, "in which languages"),
        ({"decimal": ",", "thousands": ","}, "both the decimal mark"),
        ({"dates": "dmyyyy"}, "dates is 'dmyyyy'"),
        ({"months": ["xx"]}, "months is"),
        ({"zone": "Mars"}, "zone is 'Mars'"),
    ],
    ids=str,
)
def test_forms_that_leave_a_doubt_are_refused(settings: dict[str, object], words: str) -> None:
    with pytest.raises(SettingError, match=words):
        Dialect.of({"traders": settings})
