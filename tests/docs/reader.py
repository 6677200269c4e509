"""Somebody who reads a page and does what its examples say, in a folder of their own."""

import contextlib
import io
import os
import re
import shlex
import signal
import subprocess
import sys
import traceback
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from typer.testing import CliRunner

from audit_yield.commands import app
from tests.docs.pages import ROOT, Example
from tests.serving.server import PATIENCE, Server, free_port

DATABASE = "postgres://audit_yield@customs.example:5432/warehouse"
"""The one of the pages; a test has its own."""
PORT = re.compile(r"(?<=localhost:)\d+")
SMALLER = {
    "--traders 2500 --years 5": "--traders 1000 --years 4",
    "audit-yield train demo/data --as-of 2024-10-01\n": (
        "audit-yield train demo/data --as-of 2024-10-01 --experiment quick.toml\n"
        'audit-yield promote --force "so few audits pass no gate"\n'
    ),
    "audit-yield run isles --no-serve": "audit-yield run isles --no-serve --experiment quick.toml",
}
"""What stands on the pages, and what a test writes for it: less data and fewer trees, to be quick."""
STRICT = 'set -euo pipefail\ncurl() { command curl --fail-with-body --silent --show-error "$@"; }\n'
"""A shell that stops at the first command that fails, a refused request among them."""
NEEDS_A_SHELL = re.compile(r"[|$<>&*]")


class UnexpectedError(AssertionError):
    """An example did not do what its page says."""


@dataclass
class Reader:
    """Follows examples in `folder`; what they start runs on in `servers`, and Python's `names` outlive them.

    - `sources`: the folder whose packages their commands import.
    - `database`: the URL of the one that stands for the pages'.
    - `instead`: what is written for something on a page.
    """

    folder: Path
    servers: contextlib.ExitStack
    sources: Path = ROOT
    database: str = DATABASE
    instead: dict[str, str] = field(default_factory=lambda: dict(SMALLER))
    names: dict[str, Any] = field(default_factory=lambda: {"__name__": "__main__"})

    def follow(self, example: Example) -> None:
        """Do what an example says; raises `UnexpectedError` where it does not come out as the page says."""
        if example.stays_up:
            self._start(example, example.stays_up)
            return
        text = self._written(example.text)
        done, said = self._done(example, text)
        refused = example.refused is not None
        if done is refused or (example.refused is not None and example.refused not in said):
            raise UnexpectedError(f"{example.place}: {example.refused or 'it failed'}\n{text}\n{said}")

    def _written(self, text: str) -> str:
        for shown, run in {**self.instead, DATABASE: self.database}.items():
            text = text.replace(shown, run)
        return text

    def _start(self, example: Example, ready: str) -> None:
        """Start a server at a port of its own, which stands for the page's; wait until it answers."""
        port = str(free_port())
        at = PORT.sub(port, ready)
        said = self.folder / "said.txt"
        with said.open("wb") as out:
            process = subprocess.Popen(
                ["bash", "-c", f"exec env {self._written(example.text)}"],
                cwd=self.folder,
                env=_environment(TMPDIR=str(self.folder), AUDIT_YIELD_PORT=port, MLFLOW_PORT=port),
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.servers.callback(_end, process)
        client = self.servers.enter_context(httpx.Client(timeout=10.0))
        Server(self.folder, process, client, said).wait(at, httpx.codes.OK)
        self.instead |= {origin(ready): origin(at)}

    def _done(self, example: Example, text: str) -> tuple[bool, str]:
        if example.file:
            place = self.folder / example.file
            if example.language == "diff":
                return _changed(place, text)
            place.parent.mkdir(exist_ok=True)
            place.write_text(text, encoding="utf-8")
            return True, ""
        return {"sh": self._in_a_shell, "python": self._in_python}[example.language](text)

    def _in_a_shell(self, text: str) -> tuple[bool, str]:
        commands = _own_commands(text)
        if commands is not None:
            return self._by_the_front_door(commands)
        done = subprocess.run(
            ["bash", "-c", STRICT + text],
            cwd=self.folder,
            env=_environment(PYTHONPATH=str(self.sources), TMPDIR=str(self.folder)),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=600,
            check=False,
        )
        return done.returncode == 0, done.stdout

    def _by_the_front_door(self, commands: Iterable[list[str]]) -> tuple[bool, str]:
        """Call our own command in this process: to start Python for each takes longer than most of them."""
        said = ""
        with contextlib.chdir(self.folder):
            for command in commands:
                result = CliRunner().invoke(app, command)
                said += result.output
                if result.exit_code:
                    return False, f"{said}\n{result.exception!r}"
        return True, said

    def _in_python(self, text: str) -> tuple[bool, str]:
        said = io.StringIO()
        with contextlib.chdir(self.folder), contextlib.redirect_stdout(said), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # MLflow's and shap's dependencies warn of each other
            try:
                exec(compile(text, "example", "exec"), self.names)  # noqa: S102  our own pages
            except Exception:
                return False, said.getvalue() + traceback.format_exc()
        return True, said.getvalue()


def _changed(file: Path, change: str) -> tuple[bool, str]:
    """Change lines of a file: those with a + stand where those with a - stood, beside those with neither."""
    lines = change.splitlines(keepends=True)
    before, after = ("".join(line[1:] for line in lines if line[0] in f" {sign}") for sign in "-+")
    content = file.read_text(encoding="utf-8")
    if content.count(before) != 1:
        return False, f"{file.name} has these lines {content.count(before)} times"
    file.write_text(content.replace(before, after), encoding="utf-8")
    return True, ""


def _own_commands(text: str) -> list[list[str]] | None:
    """Return the arguments of each `audit-yield`, None where the text asks for anything else."""
    lines = text.replace("\\\n", " ").splitlines()
    if NEEDS_A_SHELL.search(text) or not all(line.startswith("audit-yield ") for line in lines):
        return None
    return [shlex.split(line)[1:] for line in lines]


def origin(url: str) -> str:
    """Return the scheme, host and port of a URL."""
    return url[: url.index("/", len("http://"))]


def _environment(**more: str) -> dict[str, str]:
    """Return what a reader's commands are told: nothing of the tests that are running."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    of_tests = ("PYTEST_", "AUDIT_YIELD_TORTURE")
    plain = {name: value for name, value in os.environ.items() if not name.startswith(of_tests)}
    return {**plain, "PATH": path, "PYTHONPATH": str(ROOT), **more}


def _end(process: subprocess.Popen[bytes]) -> None:
    """Stop a server and what it started, as Ctrl-C does."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)
        process.wait(PATIENCE)
        os.killpg(process.pid, signal.SIGKILL)
