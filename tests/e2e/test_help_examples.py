"""The examples that `--help` shows run as they stand, one after another, in a folder as a newcomer has it."""

import csv
import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

from audit_yield.commands import app
from features.simulate import simulate
from models.plan.store import names
from tests.e2e.test_plan import capacity_of
from tests.installed import run

pytestmark = pytest.mark.long

ELSEWHERE = {
    "simulate demo": "its size; a smaller one is simulated here",
    "look postgres": "a server",
    "import kcs": "files of Korea's customs",
    "features test": "a package of features",
    "run": "tests/e2e/test_run.py",
    "serve": "it stays up",
    "lab": "tests/training/lab",
    "plan decline": "a reader's own trader",
    "plan uplift": "letters that were answered",
    "plan letters": "letters of the plan",
    "log": "the log of a service; tests/serving/log",
    "replay": "an answer of a service",
    "token verify": "a token of an identity provider",
    "promote": "a third version",
    "compare": "a challenger",
}
"""Examples that do not run here, by how they begin, and what they need."""
ORDER = ("look", "check", "features", "experiment", "train", "score", "plan", "calendar")


def examples() -> list[str]:
    """Return the examples of all commands, those first that others rest on."""
    texts: list[str] = []
    group = get_command(app)
    for command in group.commands.values():  # type: ignore[attr-defined]  # of several commands typer makes a group
        for each in (command, *getattr(command, "commands", {}).values()):
            texts += re.findall(r"Example: `audit-yield ([^`]+)`", each.help or "")
    rank = {name: number for number, name in enumerate(ORDER)}
    return sorted(dict.fromkeys(texts), key=lambda text: rank.get(text.split()[0], len(ORDER)))


def test_examples_that_are_left_out_are_those_of_commands_that_there_are() -> None:
    left_out = [text for text in examples() if text.startswith(tuple(ELSEWHERE))]
    assert all(any(text.startswith(begin) for text in left_out) for begin in ELSEWHERE)


def test_every_other_example_runs(tmp_path: Path) -> None:
    simulate(tmp_path / "demo", traders=400, years=4, seed=3)
    capacity_of(str(tmp_path / "demo" / "data"), tmp_path / "capacity.toml")
    (tmp_path / "register.csv").write_text(
        "Entry;Accepted;Importer;Office;Code;Origin\nA1;2024-05-06;17;N1;8703;DE\n"
    )
    ran = 0
    for text in examples():
        if text.startswith(tuple(ELSEWHERE)):
            continue
        done = run(*arguments(text, tmp_path), folder=tmp_path)
        assert done.returncode in (0, 1), f"{text}\n{done.stderr}"
        if " > " in text:
            (tmp_path / text.rpartition(" > ")[2]).write_text(done.stdout)
        ran += 1
    assert ran >= 20


def arguments(text: str, folder: Path) -> list[str]:
    """Return the arguments of an example, with a trader and a plan that there are."""
    if (folder / "ranking.csv").exists():
        with (folder / "ranking.csv").open(encoding="utf-8-sig") as file:
            text = text.replace("T0000123", next(csv.DictReader(file))["trader_id"])
    if plans := names(folder / "mlruns"):
        text = re.sub(r"\d{4}-\d\d-\d\d_\d{4}-\d\d-\d\d-\d+", plans[-1], text)
    return shlex.split(text.partition(" > ")[0])
