"""What the tests beside this file do to a database, and what they ask of it."""

import subprocess
from collections.abc import Callable
from pathlib import Path

from features.data.check import check
from features.data.contract.violation import Violation
from features.data.warehouse import open_warehouse
from tests.features.tables import TODAY
from tests.installed import run

Change = Callable[..., object]
"""Runs statements in the database of a test."""


def run_check(location: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the real command in `folder`."""
    return run(
        "check", location, "--today", TODAY.isoformat(), folder=folder, timeout=60, environment=environment
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
