"""What the tests beside this file do to a database, and what they ask of it."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from features.check import check
from features.contract.violation import Violation
from features.warehouse import open_warehouse
from tests.features.check.command import EXECUTABLE
from tests.features.tables import TODAY

Change = Callable[..., object]
"""Runs statements in the database of a test."""


def run_check(place: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the real command in `folder`."""
    return subprocess.run(
        [EXECUTABLE, "check", place, "--today", TODAY.isoformat()],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def violations(url: str) -> tuple[Violation, ...]:
    with open_warehouse(url) as warehouse:
        return check(warehouse, today=TODAY).report.violations


def faults(url: str) -> dict[str, str]:
    return {f"{v.location} {v.rule}": v.found for v in violations(url)}


def violation(url: str, column: str) -> Violation:
    return next(v for v in violations(url) if v.column == column)


def assert_no_traceback(done: subprocess.CompletedProcess[str]) -> None:
    assert "Traceback" not in done.stdout + done.stderr
