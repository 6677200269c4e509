"""The benchmarks hand in rows of one table."""

from pathlib import Path

import pytest

from benchmarks.run import BENCHMARKS
from benchmarks.table import ROWS_FILE, as_markdown, read_rows, row

FOLDER = Path(__file__).parents[2] / "benchmarks"


def test_every_benchmark_is_one_of_those_that_are_run_whole() -> None:
    files = {path.stem for path in FOLDER.glob("*.py")} - {"run", "table"}
    assert files == set(BENCHMARKS)


def test_a_row_is_printed_and_handed_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(ROWS_FILE, str(tmp_path / "rows"))
    row("build", ours=3.0, peer=0.5, against="a scan", unit="s", at_most=5)
    row("memory", ours=0.5, unit="GB", at_most=1)
    assert capsys.readouterr().out.splitlines() == [
        "  build: 3.00 s; a scan 0.500 s: 6.00 times (goal ≤ 5: no)",
        "  memory: 0.500 GB (goal ≤ 1 GB: yes)",
    ]
    lines = list(as_markdown(("features", each) for each in read_rows(tmp_path / "rows")))
    assert [cell.strip() for cell in lines[2].split("|")[1:-1]] == [
        "features", "build", "3.00 s", "0.500 s", "a scan", "6.00", "≤ 5", "no"
    ]  # fmt: skip
    assert len({len(line) for line in lines}) == 1


def test_a_goal_is_met_at_its_bound_and_missed_beyond_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ROWS_FILE, str(tmp_path / "rows"))
    for ours in (19.0, 20.0):
        row("explain", ours=ours, peer=1.0, against="pred_contrib", unit="rows/s", at_least=20)
    assert [each.met for each in read_rows(tmp_path / "rows")] == [False, True]
