"""`audit-yield check` as a test calls it: in this process for speed, or as a process of its own."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from audit_yield.commands import app
from tests.features.tables import TODAY
from tests.installed import run

MANY = ("--limit", "0.9")
"""Of tiny tables one bad row is a large share; with this only a fault of structure refuses them."""


@dataclass(frozen=True)
class Outcome:
    """How a check ended: `report` is None where an error was shown instead."""

    status: int
    shown: str
    errors: str
    report: dict[str, Any] | None

    def found(self, rule: str, location: str) -> dict[str, Any]:
        """Return the one violation of `rule` at `table` or `table.column`."""
        (violation,) = [v for v in self.violations(location) if v["rule"] == rule]
        return violation

    def violations(self, location: str) -> list[dict[str, Any]]:
        """Return all the violations at `table` or `table.column`."""
        table, _, column = location.partition(".")
        assert self.report is not None, self.errors
        return [v for v in self.report["violations"] if (v["table"], v["column"] or "") == (table, column)]

    def rules(self) -> set[tuple[str, str, str]]:
        """Return what was found, as (location, rule, severity)."""
        assert self.report is not None, self.errors
        return {
            (f"{v['table']}.{v['column']}" if v["column"] else v["table"], v["rule"], v["severity"])
            for v in self.report["violations"]
        }

    def rows(self, table: str) -> tuple[int, int]:
        """Return how many rows a table has, and how many of them are quarantined."""
        assert self.report is not None, self.errors
        (there,) = [each for each in self.report["tables"] if each["name"] == table]
        return there["rows"], there["quarantined"]


def check(data: Path | str, *options: str, out: Path) -> Outcome:
    """Check `data` as of the tables' own day; nothing but an exit may be raised."""
    arguments = ["check", str(data), "--out", str(out), "--today", str(TODAY), *options]
    result = CliRunner().invoke(app, arguments)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return _outcome(result.exit_code, result.stdout, result.stderr, out)


def check_process(
    data: Path | str, *options: str, out: Path, **environment: str
) -> tuple[Outcome, subprocess.CompletedProcess[str]]:
    """Check `data` by the installed command."""
    arguments = ["check", str(data), "--out", str(out), "--today", str(TODAY), *options]
    done = run(*arguments, environment=environment)
    return _outcome(done.returncode, done.stdout, done.stderr, out), done


def _outcome(status: int, shown: str, errors: str, out: Path) -> Outcome:
    """The report is the one just written: accepted where the status is 0, else refused."""
    written = out / ("accepted" if status == 0 else "refused") / "report.json"
    report = json.loads(written.read_text(encoding="utf-8")) if not errors and written.exists() else None
    return Outcome(status, shown, errors, report)


def tree(folder: Path) -> dict[str, bytes]:
    """Return the content of every file below `folder`."""
    return {str(f.relative_to(folder)): f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file()}
