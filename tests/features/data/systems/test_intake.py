import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.data.contract import TABLES
from features.data.systems import report_path
from features.data.systems.report import to_text
from features.data.warehouse import Dialect
from features.errors import AuditYieldError, DataError, OutputError, SettingError
from tests.features.data.systems.exports import ASYCUDA, KCS_LINES, KCS_NAMES, bring, contents, kcs_file, rows


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "data"


def changed(number: int, old: str, new: str) -> list[str]:
    """Return the tiny export with one text of one line replaced."""
    assert old in KCS_LINES[number]
    return [line.replace(old, new, 1) if i == number else line for i, line in enumerate(KCS_LINES)]


def visible(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir() if not entry.name.startswith("."))


@pytest.mark.parametrize("system", ["kcs", "asycuda"])
def test_what_is_written_has_the_types_of_the_contract(tmp_path: Path, out: Path, system: str) -> None:
    bring(system, kcs_file(tmp_path) if system == "kcs" else ASYCUDA / "march.csv", out=out)
    for file in out.iterdir():
        schema = pq.read_schema(file)
        expected = TABLES[file.stem].schema
        assert {name: schema.field(name).type for name in schema.names} == {
            name: expected.field(name).type for name in schema.names
        }
        assert [name for name in expected.names if name in schema.names] == schema.names


def test_the_folder_holds_tables_alone_and_the_report_stands_beside_it(tmp_path: Path, out: Path) -> None:
    report = bring("kcs", kcs_file(tmp_path), out=out)
    assert set(contents(out)) == {f"{table}.parquet" for table in report.tables}
    assert report_path(out) == tmp_path / "data.import.json"
    content = json.loads(report_path(out).read_text(encoding="utf-8"))
    assert content["lines_read"] == 6
    assert [(file["name"], file["lines"]) for file in content["files"]] == [("kcs.csv", 6)]
    assert visible(tmp_path) == ["data", "data.import.json", "kcs.csv"]
    assert not [entry for entry in tmp_path.iterdir() if entry.name.endswith(".new")]


def test_the_same_lines_give_the_same_bytes(tmp_path: Path, out: Path) -> None:
    first = bring("kcs", kcs_file(tmp_path), out=out)
    second = bring("kcs", kcs_file(tmp_path), out=tmp_path / "again")
    shuffled = bring("kcs", kcs_file(tmp_path, *reversed(KCS_LINES)), out=tmp_path / "shuffled")
    assert contents(out) == contents(tmp_path / "again") == contents(tmp_path / "shuffled")
    assert first == second
    assert first.tables == shuffled.tables
    assert report_path(out).read_bytes() == report_path(tmp_path / "again").read_bytes()


def test_every_missing_column_is_named_with_a_likely_one(tmp_path: Path, out: Path) -> None:
    names = KCS_NAMES.replace("Item Price", "item price").replace("Fraud,", "Froud,", 1)
    with pytest.raises(DataError) as refused:
        bring("kcs", kcs_file(tmp_path, names=names), out=out)
    assert refused.value.found == (
        "kcs.csv lacks 'Item Price' (Did you mean 'item price'?), 'Fraud' (Did you mean 'Froud'?). "
        "Nothing is made of item price, Froud."
    )
    assert not out.exists()


def test_an_unknown_column_is_passed_over_and_named(tmp_path: Path, out: Path) -> None:
    extra = [f"{line},x" for line in KCS_LINES]
    report = bring("kcs", kcs_file(tmp_path, *extra, names=f"{KCS_NAMES},Net Masss"), out=out)
    assert report.unknown_columns == ("Net Masss (Did you mean 'Net Mass'?)",)
    assert any("unknown columns, passed over: Net Masss" in line for line in to_text(report))


def test_an_absent_optional_column_is_absent_there_too(tmp_path: Path, out: Path) -> None:
    file = kcs_file(tmp_path, names=KCS_NAMES.replace("Seller ID", "Shop"))
    report = bring("kcs", file, out=out)
    assert report.absent_columns == ("Seller ID",)
    assert "seller_id" not in rows(out, "declarations")[0]


def test_values_that_do_not_fit_are_shown_with_file_and_row_up_to_five(tmp_path: Path, out: Path) -> None:
    wrong = [line.replace(",108.5,", ",x,").replace(",2.0,", ",2kg,") for line in KCS_LINES * 2]
    wrong = [f"{number}{line}" for number, line in enumerate(wrong)]
    with pytest.raises(DataError) as refused:
        bring("kcs", kcs_file(tmp_path, *wrong), out=out)
    assert "kcs.Net Mass: 10 of 12 rows break it" in refused.value.found
    assert "(kcs.csv row 1: Net Mass 'x'; kcs.csv row 3: Net Mass '2kg'; " in refused.value.found
    assert refused.value.found.count("Net Mass '") == 5
    assert not out.exists()


def test_many_faults_are_all_named_with_one_line_each(tmp_path: Path, out: Path) -> None:
    semicolon = ASYCUDA / "march_semicolon.csv"
    with pytest.raises(DataError) as refused:
        bring("asycuda", semicolon, out=out)
    assert "asycuda.IDE_REG_DAT: 28 of 29 rows" in refused.value.found
    assert "(march_semicolon.csv row 1: VIT_INV_CUR_RAT '2,7')" in refused.value.found
    assert "needs its rate" not in str(refused.value), "a rate that cannot be read is not a rate that lacks"


def test_a_price_too_large_to_reckon_with_is_refused(tmp_path: Path, out: Path) -> None:
    for price in ("100000000000000", "1e300", "inf", "nan"):
        with pytest.raises(DataError, match=f"kcs.csv row 1: Item Price '{price}'"):
            bring("kcs", kcs_file(tmp_path, *changed(0, "1000.5", price)), out=out)


def test_a_value_against_the_contract_goes_over_for_the_check_to_judge(tmp_path: Path, out: Path) -> None:
    bring("kcs", kcs_file(tmp_path, *changed(0, "108.5", "-108.5")), out=out)
    assert rows(out, "declarations")[0]["net_mass_kg"] == -108.5


def test_a_declared_dialect_is_understood(tmp_path: Path, out: Path) -> None:
    days = [line.split(",") for line in KCS_LINES]
    for line in days:
        line[1] = ".".join(reversed(line[1].split("-")))
        line[15], line[18], line[19] = (line[at].replace(".", ",") for at in (15, 18, 19))
    german = kcs_file(
        tmp_path, *(";".join(line) for line in days), names=KCS_NAMES.replace(",", ";"), name="german.csv"
    )
    bring("kcs", kcs_file(tmp_path), out=out)
    bring("kcs", german, out=tmp_path / "german", dialect=Dialect.of({"decimal": ",", "dates": "dd.mm.yyyy"}))
    assert contents(out) == contents(tmp_path / "german")
    with pytest.raises(DataError, match=r"kcs\.Date: 6 of 6 rows"):
        bring("kcs", german, out=tmp_path / "undeclared")


def test_lost_zeros_of_hs_codes_come_back_where_that_is_declared(tmp_path: Path, out: Path) -> None:
    file = kcs_file(tmp_path, *changed(0, "010129", "10129"))
    bring("kcs", file, out=out, dialect=Dialect.of({"hs_digits": 6}))
    assert rows(out, "declarations")[0]["hs_code"] == "010129"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_marks_are_understood(tmp_path: Path, out: Path, encoding: str) -> None:
    file = kcs_file(tmp_path)
    file.write_text(file.read_text(encoding="utf-8"), encoding=encoding)
    assert bring("kcs", file, out=out).lines_read == 6


def test_a_file_that_was_cut_off_is_refused(tmp_path: Path, out: Path) -> None:
    file = kcs_file(tmp_path)
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(DataError, match=r"kcs\.csv, line 7"):
        bring("kcs", file, out=out)
    packed = tmp_path / "kcs.csv.gz"
    packed.write_bytes(gzip.compress(kcs_file(tmp_path).read_bytes())[:-30])
    with pytest.raises(DataError, match=r"kcs\.csv\.gz cannot be unpacked"):
        bring("kcs", packed, out=out)
    assert not out.exists()


def test_every_file_that_cannot_be_read_is_named(tmp_path: Path, out: Path) -> None:
    (tmp_path / "kcs.zip").write_bytes(b"PK")
    with pytest.raises(DataError) as refused:
        bring("kcs", tmp_path / "kcs.zip", tmp_path / "nowhere.csv", out=out)
    assert "kcs.zip is no CSV file" in refused.value.found
    assert "nowhere.csv is not there" in refused.value.found


def test_no_file_is_refused(out: Path) -> None:
    with pytest.raises(DataError, match="No file was named"):
        bring("kcs", out=out)


def test_a_line_given_twice_counts_once_and_one_that_differs_is_refused(tmp_path: Path, out: Path) -> None:
    report = bring("kcs", kcs_file(tmp_path, *KCS_LINES, KCS_LINES[0]), out=out)
    assert (report.lines_read, report.lines_repeated) == (7, 1)
    assert len(rows(out, "declarations")) == 6
    with pytest.raises(DataError) as refused:
        bring("kcs", kcs_file(tmp_path, *KCS_LINES, changed(0, "1000.5", "7.5")[0]), out=tmp_path / "other")
    assert "1000.5" in refused.value.found
    assert "7.5" in refused.value.found


def test_what_was_there_stays_after_any_error(tmp_path: Path, out: Path) -> None:
    bring("kcs", kcs_file(tmp_path), out=out)
    before, report = contents(out), report_path(out).read_bytes()
    broken = kcs_file(tmp_path, *changed(0, "108.5", "x"), name="broken.csv")
    with pytest.raises(AuditYieldError):
        bring("kcs", broken, out=out, overwrite=True)
    assert contents(out) == before
    assert report_path(out).read_bytes() == report
    assert visible(tmp_path) == ["broken.csv", "data", "data.import.json", "kcs.csv"]
    assert not [entry for entry in tmp_path.iterdir() if entry.name.endswith(".new")]


def test_a_second_import_needs_overwrite(tmp_path: Path, out: Path) -> None:
    bring("kcs", kcs_file(tmp_path), out=out)
    before = contents(out)
    with pytest.raises(OutputError, match=r"holds audits\.parquet"):
        bring("kcs", kcs_file(tmp_path, KCS_LINES[0]), out=out)
    assert contents(out) == before
    bring("kcs", kcs_file(tmp_path, KCS_LINES[0]), out=out, overwrite=True)
    assert len(rows(out, "declarations")) == 1


def test_overwrite_never_removes_what_is_no_earlier_import(tmp_path: Path, out: Path) -> None:
    out.mkdir()
    (out / "thesis.txt").write_text("years of work")
    with pytest.raises(OutputError, match=r"holds thesis\.txt"):
        bring("kcs", kcs_file(tmp_path), out=out, overwrite=True)
    assert (out / "thesis.txt").read_text() == "years of work"
    with pytest.raises(OutputError, match="is a file"):
        bring("kcs", kcs_file(tmp_path), out=out / "thesis.txt", overwrite=True)


def test_an_empty_folder_may_be_filled(tmp_path: Path, out: Path) -> None:
    out.mkdir()
    assert bring("kcs", kcs_file(tmp_path), out=out).tables["declarations"].rows == 6


def test_currencies_of_a_dialect_are_refused(tmp_path: Path, out: Path) -> None:
    with pytest.raises(SettingError, match="currency_column"):
        bring(
            "kcs",
            kcs_file(tmp_path),
            out=out,
            dialect=Dialect.of({"currency": "KRW", "currency_column": "x"}),
        )


def test_no_identifier_is_trimmed_or_merged(tmp_path: Path, out: Path) -> None:
    bring("kcs", kcs_file(tmp_path, *changed(0, ",I1,", ", I1,")), out=out)
    assert [row["trader_id"] for row in rows(out, "traders")] == [" I1", "I1", "I2"]


def test_an_empty_importer_makes_no_trader_and_no_audit(tmp_path: Path, out: Path) -> None:
    bring("kcs", kcs_file(tmp_path, *changed(5, ",I2,", ",,")), out=out)
    assert [row["trader_id"] for row in rows(out, "declarations")][5] is None
    assert pa.array([row["trader_id"] for row in rows(out, "audits")]).null_count == 0
    assert [row["trader_id"] for row in rows(out, "traders")] == ["I1", "I2"]
