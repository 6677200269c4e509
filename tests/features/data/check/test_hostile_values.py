"""Values meant to do harm or to deceive: shown, written out, never acted upon, never merged."""

import csv
import json
from pathlib import Path

from tests.features.data.check.command import MANY, check_process
from tests.features.data.check.conftest import Check
from tests.features.tables import good_tables, write_csv, write_parquet

HOSTILE = "<script>alert(1)</script>\x1b[31m\u202eevil\u2066\x00\u2028:smile: [bold]"
WRITTEN_OUT = "<script>alert(1)</script>\\x1b[31m\\u202eevil\\u2066\\x00\\u2028:smile: [bold]"
FORMULAS = ["=HYPERLINK(1)", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"]  # noqa: RUF001


def test_hostile_values_are_written_out_on_the_terminal_and_in_json(
    accepted: Check, out: Path, tmp_path: Path
) -> None:
    tables = good_tables()
    tables["traders"][2]["size_band"] = HOSTILE
    outcome = accepted(write_parquet(tmp_path / "data", tables), "--limit", "1")
    (example,) = outcome.found("code", "traders.size_band")["examples"]
    assert example["size_band"] == WRITTEN_OUT
    assert WRITTEN_OUT in outcome.shown
    text = (out / "accepted" / "report.json").read_text(encoding="utf-8")
    for shown in (outcome.shown, text):
        assert not set(shown) & set("\x1b\u202e\u2066\x00\u2028")


def test_right_to_left_letters_stay_letters(accepted: Check, tmp_path: Path) -> None:
    tables = good_tables()
    tables["traders"][2]["size_band"] = "שלום"
    assert "שלום" in accepted(write_csv(tmp_path / "data", tables), "--limit", "1").shown


def test_a_hostile_name_of_a_file_is_written_out(accepted: Check, tmp_path: Path) -> None:
    data = write_parquet(tmp_path / "data", good_tables())
    (data / "\x1b[31mx\udcff.csv").touch()
    outcome = accepted(data)
    assert "\x1b" not in outcome.shown
    assert "\\x1b[31mx\\udcff.csv" in outcome.shown


def test_formulas_in_the_quarantine_are_text_and_numbers_stay_numbers(
    accepted: Check, out: Path, tmp_path: Path
) -> None:
    tables = good_tables()
    good = tables["declarations"][0]
    for number, formula in enumerate(FORMULAS):
        extra = {"declaration_id": f"F{number}", "description": formula, "customs_value": -1.5}
        tables["declarations"].append({**good, **extra, "=cmd": formula})
    data = write_csv(tmp_path / "data", tables)
    (data / "dialect.toml").write_text('ignore = ["declarations.=cmd"]')
    accepted(data, *MANY)
    with (out / "accepted" / "quarantine_declarations.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["description"] for row in rows] == [f"'{formula}" for formula in FORMULAS]
    assert [row["'=cmd"] for row in rows] == [f"'{formula}" for formula in FORMULAS]
    assert {row["customs_value"] for row in rows} == {"-1.5"}


def test_identifiers_that_look_alike_are_noted_and_kept_apart(accepted: Check, tmp_path: Path) -> None:
    tables = good_tables()
    for alike in ("007 ", " 007", "007\u00a0", "0\u200b07", "Т3", "t3", "７"):  # noqa: RUF001
        tables["traders"].append({**tables["traders"][0], "trader_id": alike})
    tables["declarations"][0]["trader_id"] = "007 "
    outcome = accepted(write_csv(tmp_path / "data", tables))
    found = outcome.found("look_alike", "traders.trader_id")
    assert found["rows"] == 2
    assert {example["trader_id"] for example in found["examples"]} == {
        *("007", "007 ", " 007", "007\\xa0", "0\\u200b07", "Т3", "T3", "t3")  # noqa: RUF001
    }
    assert found["severity"] == "note"
    assert outcome.rows("traders") == (10, 0)


def test_an_identifier_that_differs_by_a_blank_is_another(accepted: Check, tmp_path: Path) -> None:
    tables = good_tables()
    tables["declarations"][0]["trader_id"] = "007 "
    found = accepted(write_parquet(tmp_path / "data", tables), *MANY).found(
        "reference", "declarations.trader_id"
    )
    assert found["examples"][0]["trader_id"] == "007 "


def test_the_real_command_prints_the_json_it_writes_and_no_traceback(out: Path, tmp_path: Path) -> None:
    tables = good_tables()
    tables["traders"][2]["size_band"] = HOSTILE
    data = write_parquet(tmp_path / "data", tables)
    outcome, done = check_process(data, "--json", out=out, PYTHONIOENCODING="ascii")
    assert (outcome.status, done.stderr) == (2, "")
    assert json.loads(done.stdout) == outcome.report


def test_the_real_command_names_an_absent_folder_and_shows_no_traceback(out: Path, tmp_path: Path) -> None:
    outcome, done = check_process(tmp_path / "nowhere", out=out, PYTHONIOENCODING="ascii")
    assert (outcome.status, done.stdout) == (2, "")
    assert "is not there" in done.stderr
    assert "Traceback" not in done.stderr
