"""From the champion to a plan that is made, shown, written and verified, through the commands."""

import json
import shutil
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.csv as csv
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from audit_yield.commands import app
from models.drift import write_record

AS_OF = "2025-01-01"
NAME = "2025-01-01_2025-12-31-1"


def call(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["plan", *arguments])


@pytest.fixture
def data(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The administration of the run, with a copy of its home: plans are written there."""
    shutil.copytree(place / "mlruns", tmp_path / "mlruns")
    monkeypatch.setenv("AUDIT_YIELD_HOME", str(tmp_path / "mlruns"))
    return str(place / "demo" / "data")


def capacity_of(data: str, path: Path) -> Path:
    """Write a capacity in which one office audits for all."""
    first, *others = sorted(
        pc.unique(pq.read_table(f"{data}/declarations.parquet")["office_code"]).to_pylist()
    )
    path.write_text(
        f"first_day = 2025-01-01\nlast_day = 2025-12-31\nhour_costs = 60.0\n\n[offices.{first}]\n"
        f"field = 3000\ndesk = 1000\ncovers = {json.dumps(others)}\n"
    )
    return path


def test_a_plan_is_made_once_shown_written_and_verified(data: str, tmp_path: Path) -> None:
    given = ("--as-of", AS_OF, "--capacity", str(capacity_of(data, tmp_path / "capacity.toml")))
    made = call(data, *given, "--out", str(tmp_path / "plan.csv"))
    assert made.exit_code == 0, made.output
    assert f"Plan {NAME}, 2025-01-01 to 2025-12-31, by model version 1." in made.output
    written = csv.read_csv(tmp_path / "plan.csv")
    assert set(written["treatment"].to_pylist()) <= {"letter", "desk", "field", "joint"}
    assert written.num_rows == len(set(written["trader_id"].to_pylist())) > 10

    assert call("show").output.split() == [NAME]
    assert call("show", NAME, "--burden", str(tmp_path / "burden.csv")).exit_code == 0
    assert "in_vain" in csv.read_csv(tmp_path / "burden.csv").column_names
    record = json.loads(call("show", NAME, "--json").stdout)
    assert record["capacity"]["hour_costs"] == 60.0
    assert all(cap["used"] <= cap["bound"] + 1e-6 for cap in record["caps"])
    verified = call("verify", NAME)
    assert (verified.exit_code, "comes out the same" in verified.output) == (0, True)

    copied = shutil.copytree(data, tmp_path / "data")
    accepted = call("accept", NAME, str(copied), "--as-of", AS_OF)
    assert accepted.exit_code == 0, accepted.output
    checked = CliRunner().invoke(app, ["check", str(copied), "--json"])
    assert checked.exit_code == 0, checked.output
    twice = call("accept", NAME, str(copied), "--as-of", AS_OF)
    assert (twice.exit_code, "has audits of" in twice.output) == (2, True)
    first = written["trader_id"][0].as_py()
    because = ("--because", "closed down", "--as-of", "2025-02-01")
    assert call("decline", NAME, first, str(copied), *because).exit_code == 0
    calendar = CliRunner().invoke(app, ["calendar", NAME, str(copied), "--as-of", "2025-03-01", "--json"])
    ordered = json.loads(calendar.stdout)
    assert {row["state"] for row in ordered} == {"ahead"}
    assert {row["trader_id"] for row in ordered} == {*written["trader_id"].to_pylist()} - {first}
    options = ("--since", "2021", "--model", "champion", "--plot", str(tmp_path / "gap.svg"), "--json")
    gap = CliRunner().invoke(app, ["gap", str(copied), "--as-of", "2025-03-01", *options])
    assert gap.exit_code == 0, gap.output
    report = json.loads(gap.stdout)
    assert (report["predicted"]["2021"] > 0, (tmp_path / "gap.svg").exists()) == (True, True)
    measured = report["years"][-1]
    assert (measured["lotteries"], measured["is_recorded"], measured["is_provisional"]) == (
        [NAME],
        True,
        True,
    )
    write_record(tmp_path / "mlruns", {"alarms": ["money"], "as_of": AS_OF})
    next_plan = call(str(copied), "--as-of", "2025-01-02", *given[2:], "--reason", "the next cycle")
    assert next_plan.exit_code == 0, next_plan.output
    assert "22.5% of the hours of visits go by lot instead of 15.0%: drift of money" in next_plan.output

    again = call("make", data, *given)
    assert again.exit_code == 2
    assert "has a plan already" in again.output
    assert call("show").output.split() == [NAME, f"{NAME[:-1]}2"]


def test_a_capacity_that_does_not_fit_the_data_is_refused_before_the_plan(data: str, tmp_path: Path) -> None:
    path = capacity_of(data, tmp_path / "capacity.toml")
    path.write_text(path.read_text().replace("covers = [", 'covers = ["ZZ1", '))
    refused = call(data, "--as-of", AS_OF, "--capacity", str(path))
    assert refused.exit_code == 2
    assert "names ZZ1, where no active trader declares" in refused.output
    assert "There is no plan yet" in call("show").output
