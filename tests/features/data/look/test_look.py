"""Looking at exports: what is proposed is read once its guesses are taken, and what is a guess says why."""

import json
import re
import tomllib
from pathlib import Path

import duckdb
import psycopg
import pytest
from typer.testing import CliRunner

from audit_yield.commands import app
from features.data.check import check
from features.data.look import Proposal, look
from features.data.look.proposal import as_toml
from features.data.mapping import Dialect
from features.data.warehouse import open_warehouse
from features.errors import DataError
from tests.features.data.workbooks import sheet_lines, write_workbook
from tests.features.tables import TODAY, good_tables, write_csv, write_parquet
from tests.postgres import Server

REGISTER = """\
Imports of September;;;;;;;;;;;
printed 01.10.2024;;;;;;;;;;;
ENTRY NO;FLOW;PORT;REG_DATE;IMPORTER TIN;HS CODE;COUNTRY OF ORIGIN;NET WEIGHT;CIF VALUE;RATE;DUTY PAID;GOODS
C-1234;IM;N1;13.09.2024;0017;6907.21.94;CN; 793,80 ;29.485,99;7;-;1. TILES
C-1234;IM;N1;13.09.2024;0017;6907.21.94;VN; 1.000,00 ;1.000,00;7;70,00;2. SLABS
ENTRY NO;FLOW;PORT;REG_DATE;IMPORTER TIN;HS CODE;COUNTRY OF ORIGIN;NET WEIGHT;CIF VALUE;RATE;DUTY PAID;GOODS
C-1235;EX;N1;14.09.2024;NULL;6907.21.22;CN; 18.742,50 ;705.955,00;7;49.416,85;1. TILES
;;;;;;;;;;;
TOTAL;;;;;;;;735.440,99;;49.416,85;
"""


def looked_at(folder: Path, text: str, *, encoding: str = "utf-8", name: str = "register.csv") -> Proposal:
    (folder / name).write_text(text, encoding=encoding)
    [proposal] = look([str(folder / name)])
    return proposal


def guesses_taken(mapping: str) -> str:
    return re.sub("^#[?] ", "", mapping, flags=re.MULTILINE)


def test_a_proposal_is_read_once_its_guesses_are_taken(tmp_path: Path) -> None:
    proposal = looked_at(tmp_path, REGISTER)
    mapping = guesses_taken(as_toml([proposal]))
    (tmp_path / "mapping.toml").write_text(mapping.replace('["EX", "IM"]', '["IM"]'), encoding="utf-8")
    with open_warehouse(str(tmp_path)) as warehouse:
        result = check(warehouse, today=TODAY)
        rows = warehouse.table("declarations").order_by("item_number").to_pyarrow().to_pylist()
    assert [v for v in result.report.violations if v.severity != "note"] == []
    assert [(row["declaration_id"], row["item_number"], row["customs_value"]) for row in rows] == [
        ("C-1234", 1, 29485.99),
        ("C-1234", 2, 1000.0),
    ]
    assert [(row["origin_country"], row["duty_rate"], row["duty_assessed"]) for row in rows] == [
        ("CN", 0.07, 0.0),
        ("VN", 0.07, 70.0),
    ]


def test_what_is_sure_stands_by_itself_and_a_guess_says_why(tmp_path: Path) -> None:
    lines = as_toml([looked_at(tmp_path, REGISTER)]).splitlines()
    for sure in (
        "skip_lines = 2",
        'thousands = "."',
        'dates = "dd.mm.yyyy"',
        '"ENTRY NO" = ["ENTRY NO", "", "TOTAL*"]',
        'hs_code = { column = "HS CODE", remove = "." }',
        'duty_rate = { column = "RATE", unit = "percent" }',
    ):
        assert sure in lines
    guesses = [line for line in lines if line.startswith("#? ")]
    for guess in (
        '#? absent = ["procedure_code", "vat_assessed"]  # no column looks like these',
        "#? version = { value = 0 }  # each row is what was declared first",
        '#? FLOW = ["EX", "IM"]  # keep the words of imports; other rows are left out',
    ):
        assert guess in guesses
    assert tomllib.loads("\n".join(lines))["declarations"]["files"] == "register.csv"


@pytest.mark.parametrize(
    ("names", "codes", "doubt"),
    [
        ("China|VNM|504", "iso-3166", None),
        (
            "China|Elbonia",
            ["countries.csv", "iso-3166"],
            "write countries.csv, the word and the code, for 'Elbonia'",
        ),
    ],
)
def test_countries_by_name_are_read_by_a_list(
    names: str, codes: object, doubt: str | None, tmp_path: Path
) -> None:
    lines = "".join(f"A,{name}\n" for name in names.split("|"))
    proposal = looked_at(tmp_path, f"declaration_id,origin_country\n{lines}")
    assert (proposal.columns[1].settings, proposal.columns[1].doubt) == ({"codes": codes}, doubt)


def test_two_ways_to_read_days_are_a_doubt(tmp_path: Path) -> None:
    proposal = looked_at(tmp_path, "declaration_id,accepted_on\nA1,03/04/2024\nA2,05/06/2024\n")
    assert proposal.settings["dates"] == "dd/mm/yyyy"
    assert list(proposal.doubts) == ['accepted_on can also be read with dates = "mm/dd/yyyy"']


def test_columns_as_alike_as_each_other_are_a_doubt(tmp_path: Path) -> None:
    proposal = looked_at(tmp_path, "declaration_id,value_a,value_b\nA1,1,2\n")
    [match] = [each for each in proposal.columns if each.column.name == "customs_value"]
    assert (match.source, match.doubt) == ("value_a", "or value_b")


def test_values_that_do_not_look_like_their_name_are_a_doubt(tmp_path: Path) -> None:
    proposal = looked_at(tmp_path, "declaration_id,hs_code\nA1,shirts\n")
    assert [each.doubt for each in proposal.columns] == [None, "its values do not look so: 'shirts'"]


def test_days_and_codes_are_known_by_their_values(tmp_path: Path) -> None:
    proposal = looked_at(tmp_path, "entry;value;x;y\nA1;5;2024-02-14;0805.10\nA2;6;2024-02-15;8471.30\n")
    assert {each.column.name: (each.source, each.doubt) for each in proposal.columns if each.doubt} == {
        "accepted_on": ("x", "by its values alone"),
        "hs_code": ("y", "by its values alone"),
    }


def test_a_file_without_a_header_or_with_a_broken_one_is_named_by_position(tmp_path: Path) -> None:
    none = looked_at(tmp_path, "A1;2024-02-14;12\nA2;2024-02-15;13\n")
    assert none.settings["names"] == ["column 1", "column 2", "column 3"]
    twice = looked_at(tmp_path, "declaration_id;value;value;\nA1;1;2;3\n")
    assert twice.settings["names"] == ["declaration_id", "value", "value 3", "column 4"]
    assert twice.settings["skip_lines"] == 1


def test_an_encoding_is_proposed_with_those_that_read_as_well(tmp_path: Path) -> None:
    names = ("Код товара", "Страна происхождения")
    text = f"{';'.join(names)}\n50417;Китай\n50418;Казахстан\n"
    proposal = looked_at(tmp_path, text, encoding="cp1251")
    assert proposal.settings["encoding"] == "cp1251"
    assert proposal.excerpt.columns == names
    assert looked_at(tmp_path, text).settings.get("encoding") is None
    for marked in ("utf-16", "utf-8-sig"):
        proposal = looked_at(tmp_path, text, encoding=marked)
        assert (proposal.excerpt.columns, proposal.settings.get("encoding")) == (names, None)


def test_files_alike_are_parts_of_one_table(tmp_path: Path) -> None:
    for year in (2023, 2024):
        (tmp_path / f"register-{year}.csv").write_text(REGISTER, encoding="utf-8")
    [proposal] = look([str(tmp_path)])
    assert proposal.settings["files"] == "register-202*.csv"


def test_tables_of_the_contract_need_no_line_whatever_they_stand_in(tmp_path: Path) -> None:
    folder = write_parquet(tmp_path / "parquet", good_tables())
    write_csv(tmp_path / "csv", good_tables())
    sheets = {name: sheet_lines(rows) for name, rows in good_tables().items()}
    book = write_workbook(tmp_path / "customs.xlsx", sheets)
    database = tmp_path / "customs.duckdb"
    with duckdb.connect(database) as connection:
        for name in good_tables():
            connection.execute(
                f"CREATE TABLE {name} AS FROM read_parquet(?)", [str(folder / f"{name}.parquet")]
            )
    for location in (folder, tmp_path / "csv", book, database):
        proposals = look([str(location)])
        assert {each.table and each.table.name for each in proposals} == set(good_tables())
        settings = tomllib.loads(as_toml(proposals))
        assert all(set(each) <= {"files"} for each in settings.values()), location


def test_tables_of_other_schemas_have_theirs(tmp_path: Path) -> None:
    with duckdb.connect(tmp_path / "customs.duckdb") as connection:
        connection.execute("CREATE SCHEMA aw")
        connection.execute(
            "CREATE TABLE aw.SAD_ITEM AS SELECT '84713000' AS TAR_HSC_NB1, 12.5 AS VIT_CIF, 1 AS KEY_ITM_NBR"
        )
        connection.execute("CREATE TABLE log AS SELECT 1 AS x")
    items, log = look([str(tmp_path / "customs.duckdb")])
    assert items.settings == {"table": "aw.SAD_ITEM"}
    assert log.table is None
    Dialect.of(tomllib.loads(as_toml([items, log])))


def test_tables_of_postgresql_are_looked_at_where_they_are(postgres: Server) -> None:
    url = postgres.url(postgres.new_database())
    with psycopg.connect(url) as connection:
        connection.execute("CREATE SCHEMA aw")
        connection.execute(
            'CREATE TABLE aw."SAD_ITEM" ("TAR_HSC_NB1" text, "VIT_CIF" numeric, "IDE_REG_DAT" date)'
        )
        connection.execute("""INSERT INTO aw."SAD_ITEM" VALUES ('84713000', 12.5, '2024-02-14')""")
        connection.execute("CREATE TABLE traders (trader_id text, valid_from date, registered_on date)")
    items, traders = sorted(look([url]), key=lambda each: each.excerpt.name)
    assert (items.settings, items.excerpt.rows) == (
        {"table": "aw.SAD_ITEM"},
        (("84713000", "12.5", "2024-02-14"),),
    )
    assert [each.column.name for each in items.columns if each.doubt is None] == [
        "accepted_on",
        "hs_code",
        "customs_value",
    ]
    assert (traders.table and traders.table.name, traders.settings) == ("traders", {})


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("nowhere.csv", None),
        ("x.zip", b"PK"),
        ("x.xlsx", b"no"),
        ("x.parquet", b"no"),
        ("x.duckdb", b"no" * 99),
        ("x.csv.gz", b"no"),
    ],
)
def test_what_cannot_be_looked_at_is_told(name: str, content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError):
        look([str(tmp_path / name)])


def test_the_command_prints_the_rows_and_a_mapping_or_json(tmp_path: Path) -> None:
    (tmp_path / "register.csv").write_text(REGISTER, encoding="utf-8")
    shown = CliRunner().invoke(app, ["look", str(tmp_path / "register.csv")]).stdout
    assert "#     HS CODE: 6907.21.94 | 6907.21.94" in shown
    assert tomllib.loads(shown)["declarations"]["decimal"] == ","
    content = json.loads(CliRunner().invoke(app, ["look", str(tmp_path / "register.csv"), "--json"]).stdout)
    [source] = content["sources"]
    assert (source["table"], source["files"]) == ("declarations", ["register.csv"])
    assert shown.endswith(content["mapping"])
    assert not (tmp_path / "mapping.toml").exists()
