"""What the tests beside this file do to a database, and what they ask of it."""

import os
import subprocess
import sys
from pathlib import Path

from features.check import Checked, check
from features.contract.violation import Violation
from features.warehouse import open_warehouse
from tests.features.tables import TODAY
from tests.postgres import Server

COMMAND = Path(sys.executable).with_name("audit-yield")


def run_check(place: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the real command in `folder`."""
    return subprocess.run(
        [COMMAND, "check", place, "--today", TODAY.isoformat()],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def judged(url: str) -> Checked:
    with open_warehouse(url) as warehouse:
        return check(warehouse, today=TODAY)


def faults(url: str) -> dict[str, str]:
    return {f"{v.place} {v.rule}": v.found for v in judged(url).report.violations}


def violation(url: str, column: str) -> Violation:
    return next(v for v in judged(url).report.violations if v.column == column)


def change(postgres: Server, url: str, *statements: str) -> None:
    postgres.run(url.rpartition("/")[2], *statements)


def assert_no_traceback(done: subprocess.CompletedProcess[str]) -> None:
    assert "Traceback" not in done.stdout + done.stderr
