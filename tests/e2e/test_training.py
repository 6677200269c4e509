"""What a champion says, through the commands: scores and reasons."""

import csv
import json
import shutil
from pathlib import Path

import duckdb
import pyarrow.compute as arrow
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from audit_yield.commands import app

AS_OF = "2025-01-01"


def call(*arguments: str) -> Result:
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code in (0, 1), done.output
    return done


@pytest.fixture
def data(place: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("AUDIT_YIELD_HOME", str(place / "mlruns"))
    return str(place / "demo" / "data")


@pytest.mark.usefixtures("data")
def test_a_training_is_registered_and_told() -> None:
    [trained] = json.loads(call("models", "--json").stdout)
    assert (trained["version"], trained["kind"], trained["as_of"]) == ("1", "hurdle", AS_OF)
    listed = call("models").output
    assert "champion" in listed
    assert AS_OF in listed
    [row] = csv.DictReader(call("models", "--out", "-").stdout.splitlines())
    assert (row["version"], row["aliases"]) == ("1", "champion")


def test_every_active_trader_is_scored_as_parquet_and_as_csv(data: str, tmp_path: Path) -> None:
    shown = call("score", data, "--as-of", AS_OF, "--out", str(tmp_path / "scores.parquet")).output
    table = pq.read_table(tmp_path / "scores.parquet")
    assert f"{table.num_rows:,} traders" in shown
    assert table["rank"].to_pylist() == list(range(1, table.num_rows + 1))
    parts = [
        table[name].to_numpy()
        for name in table.column_names
        if name.startswith("expected_") and name != "expected_yield"
    ]
    assert sum(parts) == pytest.approx(table["expected_yield"].to_numpy())
    call("score", data, "--as-of", AS_OF, "--model", "1", "--out", str(tmp_path / "scores.csv"))
    assert pc.read_csv(tmp_path / "scores.csv")["trader_id"].to_pylist() == table["trader_id"].to_pylist()


def test_reasons_add_up_to_the_score(data: str, tmp_path: Path) -> None:
    call("score", data, "--as-of", AS_OF, "--out", str(tmp_path / "scores.parquet"))
    first = pq.read_table(tmp_path / "scores.parquet").slice(0, 1).to_pylist()[0]
    why = json.loads(
        call("explain", data, first["trader_id"], "--as-of", AS_OF, "--json", "--top", "3").stdout
    )
    assert why["expected_yield"] == first["expected_yield"]
    told = why["base"] + sum(reason["money"] for reason in why["reasons"]) + why["other_reasons"]
    assert told == pytest.approx(first["expected_yield"], rel=1e-9)
    words = call("explain", data, first["trader_id"], "--as-of", AS_OF, "--parts").output
    assert why["topics"][0]["sentence"] in words
    for each in why["topics"][0]["by_type"]:
        for reason in each["reasons"]:
            assert f"{reason['money']:>+22,.0f}  {reason['sentence']} {reason['why']}" in words


def test_a_day_before_the_models_own_is_said_to_be_no_forecast(
    data: str, caplog: pytest.LogCaptureFixture
) -> None:
    call("score", data, "--as-of", AS_OF)
    assert "no forecast" not in caplog.text
    assert "trained among" not in caplog.text
    call("score", data, "--as-of", "2024-12-01")
    assert "no forecast" in caplog.text


def test_traders_that_the_model_was_not_trained_among_are_told(
    data: str,
    place: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AUDIT_YIELD_HOME", str(shutil.copytree(place / "mlruns", tmp_path / "home")))
    others = Path(shutil.copytree(data, tmp_path / "others"))
    for table in others.glob("*.parquet"):
        rows = duckdb.read_parquet(str(table)).to_arrow_table()
        if "trader_id" in rows.column_names:
            renamed = arrow.replace_substring(rows["trader_id"].cast("string"), "T", "N")
            rows = rows.set_column(rows.column_names.index("trader_id"), "trader_id", renamed)
        pq.write_table(rows, table, store_schema=False)
    call("score", str(others), "--as-of", AS_OF)
    assert "that the model was trained among, 0 are in this data" in caplog.text


def test_an_unknown_trader_or_version_is_refused_in_words(data: str) -> None:
    unknown = CliRunner().invoke(app, ["explain", data, "T-none", "--as-of", AS_OF])
    assert unknown.exit_code == 2
    assert "no active trader 'T-none'" in unknown.output
    assert CliRunner().invoke(app, ["score", data, "--as-of", AS_OF, "--model", "77"]).exit_code == 2


def test_a_champion_that_is_promoted_again_needs_no_gate_but_a_reason_is_kept(data: str) -> None:
    done = CliRunner().invoke(app, ["promote", "1", "--force", " "])
    assert done.exit_code == 2
    assert "reason" in done.output
