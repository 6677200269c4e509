import csv
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from features.data.check import check
from features.data.contract.violation import Severity
from features.data.systems import kcs
from features.data.warehouse import open_warehouse
from tests.features.data.systems.exports import KCS_FILES, KCS_LINES, Imported, bring, kcs_file, rows

published = pytest.mark.skipif(
    not all(file.exists() for file in KCS_FILES), reason="the published Korean declarations are not here"
)


@pytest.fixture(scope="module")
def korea(tmp_path_factory: pytest.TempPathFactory) -> Imported:
    out = tmp_path_factory.mktemp("korea") / "data"
    report = bring("kcs", *KCS_FILES, out=out)
    return out, report


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    bring("kcs", kcs_file(tmp_path), out=tmp_path / "data")
    return tmp_path / "data"


def read_plainly() -> Iterator[dict[str, str]]:
    for file in KCS_FILES:
        with file.open(newline="", encoding="utf-8") as lines:
            yield from csv.DictReader(lines)


def quarter_of(day: str) -> str:
    year, month = day[:4], int(day[5:7])
    return f"{year}Q{(month + 2) // 3}"


@published
def test_every_published_line_and_importer_arrives(korea: Imported) -> None:
    _, report = korea
    assert report.lines_read == 54_000
    assert {name: table.rows for name, table in report.tables.items()} == {
        "declarations": 54_000,
        "traders": 14_482,
        "audits": 34_723,
        "findings": 6_946,
        "controls": 54_000,
    }
    assert report.unknown_columns == report.absent_columns == ()


@published
def test_findings_equal_price_times_rate_of_fraudulent_lines_reckoned_apart(
    korea: Imported,
) -> None:
    duties: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in read_plainly():
        if line["Fraud"] == "1":
            duty = Decimal(line["Item Price"]) * Decimal(line["Tax Rate"]) / 100
            duties[f"{line['Importer ID']}-{quarter_of(line['Date'])}"] += duty
    expected = {audit: float(duty) for audit, duty in duties.items() if duty > 0}
    found = {row["audit_id"]: row["amount"] for row in rows(korea[0], "findings")}
    assert found == pytest.approx(expected, rel=1e-12)
    assert sum(found.values()) == pytest.approx(sum(expected.values()), rel=1e-12)


@published
def test_what_is_written_keeps_the_contract(korea: Imported) -> None:
    with open_warehouse(str(korea[0])) as warehouse:
        report = check(warehouse, today=date(2026, 1, 1)).report
    assert {violation.severity for violation in report.violations} <= {Severity.NOTE}
    assert report.accepted


@published
def test_nothing_says_the_finding_of_an_audit_before_it_closes(korea: Imported) -> None:
    opened = {row["audit_id"]: row["opened_on"] for row in rows(korea[0], "audits")}
    closed = {row["audit_id"]: row["closed_on"] for row in rows(korea[0], "audits")}
    importers = {row["declaration_id"]: row["trader_id"] for row in rows(korea[0], "declarations")}
    for control in rows(korea[0], "controls"):
        audit = f"{importers[control['declaration_id']]}-{quarter_of(str(control['controlled_on']))}"
        assert opened[audit] < control["known_on"] == closed[audit]
    assert all(row["known_on"] == closed[row["audit_id"]] for row in rows(korea[0], "findings"))


def test_a_quarter_is_audited_the_day_after_it_ends(tiny: Path) -> None:
    audits = {row["audit_id"]: row for row in rows(tiny, "audits")}
    assert set(audits) == {"I1-2020Q1", "I1-2020Q2", "I2-2020Q2", "I2-2021Q2"}
    first = audits["I1-2020Q1"]
    assert (first["period_from"], first["period_to"]) == (date(2020, 1, 1), date(2020, 3, 31))
    assert first["opened_on"] == first["known_on"] == date(2020, 4, 1)
    assert first["closed_on"] == date(2020, 5, 31)
    assert audits["I2-2021Q2"]["opened_on"] == date(2021, 7, 1)
    assert {row["treatment"] for row in audits.values()} == {"desk"}
    assert {row["selection_channel"] for row in audits.values()} == {"rule"}


def test_findings_are_the_duty_on_fraudulent_lines_and_absent_where_it_is_nothing(tiny: Path) -> None:
    # I1 in the first quarter: 1000.5 x 8 % + 200 x 6.5 % = 80.04 + 13; I2: 9000 x 0 %, then 0.3 x 0.1 %
    found = {row["audit_id"]: row["amount"] for row in rows(tiny, "findings")}
    assert found == {"I1-2020Q1": 93.04, "I2-2021Q2": 0.0003}
    assert all(row["known_on"] == row["event_on"] for row in rows(tiny, "findings"))


def test_a_line_becomes_a_declaration_of_one_item(tiny: Path) -> None:
    line = rows(tiny, "declarations")[0]
    assert line == {
        "declaration_id": "001",
        "item_number": 1,
        "version": 0,
        "accepted_on": date(2020, 1, 1),
        "known_on": date(2020, 1, 1),
        "trader_id": "I1",
        "declarant_id": "D1",
        "seller_id": "S1",
        "office_code": "30",
        "procedure_code": "KR2111",
        "hs_code": "010129",
        "origin_country": "BE",
        "dispatch_country": "BE",
        "preference_code": None,
        "transport_mode": "10",
        "customs_value": 1000.5,
        "net_mass_kg": 108.5,
        "duty_rate": 0.08,
        "duty_assessed": 80.04,
        "vat_assessed": 0.0,
    }


def test_rates_that_depend_on_origin_are_preferences_and_others_are_not(tiny: Path) -> None:
    claimed = [row["preference_code"] for row in rows(tiny, "declarations")]
    assert claimed == [None, "FEU1", None, "E1", None, "R"]


def test_controls_carry_the_result_of_each_line(tiny: Path) -> None:
    results = [(row["finding_type"], row["revenue_delta"]) for row in rows(tiny, "controls")]
    assert results == [
        ("other", 80.04),
        ("other", 13.0),
        (None, 0.0),
        (None, 0.0),
        ("other", 0.0),
        ("other", 0.0003),
    ]
    assert [str(row["known_on"]) for row in rows(tiny, "controls")][:4] == [
        "2020-05-31",
        "2020-05-31",
        "2020-05-31",
        "2020-08-30",
    ]


def test_an_importer_is_unknown_before_the_first_line(tiny: Path) -> None:
    assert rows(tiny, "traders") == [
        {
            "trader_id": trader,
            "valid_from": first,
            "known_on": first,
            "registered_on": first,
        }
        for trader, first in (("I1", date(2020, 1, 1)), ("I2", date(2020, 4, 15)))
    ]


def test_later_lines_change_nothing_that_was_known_before(tmp_path: Path) -> None:
    cutoff = date(2020, 7, 1)
    for name, lines in (("short", KCS_LINES[:5]), ("long", KCS_LINES)):
        bring("kcs", kcs_file(tmp_path, *lines), out=tmp_path / name)
    for table in ("declarations", "traders", "audits", "controls", "findings"):
        short, long = (
            [row for row in rows(tmp_path / name, table) if row["known_on"] < cutoff]
            for name in ("short", "long")
        )
        assert short == long
        assert short


def test_the_report_says_that_findings_are_a_proxy(tmp_path: Path) -> None:
    report = bring("kcs", kcs_file(tmp_path), out=tmp_path / "data")
    assert any("PROXY" in words and "nobody audited" in words for words in report.assumptions)
    assert report.remarks == {
        "lines found fraudulent": 4,
        "of them at a tax rate of 0, which add nothing to a finding": 1,
    }
    assert "PROXY" in (tmp_path / "data.import.json").read_text(encoding="utf-8")
    assert "proxy" in str(kcs.__doc__)
