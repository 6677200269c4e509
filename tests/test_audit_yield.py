"""The front door: every command has help, an example in it, and a line in the README."""

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer
from typer.main import get_command
from typer.testing import CliRunner, Result

from audit_yield.arguments import complete_plan
from audit_yield.commands import app
from audit_yield.console import CUT_OFF, REFUSED, friendly, results
from features.data.check import DEFAULT_LIMIT
from features.data.systems import SYSTEMS
from tests.installed import EXECUTABLE, run

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = sorted(get_command(app).commands)  # type: ignore[attr-defined]  # of several commands typer makes a group


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_teaches_itself(command: str) -> None:
    shown = CliRunner().invoke(app, [command, "--help"])
    assert shown.exit_code == 0
    assert "Example:" in shown.output
    assert f"audit-yield {command}" in shown.output


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_line_in_the_readme(command: str) -> None:
    assert re.search(rf"^\| `audit-yield {command}[ `]", README, re.MULTILINE)


def test_no_command_shows_the_help() -> None:
    shown = CliRunner().invoke(app, [])
    assert all(command in shown.output for command in COMMANDS)


def test_the_version_is_the_one_of_the_package_whatever_follows_it() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for arguments in (["--version"], ["--version", "check", "nowhere"]):
        shown = CliRunner().invoke(app, arguments)
        assert (shown.exit_code, shown.output) == (0, f"audit-yield {project['version']}\n")


def test_a_copy_that_was_not_installed_says_that_its_version_is_not_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(metadata.Distribution, "discover", lambda **_: iter(()))
    shown = CliRunner().invoke(app, ["--version"])
    assert shown.exit_code == 1
    assert "not installed" in shown.output


def test_python_runs_the_package_as_the_command_does() -> None:
    done = subprocess.run([sys.executable, "-m", "audit_yield", "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, f"audit-yield {metadata.version('audit-yield')}\n")


def test_a_demo_that_is_there_is_taken_as_it_is_and_not_simulated_over(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    refused = run("run", "--no-serve", folder=tmp_path)
    assert refused.returncode == 2
    assert "'demo/data' is not there" in refused.stderr
    assert list((tmp_path / "demo").iterdir()) == []


def test_the_changelog_has_a_section_for_the_version() -> None:
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    sections = re.findall(r"^## (.+)$", changes, re.MULTILINE)
    assert metadata.version("audit-yield") in sections[0]


def test_an_error_is_three_lines_and_no_traceback(tmp_path: Path) -> None:
    shown = CliRunner().invoke(app, ["check", str(tmp_path / "nowhere")])
    assert shown.exit_code == 2
    found, expected, advice = shown.output.splitlines()
    assert "nowhere" in found
    assert expected.startswith("    expected: ")
    assert advice.startswith("    → ")


@pytest.mark.parametrize(
    ("raised", "status", "said"),
    [
        (KeyboardInterrupt(), 130, "Stopped. What earlier calls made is as it was."),
        (OSError(28, "No space left on device", "/data/x"), 1, "A disk is full: /data/x."),
        (OSError(5, "Input/output error", "/data/x"), 1, "The system refused: /data/x: Input/output error."),
        (ZeroDivisionError("a fault of ours"), 1, "A fault of audit-yield itself: ZeroDivisionError"),
    ],
)
def test_what_goes_wrong_ends_in_words_and_a_status(
    raised: BaseException, status: int, said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    one = typer.Typer()

    @one.command()
    @friendly
    def fails() -> None:
        raise raised

    shown = CliRunner().invoke(one, [])
    assert shown.exit_code == status
    assert said in shown.output
    assert "Traceback" not in shown.output
    kept = [path.read_text() for path in tmp_path.iterdir()]
    assert [each.splitlines()[-1] for each in kept] == (
        ["ZeroDivisionError: a fault of ours"] if isinstance(raised, ZeroDivisionError) else []
    )


def test_ctrl_c_is_a_stop_whatever_error_a_library_makes_of_it() -> None:
    program = """
import signal, typer
from audit_yield.console import friendly, note_interruptions
@friendly
def draws():
    try:
        signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt:
        raise ValueError("Invalid bounding box") from None
note_interruptions()
typer.run(draws)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (130, "Stopped. What earlier calls made is as it was.\n")


def test_quiet_leaves_what_machines_read_and_errors(tmp_path: Path) -> None:
    def called(*arguments: str) -> Result:
        return CliRunner().invoke(app, arguments, env={"AUDIT_YIELD_HOME": str(tmp_path / "home")})

    quiet = called("--quiet", "doctor")
    assert (quiet.exit_code, quiet.output) == (0, "")
    assert json.loads(called("-q", "doctor", "--json").stdout)
    assert "nowhere" in called("-q", "check", str(tmp_path / "nowhere")).stderr
    assert "champion" in called("doctor").stdout


def test_a_table_goes_to_standard_output_alone_and_words_beside_it_to_standard_error(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    shown = CliRunner().invoke(app, ["log", "judgements", "--log", str(tmp_path / "log"), "--out", "-"])
    assert shown.exit_code == 0
    assert shown.stdout.splitlines()[0].startswith("judgement_id,")
    assert "judgements are in" in shown.stderr
    assert list(tmp_path.iterdir()) == [tmp_path / "log"]


def leaves(group: Any, *path: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command below a group, with the words that call it."""
    for name, command in group.commands.items():
        below = hasattr(command, "commands")
        yield from leaves(command, *path, name) if below else [((*path, name), command)]


@pytest.mark.parametrize(
    ("path", "command"), [pytest.param(*each, id=" ".join(each[0])) for each in leaves(get_command(app))]
)
def test_every_file_of_an_answer_may_be_standard_output(path: tuple[str, ...], command: Any) -> None:
    written = [each for each in command.params if re.search(r"FILE\.(csv|xlsx|html|svg)", each.help or "")]
    for each in written:
        with command.make_context(path[-1], [], resilient_parsing=True) as context:
            results.stderr = False
            assert each.process_value(context, "-") == Path("-")
            assert results.stderr, f"{each.name} leaves words between"
    results.stderr = False


def test_each_command_that_shows_a_table_writes_it_by_the_name_of_a_file() -> None:
    tables = {
        " ".join(path)
        for path, command in leaves(get_command(app))
        if any("FILE.csv" in (each.help or "") for each in command.params)
    }
    assert tables >= {
        "backtest",
        "compare",
        "drift",
        "lab",
        "models",
        "score",
        "plan show",
        "gap",
        "calendar",
    }


def completed(words: str, home: Path) -> list[str]:
    """What a shell offers for the last of some words."""
    asked = {"_AUDIT_YIELD_COMPLETE": "complete_bash", "COMP_WORDS": words, "AUDIT_YIELD_HOME": str(home)}
    return run(environment={**asked, "COMP_CWORD": str(words.count(" "))}).stdout.split()


def test_tab_completes_commands_options_versions_and_traders(tmp_path: Path) -> None:
    assert completed("audit-yield tr", tmp_path) == ["train"]
    assert "--experiment" in completed("audit-yield train --e", tmp_path)
    assert completed("audit-yield score DATA --model ch", tmp_path) == ["champion", "challenger"]
    assert completed("audit-yield explain DATA T1", tmp_path) == []
    for day, traders in (("2024-01-01", ["T11", "T12", "T2"]), ("2023-12-31", ["T19"])):
        folder = tmp_path / "snapshots" / f"{day}-0123456789abcdef"
        folder.mkdir(parents=True)
        pq.write_table(pa.table({"trader_id": traders}), folder / "features.parquet")
    assert completed("audit-yield explain DATA T1", tmp_path) == ["T11", "T12"]


def test_tab_completes_plans_and_whatever_is_a_version_or_a_trader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDIT_YIELD_HOME", str(tmp_path))
    for number in (2, 10):
        plan = tmp_path / "plans" / f"2025-01-01_2025-12-31-{number}"
        plan.mkdir(parents=True)
        (plan / "plan.json").touch()
    assert complete_plan("2025-01-01_2025-12-31-1") == ["2025-01-01_2025-12-31-10"]
    named = re.compile("A version|The version|The trader's|The plan's|.*this (version|trader)")
    options = [
        each
        for _, command in leaves(get_command(app))
        for each in command.params
        if named.match(each.help or "")
    ]
    assert len(options) > 10
    assert [each.name for each in options if not each._custom_shell_complete] == []


@pytest.mark.parametrize(
    "arguments", [["doctor"], ["token", "list", "--json"], ["log", "judgements", "--out", "-"]]
)
def test_where_nobody_reads_on_a_command_ends_as_unix_tools_do_without_a_word(
    arguments: list[str], tmp_path: Path
) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as nobody:
        done = subprocess.run(
            [EXECUTABLE, *arguments],
            env={**os.environ, "AUDIT_YIELD_HOME": str(tmp_path)},
            stdout=nobody,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert (done.returncode, done.stderr) == (CUT_OFF, "")


@pytest.mark.parametrize(
    ("path", "command"), [pytest.param(*each, id=" ".join(each[0])) for each in leaves(get_command(app))]
)
def test_the_examples_of_a_help_are_calls_that_the_command_takes(
    path: tuple[str, ...], command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ann.jwt").touch()
    shown = re.findall(r"`audit-yield ([^`]+)`", command.help.partition("Example")[2])
    assert shown
    for example in shown:
        words = shlex.split(re.split(r" [|>] ", example)[0])
        for name in path:  # `plan DATA` is short for `plan make DATA`
            words = words[1:] if words[:1] == [name] else words
        command.make_context(path[-1], words).close()


def test_help_names_every_source_system_and_the_limit_that_holds() -> None:
    assert f"{' or '.join(SYSTEMS)}." in _help("import")
    assert f"else {DEFAULT_LIMIT}." in _help("check")


def test_every_command_that_answers_does_so_as_json_too() -> None:
    without = {"run", "serve", "report", "token", "log", "plan", "features", "experiment"}  # which is TOML
    assert {name for name in COMMANDS if "--json" not in _help(name)} == without
    assert "--json" in _help("log", "verify")
    assert "--json" in _help("plan", "make")
    assert "--json" in _help("token", "list")


def _help(*command: str) -> str:
    shown = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "200"}).output
    return " ".join(shown.replace("│", " ").split())


def test_what_was_drawn_is_printed_and_a_world_that_is_not_there_is_refused(tmp_path: Path) -> None:
    few = ["--traders", "50", "--years", "2", "--seed", "3"]

    drawn = CliRunner().invoke(app, ["simulate", str(tmp_path / "a"), *few, "--world", "random"])
    standard = CliRunner().invoke(app, ["simulate", str(tmp_path / "b"), *few])
    refused = CliRunner().invoke(app, ["simulate", str(tmp_path / "c"), *few, "--world", "atlantis"])

    assert "World random: drawn from the seed 3" in drawn.output
    assert "marks: " in drawn.output
    assert "World" not in standard.output
    assert refused.exit_code == REFUSED
    assert "thin-tables" in refused.output
    assert not (tmp_path / "c").exists()
