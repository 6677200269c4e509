"""Faults of single rows: into quarantine with their reason, all of them in one check."""

import csv
from datetime import date
from math import inf, nan
from pathlib import Path

import pytest

from tests.features.data.check.command import MANY, Outcome, check, tree
from tests.features.data.check.conftest import Check
from tests.features.tables import TODAY, Row, Tables, good_tables, write_csv, write_parquet

SPOILT = [
    ("customs_value", "not_negative", "must not be negative", -0.01),
    ("net_mass_kg", "not_negative", "must not be negative", -12.5),
    ("vat_assessed", "finite", "must be a finite number", nan),
    ("duty_assessed", "finite", "must be a finite number", inf),
    ("customs_value", "finite", "must be a finite number", -inf),
    ("accepted_on", "past_day", "from 1990 up to the day of the check", date(2025, 7, 1)),
    ("accepted_on", "past_day", "from 1990 up to the day of the check", date(1989, 12, 31)),
    ("hs_code", "hs_code", "must be 6 to 12 digits", "61091"),
    ("origin_country", "country", "ISO 3166-1", "China"),
    ("office_code", "filled", "must have a value", None),
    ("item_number", "at_least_1", "must be 1 or more", 0),
    ("trader_id", "reference", "must be in traders.trader_id", "0007"),
    ("trader_id", "identifier", "must hold no control characters", "00\x077"),
]


def spoilt_tables() -> Tables:
    """One declaration for each way of spoiling it, and one good one."""
    tables = good_tables()
    good: Row = tables["declarations"][0]
    tables["declarations"] = [
        {**good, "declaration_id": f"S{number}", column: value}
        for number, (column, _, _, value) in enumerate(SPOILT, 1)
    ]
    tables["declarations"].append(good)
    return tables


@pytest.fixture(scope="module", params=[write_parquet, write_csv], ids=["parquet", "csv"])
def spoilt(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, Path]:
    folder = tmp_path_factory.mktemp("spoilt")
    data = request.param(folder / "data", spoilt_tables())
    return check(data, "--limit", "0.95", out=folder / "out"), folder / "out" / "accepted"


def test_every_bad_row_is_quarantined_and_the_build_goes_on(spoilt: tuple[Outcome, Path]) -> None:
    outcome, _ = spoilt
    assert outcome.status == 0
    assert outcome.rows("declarations") == (len(SPOILT) + 1, len(SPOILT))


@pytest.mark.parametrize(
    ("number", "column", "rule", "words"),
    [(n, column, rule, words) for n, (column, rule, words, _) in enumerate(SPOILT, 1)],
)
def test_a_bad_value_is_named_with_its_row(
    spoilt: tuple[Outcome, Path], number: int, column: str, rule: str, words: str
) -> None:
    found = spoilt[0].found(rule, f"declarations.{column}")
    assert found["severity"] == "row"
    assert words in found["expected"]
    rows = {(example["declaration_id"], example["row"]) for example in found["examples"]}
    assert (f"S{number}", number) in rows


def test_the_quarantine_holds_the_rows_in_their_order_with_their_reasons(
    spoilt: tuple[Outcome, Path],
) -> None:
    with (spoilt[1] / "quarantine_declarations.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["declaration_id"] for row in rows] == [f"S{n}" for n in range(1, len(SPOILT) + 1)]
    assert [int(row["source_row"]) for row in rows] == list(range(1, len(SPOILT) + 1))
    for row, (column, _, words, _) in zip(rows, SPOILT, strict=True):
        assert column in row["reasons"]
        assert words in row["reasons"]
    assert rows[0]["customs_value"] == "-0.01"
    assert rows[5]["accepted_on"] == "2025-07-01"


def test_the_day_of_the_check_itself_is_no_future(accepted: Check, tmp_path: Path) -> None:
    tables = good_tables()
    tables["declarations"][0]["accepted_on"] = TODAY
    outcome = accepted(write_parquet(tmp_path / "data", tables))
    assert outcome.rules() == set()


def test_an_audit_closed_before_it_was_opened_goes_to_quarantine_and_its_findings_with_it(
    accepted: Check, tmp_path: Path
) -> None:
    tables = good_tables()
    tables["audits"][0]["closed_on"] = date(2025, 1, 14)
    outcome = accepted(write_parquet(tmp_path / "data", tables), "--limit", "1")
    order = outcome.found("closed_on_from_opened_on", "audits")
    assert order["expected"] == "closed_on must not be before opened_on"
    (example,) = order["examples"]
    assert (example["opened_on"], example["closed_on"]) == ("2025-01-15", "2025-01-14")
    lost = outcome.found("reference_quarantined", "findings.audit_id")
    assert lost["rows"] == 3
    assert outcome.rows("findings") == (3, 3)


def test_too_many_bad_rows_refuse_the_table_and_name_the_limit(refused: Check, tmp_path: Path) -> None:
    tables = good_tables()
    tables["declarations"][0]["customs_value"] = -1.0
    outcome = refused(write_parquet(tmp_path / "data", tables))
    limit = outcome.found("quarantine_limit", "declarations")
    assert limit["found"] == "1 of 4 rows would be quarantined."
    assert limit["expected"] == "at most 1.00% of the rows."
    assert "--limit" in limit["advice"]


def test_bad_rows_up_to_the_limit_itself_pass(accepted: Check, tmp_path: Path) -> None:
    tables = good_tables()
    tables["declarations"][0]["customs_value"] = -1.0
    assert accepted(write_parquet(tmp_path / "data", tables), "--limit", "0.25").rows("declarations") == (
        4,
        1,
    )


def test_an_audit_of_an_unknown_trader_and_a_finding_of_an_unknown_audit_stop_the_build(
    refused: Check, tmp_path: Path
) -> None:
    tables = good_tables()
    tables["audits"][0]["trader_id"] = "7"
    tables["findings"][0]["audit_id"] = "A9"
    outcome = refused(write_parquet(tmp_path / "data", tables), *MANY)
    trader = outcome.found("reference", "audits.trader_id")
    assert trader["severity"] == "structure"
    assert trader["examples"] == [{"audit_id": "A1", "file": "audits.parquet", "row": 1, "trader_id": "7"}]
    assert "blanks and zeros count" in trader["advice"]
    assert outcome.found("reference", "findings.audit_id")["severity"] == "structure"


def test_an_empty_key_among_the_traders_hides_no_unknown_trader(refused: Check, tmp_path: Path) -> None:
    tables = good_tables()
    tables["traders"].append({**tables["traders"][0], "trader_id": None})
    tables["audits"][0]["trader_id"] = "nobody"
    outcome = refused(write_parquet(tmp_path / "data", tables), *MANY)
    assert outcome.found("reference", "audits.trader_id")["rows"] == 1


def test_faults_of_several_tables_are_all_reported_at_once(refused: Check, tmp_path: Path) -> None:
    tables = good_tables()
    del tables["findings"]
    tables["traders"][0]["size_band"] = "huge"
    tables["declarations"][0]["net_mass_kg"] = -1.0
    for row in tables["declarations"]:
        del row["duty_rate"]
    tables["audits"][0]["status"] = "done"
    outcome = refused(write_parquet(tmp_path / "data", tables))
    assert {
        ("findings", "required_table", "structure"),
        ("traders.size_band", "code", "row"),
        ("declarations.net_mass_kg", "not_negative", "row"),
        ("declarations.duty_rate", "required_column", "structure"),
        ("audits.status", "code", "row"),
    } <= outcome.rules()
    assert "net_mass_kg -1.0" in outcome.shown


def test_rows_alike_in_every_column_are_noted_and_nothing_more(accepted: Check, tmp_path: Path) -> None:
    tables = good_tables()
    tables["declarations"] += [tables["declarations"][0]] * 2
    outcome = accepted(write_csv(tmp_path / "data", tables))
    assert outcome.rules() == {("declarations", "repeated_row", "note")}
    assert "one of each is kept" in outcome.found("repeated_row", "declarations")["found"]


def test_rows_of_one_key_that_differ_are_a_conflict_and_both_are_shown(
    refused: Check, tmp_path: Path
) -> None:
    tables = good_tables()
    tables["declarations"].append({**tables["declarations"][1], "customs_value": 251.0})
    tables["declarations"].append({**tables["declarations"][3], "net_mass_kg": 13.0})
    conflict = refused(write_parquet(tmp_path / "data", tables)).found("unique_key", "declarations")
    key = {"declaration_id": "D1", "item_number": 2, "version": 0}
    assert conflict["rows"] == 2
    assert conflict["examples"][:2] == [
        {**key, "customs_value": 250.5, "net_mass_kg": 12.5},
        {**key, "customs_value": 251.0, "net_mass_kg": 12.5},
    ]


def test_a_refused_check_is_written_beside_the_accepted_one(
    refused: Check, out: Path, tmp_path: Path
) -> None:
    tables = good_tables()
    tables["declarations"][0]["customs_value"] = -1.0
    refused(write_parquet(tmp_path / "data", tables))
    assert set(tree(out / "refused")) == {"report.json", "quarantine_declarations.csv"}
