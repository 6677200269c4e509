"""The policy lab: years of every policy, runs that are kept and come out the same, policies from files."""

import subprocess
import time
from functools import cache
from itertools import pairwise
from pathlib import Path

import psutil
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from features.errors import OutputError, SettingError
from features.simulate.worlds.named import SOURCED
from models.plan.capacity import EXAMPLE, Capacity
from tests.installed import EXECUTABLE
from training.lab.lab import LabSettings, lab
from training.lab.measures import ALL, GROUPED_BY, SUMMED
from training.lab.policies import POLICIES, LabPolicy, policy_of
from training.lab.years import run_years

SMALL = LabSettings(traders=300, years=1, world="sourced")


@cache
def _years(policy: str) -> pa.Table:
    return run_years(POLICIES[policy], seed=1, traders=300, years=1, world=SOURCED)


@pytest.mark.parametrize("policy", POLICIES.values(), ids=lambda policy: policy.name)
def test_every_policy_spends_its_hours_and_is_measured(policy: LabPolicy) -> None:
    table = _years(policy.name)

    whole = table.filter(pc.equal(table["by"], ALL))
    assert whole["quarter"].to_pylist() == [0, 1, 2, 3]
    assert sum(whole["hours"].to_pylist()) > 0
    assert all(0 <= share <= 1 for share in whole["captured_share"].to_pylist())
    assert (sum(whole["nil_letters"].to_pylist()) > 0) == (policy.letters > 0 or policy.plan is not None)
    assert (sum(whole["answers_of_year"].drop_null().to_pylist()) > 0) == (
        policy.by_lot > 0 or policy.plan is not None
    )


def test_groups_of_traders_add_up_to_all() -> None:
    table = _years("treatments")
    sums = table.group_by(["by"]).aggregate([(name, "sum") for name in SUMMED]).to_pylist()

    assert {each["by"] for each in sums} == set(GROUPED_BY)
    for each in sums[1:]:
        assert [each[f"{name}_sum"] for name in SUMMED] == pytest.approx(
            [sums[0][f"{name}_sum"] for name in SUMMED]
        )


def test_the_same_seed_gives_the_same_years() -> None:
    again = run_years(POLICIES["plan"], seed=1, traders=300, years=1, world=SOURCED)

    assert _years("plan").equals(again)


def test_policies_of_a_seed_begin_with_the_same_truth() -> None:
    first = [_years(policy)["gap_amount"][0] for policy in POLICIES]

    assert all(one == other for one, other in pairwise(first))


def test_runs_that_are_there_are_kept_and_a_missing_one_comes_out_the_same(tmp_path: Path) -> None:
    policies = [POLICIES["rules"], POLICIES["model"]]
    before = lab(tmp_path, policies, seeds=1, settings=SMALL)
    kept, lost = tmp_path / "rules-1.parquet", tmp_path / "model-1.parquet"
    times, content = kept.stat().st_mtime_ns, lost.read_bytes()
    lost.unlink()

    assert lab(tmp_path, policies, seeds=1, settings=SMALL) == before
    assert (kept.stat().st_mtime_ns, lost.read_bytes()) == (times, content)
    assert pq.read_table(kept)["policy"].unique().to_pylist() == ["rules"]


def test_a_lab_of_other_settings_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lab.json").write_text("{}")

    with pytest.raises(OutputError, match="other settings"):
        lab(tmp_path, [POLICIES["rules"]], seeds=1, settings=SMALL)


def test_a_policy_is_a_file_with_one_number_changed(tmp_path: Path) -> None:
    path = tmp_path / "ours.toml"
    path.write_text("by_lot = 0.3\n")

    assert policy_of(str(path)) == LabPolicy("ours", by_lot=0.3)


def test_a_policy_is_a_capacity_as_plans_take_it(tmp_path: Path) -> None:
    path = tmp_path / "ours.toml"
    path.write_text(EXAMPLE)

    assert policy_of(str(path)) == LabPolicy("ours", plan=Capacity.read(path))


@pytest.mark.parametrize(
    "content",
    ["lottery = 0.1", "by_lot = 1.5", 'by_lot = "much"', 'score = "hunch"', "by_lot = 0.6\ndesk = 0.6"],
)
def test_a_policy_that_cannot_be_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "ours.toml").write_text(content)

    with pytest.raises(SettingError):
        policy_of(str(tmp_path / "ours.toml"))


def test_an_unknown_policy_is_refused_with_the_one_meant() -> None:
    with pytest.raises(SettingError, match="Did you mean 'rules'"):
        policy_of("rule")


@pytest.mark.long
def test_processes_end_with_a_lab_that_is_killed(tmp_path: Path) -> None:
    arguments = ("lab", str(tmp_path), "--policies", "random,rules", "--years", "17", "--seeds", "9")
    command = subprocess.Popen(
        [EXECUTABLE, *arguments, "--jobs", "2"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    processes = psutil.Process(command.pid)
    while len(workers := processes.children(recursive=True)) < 2:
        assert command.poll() is None
        time.sleep(0.1)
    time.sleep(3.0)  # until they have begun to simulate
    command.kill()
    command.wait()
    assert psutil.wait_procs(workers, timeout=20)[1] == []
