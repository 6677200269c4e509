"""Mappings: files and tables of another form become those of the contract; all that does not fit is told."""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from features.data.check import CheckResult, check
from features.data.contract.violation import Violation
from features.data.mapping import Dialect
from features.data.systems import import_export, system_named
from features.data.warehouse import open_warehouse
from features.data.warehouse.engine import embedded
from features.errors import DataError, SettingError
from tests.features.tables import TODAY

REGISTER = """\
Register of imports;;;
printed 01.09.2024
Office;Year;Number;Flow;Datum;Zoll;Abgabe 1;Abgabe 2;Wert;Wert neu;Neu am;Ware;Herkunft;Importeur;Masse;Notiz
N1;2024;7;IM;14.02.2024;5,5;10;1.000,5;2.000,00;;;0805.10.20;Marokko;17;1.500;x
N1;2024;7;IM;14.02.2024;5,5;;0;2.000,00;2.500,00;01.03.2024;0805.10.20;Marokko;17;1.500;x
N1;2024;8;EX;14.02.2024;5,5;1;1;1;;;0805.10.20;Marokko;17;1;x
Office;Year;Number;Flow;Datum;Zoll;Abgabe 1;Abgabe 2;Wert;Wert neu;Neu am;Ware;Herkunft;Importeur;Masse;Notiz
N2;2024;7;im;03.05.2024;0;0;0;1,00;1,00;01.06.2024;0805.10.20;Brasilien;0;-;x
Summe;;;;;;;;4.001,00;;;;;;
"""
MAPPING = """\
decimal = ","
thousands = "."
dates = "dd.mm.yyyy"

[declarations]
files = "register*.csv"
skip_lines = 2
short_lines = "fill"
absent = ["vat_assessed"]
ignore = ["notiz"]

[declarations.keep]
FLOW = ["IM"]

[declarations.leave_out]
office = ["Office", "Summe*"]

[declarations.columns]
declaration_id = { join = ["office", "year", "number"], by = "/" }
item_number = { count = true }
version = { value = 0 }
accepted_on = "Datum"
trader_id = { column = "Importeur", unknown = ["0"] }
office_code = "Office"
procedure_code = { value = "4000" }
hs_code = { column = "Ware", remove = "." }
origin_country = { column = "Herkunft", codes = "countries.csv" }
customs_value = "Wert"
net_mass_kg = { column = "Masse", unit = "grams", zeros = ["-"] }
duty_rate = { column = "Zoll", unit = "percent" }
duty_assessed = { sum = ["Abgabe 1", "Abgabe 2"] }

[[declarations.later]]
customs_value = "Wert neu"
known_on = "Neu am"
amended_by = { value = "customs" }

[traders]
from = "declarations"
[audits]
absent = true
[findings]
absent = true
"""


@pytest.fixture
def register(tmp_path: Path) -> Path:
    """A folder with a register of another form, its mapping and a code list."""
    (tmp_path / "register-1.csv").write_text(REGISTER, encoding="utf-8")
    (tmp_path / "mapping.toml").write_text(MAPPING, encoding="utf-8")
    (tmp_path / "countries.csv").write_text("MAROKKO;MA\nBrasilien;BR\n", encoding="utf-8")
    return tmp_path


def checked(folder: Path | str, dialect: Dialect | None = None) -> CheckResult:
    """Check a folder as of the day of all tests; what is read is read before it is closed."""
    with open_warehouse(str(folder), dialect=dialect) as warehouse:
        return check(warehouse, today=TODAY)


def faults(folder: Path) -> tuple[Violation, ...]:
    """Return what stands in the way of reading a folder at all."""
    with open_warehouse(str(folder)) as warehouse:
        return warehouse.faults


def told(violations: Iterable[Violation], rule: str) -> str:
    """Return what was found and is to be done of the one violation of a rule."""
    [violation] = [each for each in violations if each.rule == rule]
    return f"{violation.found} {violation.advice}"


def edited(folder: Path, old: str, new: str) -> Path:
    """Return the folder with a line of its mapping written otherwise."""
    text = (folder / "mapping.toml").read_text(encoding="utf-8")
    assert old in text
    (folder / "mapping.toml").write_text(text.replace(old, new), encoding="utf-8")
    return folder


def test_a_register_of_another_form_becomes_tables_of_the_contract(register: Path) -> None:
    with open_warehouse(str(register)) as warehouse:
        report = check(warehouse, today=TODAY).report
        lines = warehouse.table("declarations").to_pyarrow().sort_by("version").to_pylist()
        traders = warehouse.table("traders").to_pyarrow().to_pylist()
        lacks = [c for c in ("vat_assessed", "customs_value") if not warehouse.has(f"declarations.{c}")]
    assert report.accepted
    assert {violation.rule for violation in report.violations} == {"has_rows", "without_mass"}
    key = ("declaration_id", "item_number", "version", "customs_value", "duty_assessed", "duty_rate")
    assert sorted(tuple(line[name] for name in key) for line in lines) == [
        ("N1/2024/7", 1, 0, 2000.0, 1010.5, 0.055),
        ("N1/2024/7", 2, 0, 2000.0, 0.0, 0.055),
        ("N1/2024/7", 2, 1, 2500.0, 0.0, 0.055),
        ("N2/2024/7", 1, 0, 1.0, 0.0, 0.0),
    ]
    assert [line["net_mass_kg"] for line in lines if line["office_code"] == "N2"] == [0.0]
    assert {line["net_mass_kg"] for line in lines if line["office_code"] == "N1"} == {1.5}
    assert {(line["origin_country"], line["trader_id"]) for line in lines} == {("MA", "17"), ("BR", None)}
    assert str(lines[-1]["known_on"]) == "2024-03-01"
    assert lines[-1]["amended_by"] == "customs"
    assert [(each["trader_id"], str(each["valid_from"])) for each in traders] == [("17", "2024-02-14")]
    assert traders[0]["registered_on"] is None
    assert lacks == ["vat_assessed"]


def test_all_that_a_mapping_gets_wrong_is_said_at_once(tmp_path: Path) -> None:
    settings = """
        encodin = "latin-1"
        dates = "dd/mm/yy"
        [declaration]
        [traders]
        fils = "x.csv"
        files = "../x.csv"
        [traders.columns]
        trader = "X"
        name = { sum = ["A", "B"], value = 1 }
        paid_in_capital = { unit = "grams" }
        region = { codes = "none.csv" }
        [declarations]
        absent = ["accepted_on", "vat"]
        [audits.columns]
        opened_on = { pattern = "no group" }
    """
    (tmp_path / "mapping.toml").write_text(settings)
    with pytest.raises(SettingError) as error:
        Dialect.in_folder(tmp_path)
    for words in (
        "'encodin'. Expected: one of",
        "Did you mean 'encoding'?",
        "two-digit years",
        "no table 'declaration'",
        "no setting 'fils'",
        "'../x.csv'",
        "'trader'",
        "has sum and value",
        "the unit grams",
        "none.csv cannot be read",
        "declares accepted_on absent",
        "'vat'",
        "'no group'",
    ):
        assert words in error.value.found


def test_columns_that_are_not_there_and_that_nobody_mapped_are_told_together(register: Path) -> None:
    edited(register, 'customs_value = "Wert"', 'customs_value = "Werd"')
    edited(register, 'ignore = ["notiz"]', "")
    result = faults(register)
    found = told(result, "readable")
    assert "'Werd' (Did you mean 'Wert'?)" in found
    found = told(result, "known_column")
    assert "Wert, Notiz" in found
    assert 'ignore = ["Wert", "Notiz"] under [declarations] in mapping.toml' in found
    result = faults(edited(register, "[declarations.keep]", 'ignore = ["*"]\n[declarations.keep]'))
    assert [each.rule for each in result] == ["readable"]


def test_titles_totals_and_repeated_headers_are_told_with_their_cure(register: Path) -> None:
    edited(register, "skip_lines = 2\n", "")
    assert "declare skip_lines = 2 under [declarations]" in told(faults(register), "readable").replace(
        "D", "d"
    )
    edited(register, 'short_lines = "fill"', 'skip_lines = 2\nshort_lines = "fill"')
    edited(register, 'office = ["Office", "Summe*"]', "")
    edited(register, 'FLOW = ["IM"]', 'FLOW = ["IM", "Flow", ""]')
    result = checked(register)
    assert '"Datum" = ["Datum"] under [declarations.leave_out]' in told(
        result.report.violations, "repeated_header"
    )
    assert '"Office" = ["summe*"] under [declarations.leave_out]' in told(
        result.report.violations, "total_row"
    )
    assert {each.rule for each in result.report.violations} == {
        "repeated_header",
        "total_row",
        "has_rows",
        "without_mass",
    }


def test_names_may_be_given_by_position(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("17|2019-01-01|2019-01-01\n18|2019-01-01|2019-01-01\n")
    mapping = {"files": "t.txt", "names": ["trader_id", "valid_from", "registered_on"]}
    with open_warehouse(str(tmp_path), dialect=Dialect.of({"traders": mapping})) as warehouse:
        assert warehouse.table("traders").count().to_pyarrow().as_py() == 2
    wrong = Dialect.of({"traders": {**mapping, "names": ["trader_id", "name"], "separator": "|"}})
    with open_warehouse(str(tmp_path), dialect=wrong) as warehouse:
        [fault] = [each for each in warehouse.faults if each.table == "traders"]
    assert fault.found == "t.txt has 3 columns, and the mapping names 2 by position."


def test_rows_left_out_to_the_last_are_no_success(register: Path) -> None:
    result = checked(edited(register, 'FLOW = ["IM"]', 'FLOW = ["TRANSIT"]'))
    [empty] = [
        each
        for each in result.report.violations
        if each.location == "declarations" and each.rule == "has_rows"
    ]
    assert "See which rows [declarations] in mapping.toml keeps" in empty.advice
    assert not result.report.accepted


def test_a_folder_has_one_mapping(register: Path) -> None:
    (register / "dialect.toml").write_text('decimal = ","')
    with pytest.raises(SettingError, match=r"both mapping\.toml and dialect\.toml"):
        checked(register)


def test_a_database_is_mapped_where_it_is(tmp_path: Path) -> None:
    file = tmp_path / "customs.duckdb"
    engine = embedded(tmp_path)
    engine.con.execute(f"ATTACH '{file}' AS target")
    engine.con.execute("CREATE SCHEMA target.raw")
    engine.con.execute(
        """CREATE TABLE target.raw."SAD" AS SELECT 'N1' AS OFFICE, 7 AS NUMBER, LINE, 100.5 AS VALUE,
             ASSESSED, DATE '2024-02-14' AS DAY, DATE '2024-03-01' AS ASSESSED_ON, '08051020' AS HS,
             'MA' AS ORIGIN, 'T1' AS IMPORTER, 5.0 AS MASS, 5 AS RATE, 2.0 AS DUTY, 1.0 AS VAT
           FROM (VALUES (2, 110.5), (1, 100.5)) AS items(LINE, ASSESSED)"""
    )
    engine.con.execute(
        "CREATE TABLE target.\"TRADERS\" AS SELECT 'T1' AS trader_id, DATE '2019-01-01' AS valid_from"
    )
    engine.disconnect()
    mapping: dict[str, dict[str, object]] = {
        "declarations": {
            "table": "raw.SAD",
            "order_by": ["line"],
            "columns": {
                "declaration_id": {"join": ["office", {"column": "day", "pattern": "^([0-9]{4})"}, "number"]},
                "item_number": {"count": True},
                "version": {"value": 0},
                "accepted_on": "day",
                "trader_id": "importer",
                "office_code": "office",
                "procedure_code": {"value": "4000"},
                "hs_code": "hs",
                "origin_country": "origin",
                "customs_value": "value",
                "net_mass_kg": "mass",
                "duty_rate": {"column": "rate", "unit": "percent"},
                "duty_assessed": "duty",
                "vat_assessed": "vat",
            },
            "later": [{"customs_value": "assessed", "known_on": "assessed_on"}],
        },
        "traders": {"absent": ["registered_on"]},
        "audits": {"absent": True},
        "findings": {"absent": True},
    }
    found = told(checked(str(file), Dialect.of(mapping)).report.violations, "required_table")
    assert 'table = "main.TRADERS" under [traders]' in found
    traders = {**mapping["traders"], "table": "main.TRADERS"}
    with open_warehouse(str(file), dialect=Dialect.of({**mapping, "traders": traders})) as warehouse:
        assert check(warehouse, today=TODAY).report.accepted
        rows = warehouse.table("declarations").to_pyarrow().to_pylist()
    key = ("declaration_id", "item_number", "version", "customs_value", "duty_rate")
    assert sorted(tuple(row[name] for name in key) for row in rows) == [
        ("N1-2024-7", 1, 0, 100.5, 0.05),
        ("N1-2024-7", 2, 0, 100.5, 0.05),
        ("N1-2024-7", 2, 1, 110.5, 0.05),
    ]
    del mapping["declarations"]["order_by"]
    unordered = Dialect.of({**mapping, "traders": traders})
    with open_warehouse(str(file), dialect=unordered) as warehouse:
        assert 'order_by = ["…"]' in told(warehouse.faults, "readable")


def test_an_import_that_leaves_everything_out_is_refused_with_the_reason(tmp_path: Path) -> None:
    asycuda, fixtures = system_named("asycuda"), Path(__file__).parents[3] / "fixtures" / "asycuda"
    source = (fixtures / "march.csv").read_text(encoding="utf-8")
    header, *rows = source.splitlines()
    flow = header.split(",").index("IDE_TYP_TYP")
    renamed = header.replace("IDE_TYP_TYP", "FLOW").replace("VIT_CIF", "Cif")
    written = [",".join("IM" if n == flow else v for n, v in enumerate(row.split(","))) for row in rows]
    (tmp_path / "out.csv").write_text("\n".join([renamed, *written]) + "\n", encoding="utf-8")
    tables = {"asycuda": asycuda.source}
    columns = {"IDE_TYP_TYP": "FLOW", "VIT_CIF": "cif"}
    dialect = Dialect.of({"asycuda": {"columns": columns}}, tables=tables)
    with pytest.raises(
        DataError, match=r"no declaration is left \(lines of exports or of no flow, left out: "
    ):
        import_export(asycuda, [tmp_path / "out.csv"], out=tmp_path / "data", dialect=dialect)
    assert not (tmp_path / "data").exists()
    coded = {**columns, "IDE_TYP_TYP": {"column": "FLOW", "codes": {"IM": "I"}}}
    dialect = Dialect.of({"asycuda": {"columns": coded}}, tables=tables)
    report = import_export(asycuda, [tmp_path / "out.csv"], out=tmp_path / "data", dialect=dialect)
    assert json.loads(report.to_json())["tables"]["declarations"]["rows"]
