from datetime import date
from pathlib import Path

import pytest

from features.data.check import check
from features.data.contract import TABLES
from features.data.systems.report import to_text
from features.data.warehouse import Dialect, open_warehouse
from features.errors import DataError
from tests.features.data.systems.exports import ASYCUDA, Imported, bring, contents, rows
from tests.features.tables import Row

MARCH, MAY = ASYCUDA / "march.csv", ASYCUDA / "may.csv"

Items = dict[tuple[str, int, int], Row]
"""Rows by declaration, item and version."""


@pytest.fixture(scope="module")
def nevis(tmp_path_factory: pytest.TempPathFactory) -> Imported:
    out = tmp_path_factory.mktemp("nevis") / "data"
    return out, bring("asycuda", MARCH, MAY, out=out)


@pytest.fixture(scope="module")
def items(nevis: Imported) -> Items:
    return {
        (row["declaration_id"], row["item_number"], row["version"]): row
        for row in rows(nevis[0], "declarations")
    }


def spoiled(folder: Path, *changes: tuple[str, str], source: Path = MARCH) -> Path:
    """Write the fixture with texts replaced, each of which must be there."""
    text = source.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    file = folder / "spoiled.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_what_is_written_keeps_the_contract(nevis: Imported) -> None:
    with open_warehouse(str(nevis[0])) as warehouse:
        report = check(warehouse, today=date(2026, 1, 1)).report
    assert [(v.table, v.rule) for v in report.violations] == [
        ("audits", "has_rows"),
        ("findings", "has_rows"),
    ]
    assert report.accepted


def test_an_item_goes_over_box_by_box(items: Items) -> None:
    assert items["KN01-2024-C101", 3, 0] == {
        "declaration_id": "KN01-2024-C101",
        "item_number": 3,
        "version": 0,
        "accepted_on": date(2024, 3, 4),
        "known_on": date(2024, 3, 4),
        "trader_id": "0010023",
        "declarant_id": "B07",
        "seller_id": None,
        "office_code": "KN01",
        "procedure_code": "4000",
        "hs_code": "8703231000",
        "origin_country": "JP",
        "dispatch_country": "US",
        "preference_code": None,
        "valuation_method": 1,
        "transport_mode": "1",
        "customs_value": 4530.75,  # 250,000 yen at 1.8123 for 100
        "freight_amount": None,
        "net_mass_kg": 1350.0,
        "gross_mass_kg": 1400.0,
        "supplementary_quantity": None,
        "supplementary_unit": None,
        "duty_rate": 0.35,
        "duty_assessed": 1585.76,
        "vat_assessed": 1039.81,
        "excise_assessed": 906.15,
        "description": "Motor car",
        "invoice_amount": 250000.0,
        "invoice_currency": "JPY",
        "channel": "green",
    }


def test_a_value_in_several_currencies_is_added_up_exactly(items: Items) -> None:
    # 1000.10 x 2.7 + 150.05 x 2.7 + 12 + 30.30 x 2.9412 - 5 x 2.7
    # = 2700.27 + 405.135 + 12 + 89.11836 - 13.5
    item = items["KN01-2024-C101", 2, 0]
    assert item["customs_value"] == 3193.02336
    assert item["freight_amount"] == 405.135
    assert (item["duty_rate"], item["duty_assessed"]) == (0.0, 0.0)


def test_the_value_that_the_system_reckoned_goes_before_its_parts(
    items: Items,
) -> None:
    assert items["KN01-2024-C101", 1, 0]["customs_value"] == 2700.0


def test_zeros_at_the_front_stay_in_codes_and_identifiers(items: Items, nevis: Imported) -> None:
    assert items["KN01-2024-C101", 1, 0]["hs_code"] == "0101210000"
    assert [row["trader_id"] for row in rows(nevis[0], "traders")] == [
        "0010023",
        "0010024",
        "0020001",
        "0020002",
        "10023",
    ]


def test_a_national_precision_that_makes_the_code_too_long_is_left_out(
    items: Items,
) -> None:
    assert items["KN01-2024-C107", 1, 0]["hs_code"] == "73181500"


def test_post_entries_are_versions_in_the_order_of_their_days(items: Items) -> None:
    # post-entry 31 is of April, post-entry 9 of May: numbers and texts would sort the other way
    history = [items["KN01-2024-C102", 1, version] for version in (0, 1, 2)]
    assert [row["customs_value"] for row in history] == [2700.0, 3240.0, 4050.0]
    assert [str(row["known_on"]) for row in history] == ["2024-03-13", "2024-04-02", "2024-05-10"]
    assert {row["accepted_on"] for row in history} == {date(2024, 3, 11)}


def test_the_first_version_is_what_was_declared_before_the_post_entry(
    items: Items,
) -> None:
    first, second = (items["KN01-2024-C105", 1, version] for version in (0, 1))
    assert (first["preference_code"], first["duty_assessed"]) == (None, 2160.0)
    assert (second["preference_code"], second["duty_assessed"]) == ("CARICOM", 0.0)


def test_an_amended_state_is_never_version_0(items: Items, nevis: Imported) -> None:
    assert ("KN01-2024-C110", 1, 0) not in items
    assert ("KN01-2024-C110", 1, 1) in items
    lost = "declarations of which only an amended state is there; what the trader said first is lost"
    assert nevis[1].remarks[lost] == 1


def test_exports_and_unregistered_lines_are_left_out_and_counted(items: Items, nevis: Imported) -> None:
    assert {declaration for declaration, _, _ in items} == {
        f"KN01-2024-C{number}" for number in (101, 102, 105, 106, 107, 110)
    }
    assert nevis[1].remarks["lines of exports or of no flow, left out"] == 1
    assert nevis[1].remarks["import lines never registered, left out"] == 1


def test_lanes_become_channels(items: Items) -> None:
    lanes = {declaration: row["channel"] for (declaration, _, _), row in items.items()}
    assert [lanes[f"KN01-2024-C{number}"] for number in (101, 102, 105, 106, 107)] == [
        "green",
        "yellow",
        "red",
        "blue",
        None,
    ]


def test_overlapping_extracts_are_read_once(nevis: Imported) -> None:
    assert (nevis[1].lines_read, nevis[1].lines_repeated) == (38, 2)


def test_audits_are_empty_tables_and_the_report_says_so(nevis: Imported) -> None:
    for table in ("audits", "findings"):
        assert rows(nevis[0], table) == []
        with open_warehouse(str(nevis[0])) as warehouse:
            assert warehouse.sources[table].columns == TABLES[table].names
    assert any("NO AUDITS" in line for line in to_text(nevis[1]))


def test_semicolons_and_decimal_commas_give_the_same_tables(tmp_path: Path) -> None:
    bring("asycuda", MARCH, out=tmp_path / "plain")
    dialect = Dialect.of({"decimal": ",", "dates": "dd.mm.yyyy"})
    bring("asycuda", ASYCUDA / "march_semicolon.csv", out=tmp_path / "semicolon", dialect=dialect)
    assert contents(tmp_path / "plain") == contents(tmp_path / "semicolon")


@pytest.mark.parametrize("rate", ["", "0"])
def test_a_foreign_amount_without_a_rate_is_refused(tmp_path: Path, rate: str) -> None:
    file = spoiled(tmp_path, ("30.30,EUR,2.9412", f"30.30,EUR,{rate}"))
    with pytest.raises(DataError, match="an amount in a currency needs its rate") as refused:
        bring("asycuda", file, out=tmp_path / "data")
    assert "spoiled.csv row 2: " in refused.value.found
    assert "VIT_OTC_AMT_FCX '30.30'" in refused.value.found
    assert not (tmp_path / "data").exists()


def test_a_rate_for_odd_units_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="1, 10, 100 or 1000 units"):
        bring("asycuda", spoiled(tmp_path, ("JPY,1.8123,100", "JPY,1.8123,12")), out=tmp_path / "data")


def test_two_lines_of_one_state_that_differ_are_refused_and_both_shown(tmp_path: Path) -> None:
    file = spoiled(tmp_path, ("2700,1000,USD", "2701,1000,USD"), source=MAY)
    with pytest.raises(DataError) as refused:
        bring("asycuda", MARCH, file, out=tmp_path / "data")
    assert "2700" in refused.value.found
    assert "2701" in refused.value.found


def test_times_of_day_are_refused_unless_declared(tmp_path: Path) -> None:
    file = spoiled(tmp_path, ("2024-03-04,2024-03-04", "2024-03-04T09:30:00,2024-03-04"))
    with pytest.raises(DataError, match="IDE_REG_DAT"):
        bring("asycuda", file, out=tmp_path / "data")
    report = bring("asycuda", file, out=tmp_path / "data", dialect=Dialect.of({"times": "drop"}))
    assert report.tables["declarations"].rows == 27
