"""From a simulated administration to a champion, scores and reasons, through the commands."""

import json
from pathlib import Path

import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from audit_yield.commands import app

EXPERIMENT = """
without = ["valuation", "classification", "origin", "physical", "parties", "tax"]
against = ["declared_value"]
folds = 2
fold_months = 9
[parameters.growth]
rounds = 30
bags = 1
"""
AS_OF = "2024-10-01"


def call(*arguments: str) -> Result:
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code in (0, 1), done.output
    return done


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a simulated administration, an experiment, and a home in which a model was trained."""
    folder = tmp_path_factory.mktemp("work")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUDIT_YIELD_HOME", str(folder / "home"))
        call("simulate", str(folder / "demo"), "--traders", "1500", "--years", "4", "--seed", "3")
        (folder / "experiment.toml").write_text(EXPERIMENT)
        trained = call(
            "train",
            str(folder / "demo/data"),
            "--as-of",
            AS_OF,
            "--experiment",
            str(folder / "experiment.toml"),
            "--json",
        )
        (folder / "trained.json").write_text(trained.stdout)
        if not json.loads(trained.stdout)["promotion"]["promoted"]:
            call("promote", "--force", "the tests need a champion")
    return folder


@pytest.fixture
def data(work: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("AUDIT_YIELD_HOME", str(work / "home"))
    return str(work / "demo/data")


def test_a_training_is_registered_and_told(work: Path, data: str) -> None:
    trained = json.loads((work / "trained.json").read_text())
    assert trained["version"] == "1"
    assert {score["model"] for score in trained["backtest"]["scores"]} == {
        "hurdle",
        "declared_value",
        "oracle",
    }
    listed = call("models").output
    assert "champion" in listed
    assert AS_OF in listed


def test_every_active_trader_is_scored_as_parquet_and_as_csv(work: Path, data: str) -> None:
    shown = call("score", data, "--as-of", AS_OF, "--out", str(work / "scores.parquet")).output
    table = pq.read_table(work / "scores.parquet")
    assert f"{table.num_rows:,} traders" in shown
    assert table["rank"].to_pylist() == list(range(1, table.num_rows + 1))
    parts = [
        table[name].to_numpy()
        for name in table.column_names
        if name.startswith("expected_") and name != "expected_yield"
    ]
    assert sum(parts) == pytest.approx(table["expected_yield"].to_numpy())
    call("score", data, "--as-of", AS_OF, "--model", "1", "--out", str(work / "scores.csv"))
    assert pc.read_csv(work / "scores.csv")["trader_id"].to_pylist() == table["trader_id"].to_pylist()


def test_reasons_add_up_to_the_score(work: Path, data: str) -> None:
    call("score", data, "--as-of", AS_OF, "--out", str(work / "scores.parquet"))
    first = pq.read_table(work / "scores.parquet").slice(0, 1).to_pylist()[0]
    why = json.loads(
        call("explain", data, first["trader_id"], "--as-of", AS_OF, "--json", "--top", "3").stdout
    )
    assert why["expected_yield"] == first["expected_yield"]
    told = why["base"] + sum(reason["money"] for reason in why["reasons"]) + why["other_reasons"]
    assert told == pytest.approx(first["expected_yield"], rel=1e-9)
    words = call("explain", data, first["trader_id"], "--as-of", AS_OF).output
    assert why["reasons"][0]["sentence"] in words


def test_an_unknown_trader_or_version_is_refused_in_words(data: str) -> None:
    unknown = CliRunner().invoke(app, ["explain", data, "T-none", "--as-of", AS_OF])
    assert unknown.exit_code == 2
    assert "no active trader 'T-none'" in unknown.output
    assert CliRunner().invoke(app, ["score", data, "--as-of", AS_OF, "--model", "77"]).exit_code == 2


def test_a_champion_that_is_promoted_again_needs_no_gate_but_a_reason_is_kept(data: str) -> None:
    done = CliRunner().invoke(app, ["promote", "1", "--force", " "])
    assert done.exit_code == 2
    assert "reason" in done.output
