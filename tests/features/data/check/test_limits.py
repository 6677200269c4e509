"""What a check may use: memory under its cap, and disks that are full or read-only."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.features.data.check.command import tree
from tests.features.tables import TODAY, Write, csv_text, good_tables, write_csv, write_parquet
from tests.installed import EXECUTABLE, run

LINES = 1_500_000
CAP_MB = 100
BASE_MB = 400
"""What Python, Arrow and the engine's code take before the first row (about 250 MB), and slack: 350 to 380 MB
in all were measured, 600 to 640 without a cap."""
MEASURED = """
import resource, subprocess, sys
status = subprocess.call(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, file=sys.stderr)
sys.exit(status)
"""
"""Runs a command and says how many megabytes it took, from a small process: to a child's memory Linux counts
what its parent had when it forked."""


def big_csv(file: Path) -> None:
    """Write 1.5 million different declaration lines, about 170 MB, block by block."""
    header, row = csv_text(good_tables()["declarations"][:1]).splitlines()
    rest = row.partition(",")[2]
    with file.open("w", encoding="utf-8") as big:
        big.write(f"{header}\n")
        for start in range(0, LINES, 10_000):
            big.write("".join(f"N{number:08},{rest}\n" for number in range(start, start + 10_000)))


@pytest.mark.long
def test_a_file_larger_than_the_memory_is_checked_within_it(tmp_path: Path) -> None:
    data = write_csv(tmp_path / "data", good_tables())
    big_csv(data / "declarations.csv")
    assert (data / "declarations.csv").stat().st_size > 150e6
    check = [str(EXECUTABLE), "check", str(data), "--out", str(tmp_path / "out"), "--today", str(TODAY)]
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *check],
        env={**os.environ, "AUDIT_YIELD_MEMORY": f"{CAP_MB}MB"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"declarations: {LINES:,} rows (CSV)" in done.stdout
    assert int(done.stderr) < CAP_MB + BASE_MB


def run_with_small_files(data: Path, out: Path, largest: int) -> subprocess.CompletedProcess[str]:
    """Check in a process that can write no file above `largest` bytes, as on a disk that is full.

    Its coverage is not measured: that could not be written either, and would say so.
    """
    plain = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    return subprocess.run(
        [str(EXECUTABLE), "check", str(data), "--out", str(out), "--today", str(TODAY)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest)),
        env={**plain, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("write", [write_parquet, write_csv], ids=["report", "staging"])
def test_a_full_disk_is_one_clear_error_and_the_earlier_output_stays(
    write: Write, out: Path, tmp_path: Path
) -> None:
    """Parquet is read where it is, so that the report is what fails; CSV is staged first."""
    data = write(tmp_path / "data", good_tables())
    before = tree(out / "accepted")
    done = run_with_small_files(data, out, largest=100)
    assert (done.returncode, done.stdout) == (1, "")
    assert "File too large" in done.stderr
    assert ("cannot be written" if write is write_parquet else "temporary files") in done.stderr
    assert "Traceback" not in done.stderr
    assert tree(out / "accepted") == before
    assert {entry.name for entry in out.iterdir()} == {"accepted"}


def test_a_place_where_nobody_may_write_is_one_clear_error(tmp_path: Path) -> None:
    data = write_parquet(tmp_path / "data", good_tables())
    done = run("check", str(data), "--out", "/proc/nowhere", "--today", str(TODAY))
    assert (done.returncode, done.stdout) == (1, "")
    assert "/proc/nowhere/accepted cannot be written" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_for_temporary_files_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    """Python falls back on other places; all of them are closed to it here."""
    script = f"""
import sys, tempfile
tempfile._candidate_tempdir_list = lambda: ["/proc/nowhere"]
sys.argv = ["audit-yield", "check", {str(tmp_path)!r}]
from audit_yield import main
main()
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "The folder for temporary files cannot be used" in done.stderr
    assert "TMPDIR" in done.stderr
