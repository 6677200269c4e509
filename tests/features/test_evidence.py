"""The rows behind a value, worked by hand, in Python and by the real command."""

import json
from pathlib import Path

import pytest

from features.errors import SettingError
from features.evidence import Evidence, evidence, to_text
from features.library import LIBRARY
from features.proofs.tables import warehouse_of
from tests.features.administration import administration, audit, day, finding, line, trader
from tests.features.tables import write_parquet
from tests.installed import run

CUTOFF = day("2024-07-01")
TABLES = administration(
    traders=[trader("T1"), trader("T2")],
    declarations=[
        line("D1", "T1", "2024-05-01", customs_value=300.0, preference_code="100", description="shirts"),
        line("D2", "T1", "2024-05-01", customs_value=100.0),
        line("D3", "T1", "2024-05-01", customs_value=900.0, known_on="2024-07-01"),
        line("D4", "T2", "2024-05-01", customs_value=50.0),
    ],
    audits=[audit("A1", "T1", "2023-01-01", "2023-06-01")],
    findings=[finding("A1", 1, "2023-06-01", 80.0), finding("A1", 2, "2024-01-01", -80.0, event="cancelled")],
)


def rows_behind(name: str, trader: str = "T1") -> Evidence:
    with warehouse_of(TABLES) as opened:
        return evidence(LIBRARY, name, warehouse=opened, trader_id=trader, cutoff=CUTOFF)


def test_a_sum_is_shared_among_its_rows_the_largest_first() -> None:
    behind = rows_behind("customs_value_12m")
    assert behind.value == 400.0
    assert behind.rows.select(["declaration_id", "share"]).to_pylist() == [
        {"declaration_id": "D1", "share": 300.0},
        {"declaration_id": "D2", "share": 100.0},
    ]


def test_a_ratio_of_sums_is_shared_too() -> None:
    behind = rows_behind("preference_share_12m")
    assert (behind.value, behind.additive) == (0.75, True)
    assert behind.rows["share"].to_pylist() == [0.75, 0.0]


def test_a_count_of_different_things_has_no_shares_and_says_so() -> None:
    behind = rows_behind("declaration_count_24m")
    assert (behind.value, behind.additive) == (2.0, False)
    assert behind.rows["share"].to_pylist() == [None, None]
    assert any("no row has a share" in each for each in to_text(behind, top=5))


def test_a_later_state_of_an_audit_takes_the_place_of_the_earlier() -> None:
    behind = rows_behind("overturned_share")
    assert behind.value == 1.0
    assert behind.rows.num_rows == 1


def test_a_trader_that_nobody_knows_has_no_rows() -> None:
    behind = rows_behind("customs_value_12m", trader="NOBODY")
    assert (behind.value, behind.rows.num_rows) == (None, 0)
    assert json.loads(behind.to_json(top=3))["rows"] == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("customs_valu_12m", "no feature"),
        ("effective_rate_gap", "combined"),
        ("days_late_12m", "the data has no payments"),
    ],
)
def test_what_has_no_rows_of_its_own_is_refused_in_words(name: str, words: str) -> None:
    with pytest.raises(SettingError, match=words):
        rows_behind(name)


def test_the_command_shows_rows_to_people_and_machines(tmp_path: Path) -> None:
    write_parquet(tmp_path / "data", TABLES)
    command = ("evidence", "data", "T1", "customs_value_12m", "--as-of", "2024-07-01")
    shown = run(*command, folder=tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert "400" in shown.stdout
    assert "D1" in shown.stdout
    content = json.loads(run(*command, "--json", "--top", "1", folder=tmp_path).stdout)
    assert (content["value"], content["rows_in_all"], len(content["rows"])) == (400.0, 2, 1)


def test_the_command_refuses_an_unknown_feature_in_three_lines(tmp_path: Path) -> None:
    write_parquet(tmp_path / "data", TABLES)
    refused = run("evidence", "data", "T1", "customs_value", "--as-of", "2024-07-01", folder=tmp_path)
    assert refused.returncode == 2
    assert "There is no feature" in refused.stderr
    assert "Traceback" not in refused.stderr
