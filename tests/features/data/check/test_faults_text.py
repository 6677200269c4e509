"""CSV as it comes: encodings, separators, decimal marks, days, lost zeros, broken lines."""

import codecs
import csv
import gzip
from pathlib import Path

import pytest

from tests.features.data.check.command import MANY
from tests.features.data.check.conftest import Check
from tests.features.tables import csv_text, good_tables, write_csv


def with_dialect(folder: Path, settings: str) -> Path:
    (folder / "dialect.toml").write_text(settings, encoding="utf-8")
    return folder


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_tells_the_encoding(encoding: str, accepted: Check, tmp_path: Path) -> None:
    data = write_csv(tmp_path / "data", good_tables(), encoding=encoding)
    assert (data / "traders.csv").read_bytes().startswith((codecs.BOM_UTF8, codecs.BOM_UTF16))
    assert accepted(data).rules() == set()


def test_latin_1_undeclared_is_refused_with_its_line(refused: Check, tmp_path: Path) -> None:
    data = write_csv(tmp_path / "data", good_tables(), encoding="latin-1")
    found = refused(data).found("readable", "traders")
    assert "traders.csv, line 3" in found["found"]
    assert found["expected"] == "text in UTF-8."
    assert "Declare the file's encoding in mapping.toml" in found["advice"]


def test_latin_1_declared_is_read_and_a_wrong_declaration_named(
    accepted: Check, refused: Check, tmp_path: Path
) -> None:
    data = write_csv(tmp_path / "data", good_tables(), encoding="latin-1")
    assert accepted(with_dialect(data, 'encoding = "latin-1"')).rules() == set()
    found = refused(with_dialect(data, 'encoding = "utf-16-le"')).found("readable", "traders")
    assert "is not in utf-16-le" in found["found"]


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_the_separator_is_found(separator: str, accepted: Check, tmp_path: Path) -> None:
    assert accepted(write_csv(tmp_path / "data", good_tables(), separator=separator)).rules() == set()


def test_decimal_commas_pass_only_where_declared(accepted: Check, refused: Check, tmp_path: Path) -> None:
    tables = good_tables()
    tables["declarations"][0]["net_mass_kg"] = "12,5"
    for row in tables["declarations"][1:]:
        row["net_mass_kg"] = "1.200,5"
    data = write_csv(tmp_path / "data", tables, separator=";")
    found = refused(data, *MANY).found("type", "declarations.net_mass_kg")
    assert found["rows"] == 4
    assert 'decimal = "," and thousands = "." under [declarations] in mapping.toml' in found["advice"]
    assert (
        refused(with_dialect(data, 'decimal = ","'), *MANY).found("type", "declarations.net_mass_kg")["rows"]
        == 3
    )
    commas = {
        name: [
            {c: str(v).replace(".", ",") if isinstance(v, float) else v for c, v in row.items()}
            for row in rows
        ]
        for name, rows in good_tables().items()
    }
    data = write_csv(tmp_path / "commas", commas, separator=";")
    assert accepted(with_dialect(data, 'decimal = ","')).rules() == set()


def test_lost_leading_zeros_are_quarantined_and_filled_up_where_declared(
    accepted: Check, tmp_path: Path
) -> None:
    tables = good_tables()
    tables["declarations"][3]["hs_code"] = "10121"
    data = write_csv(tmp_path / "data", tables)
    found = accepted(data, *MANY).found("hs_code", "declarations.hs_code")
    assert found["rows"] == 1
    assert "leading zero may have been lost" in found["expected"]
    assert accepted(with_dialect(data, "hs_digits = 6"), *MANY).rules() == set()


def test_days_in_another_order_pass_only_where_declared(
    accepted: Check, refused: Check, tmp_path: Path
) -> None:
    tables = good_tables()
    for rows in tables.values():
        for row in rows:
            for name, value in row.items():
                if hasattr(value, "strftime"):
                    row[name] = value.strftime("%d.%m.%Y")
    data = write_csv(tmp_path / "data", tables)
    found = refused(data, *MANY).found("type", "declarations.accepted_on")
    assert found["examples"][0]["accepted_on"] == "01.03.2024"
    assert 'Declare dates = "dd.mm.yyyy" under [declarations]' in found["advice"]
    assert accepted(with_dialect(data, 'dates = "dd.mm.yyyy"')).rules() == set()


def test_midnight_loses_nothing_and_another_time_is_left_out_only_where_declared(
    accepted: Check, refused: Check, tmp_path: Path
) -> None:
    tables = good_tables()
    tables["declarations"][0]["accepted_on"] = "2024-03-01 00:00:00"
    tables["declarations"][1]["accepted_on"] = "2024-03-01T00:00"
    tables["declarations"][2]["accepted_on"] = "2024-03-01T13:30:00.5Z"
    data = write_csv(tmp_path / "data", tables)
    assert refused(data, *MANY).found("type", "declarations.accepted_on")["rows"] == 1
    assert accepted(with_dialect(data, 'times = "drop"')).rules() == set()


def test_embedded_line_breaks_quotes_and_separators_are_kept_to_the_letter(
    accepted: Check, out: Path, tmp_path: Path
) -> None:
    name = 'say "a,b"\nand\r\nc;d\t|end '
    tables = good_tables()
    tables["traders"][2] |= {"name": name, "size_band": "giant"}
    accepted(write_csv(tmp_path / "data", tables), "--limit", "1")
    with (out / "accepted" / "quarantine_traders.csv").open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert row["name"] == name


def test_lines_with_too_many_or_too_few_values_are_all_named(refused: Check, tmp_path: Path) -> None:
    data = write_csv(tmp_path / "data", good_tables())
    lines = (data / "traders.csv").read_text(encoding="utf-8").splitlines()
    (data / "traders.csv").write_text("\n".join([*lines, "X,2020-01-01", lines[1] + ",x"]), encoding="utf-8")
    broken = refused(data).violations("traders")
    assert [v["found"].split(":")[0] for v in broken] == ["traders.csv, line 5", "traders.csv, line 6"]
    assert "double quotes" in broken[0]["advice"]


HEADERS = [
    (b"", "traders.csv is empty."),
    (b"007,2020-01-01\n", "where no column of the contract is named."),
    (b"\n\ntrader_id,valid_from\n", "where no column of the contract is named."),
    (b"trader_id,valid_from,trader_id\n", "has the column trader_id more than once"),
    (b"trader_id,valid_from,\n", "has no name for column 3"),
    ("trader_id,valid_from\n".encode("utf-16-le"), "where no column of the contract is named."),
    (b"\x00\xff\x00\xfe" * 9, "where no column of the contract is named."),
]


@pytest.mark.parametrize(("content", "words"), HEADERS)
def test_a_file_without_a_usable_first_line_is_refused(
    content: bytes, words: str, refused: Check, tmp_path: Path
) -> None:
    data = write_csv(tmp_path / "data", good_tables())
    (data / "traders.csv").write_bytes(content)
    assert words in refused(data).found("readable", "traders")["found"]


def test_a_header_alone_is_a_table_without_rows(accepted: Check, refused: Check, tmp_path: Path) -> None:
    tables = good_tables()
    data = write_csv(tmp_path / "data", tables)
    (data / "findings.csv").write_text(csv_text(tables["findings"]).splitlines()[0], encoding="utf-8")
    assert accepted(data).rules() == {("findings", "has_rows", "note")}
    (data / "declarations.csv").write_text(csv_text(tables["declarations"]).splitlines()[0], encoding="utf-8")
    assert refused(data).found("has_rows", "declarations")["severity"] == "structure"


def test_old_line_ends_are_read_and_mixed_ones_refused(
    accepted: Check, refused: Check, tmp_path: Path
) -> None:
    data = write_csv(tmp_path / "data", good_tables())
    file = data / "traders.csv"
    windows = file.read_bytes()
    file.write_bytes(windows.replace(b"\r\n", b"\r"))
    assert accepted(data).rules() == set()
    file.write_bytes(windows.replace(b"\r\n", b"\n", 2))
    assert "one kind of line ending" in refused(data).found("readable", "traders")["expected"]


def test_a_gzipped_table_is_read_and_a_damaged_one_refused(
    accepted: Check, refused: Check, tmp_path: Path
) -> None:
    data = write_csv(tmp_path / "data", good_tables())
    packed = gzip.compress((data / "traders.csv").read_bytes())
    (data / "traders.csv").unlink()
    (data / "traders.csv.gz").write_bytes(packed)
    assert accepted(data).rules() == set()
    for damaged in (packed[: len(packed) // 2], b"trader_id\n", packed[:-4] + b"\0\0\0\0"):
        (data / "traders.csv.gz").write_bytes(damaged)
        assert "cannot be unpacked" in refused(data).found("readable", "traders")["found"]
