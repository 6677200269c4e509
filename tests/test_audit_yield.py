"""The front door: every command has help, an example in it, and a line in the README."""

import re
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from audit_yield.commands import app

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
COMMANDS = sorted(get_command(app).commands)  # type: ignore[attr-defined]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_teaches_itself(command):
    shown = CliRunner().invoke(app, [command, "--help"])
    assert shown.exit_code == 0
    assert "Example:" in shown.output
    assert f"audit-yield {command}" in shown.output


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_line_in_the_readme(command):
    assert re.search(rf"^\| `audit-yield {command}[ `]", README, re.MULTILINE)


def test_no_command_shows_the_help():
    shown = CliRunner().invoke(app, [])
    assert all(command in shown.output for command in COMMANDS)


def test_an_error_is_three_lines_and_no_traceback(tmp_path):
    shown = CliRunner().invoke(app, ["check", str(tmp_path / "nowhere")])
    assert shown.exit_code == 2
    found, expected, advice = shown.output.splitlines()
    assert "nowhere" in found
    assert expected.startswith("    expected: ")
    assert advice.startswith("    → ")
