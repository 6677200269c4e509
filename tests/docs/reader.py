"""Somebody who reads a page and does what its examples say, in a folder of their own."""

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
import traceback
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from audit_yield.commands import app
from tests.docs.pages import ROOT, Example

ADDRESS = "http://localhost:3000"
SMALLER = {
    "--traders 2500 --years 5": "--traders 1000 --years 4",
    "audit-yield train demo/data --as-of 2024-10-01\n": (
        "audit-yield train demo/data --as-of 2024-10-01 --experiment quick.toml\n"
        'audit-yield promote --force "so few audits pass no gate"\n'
    ),
}
"""What stands on the pages, and what a test writes for it: less data and fewer trees, to be quick."""
STRICT = 'set -euo pipefail\ncurl() { command curl --fail-with-body --silent --show-error "$@"; }\n'
"""A shell that stops at the first command that fails, a refused request among them."""
NEEDS_A_SHELL = re.compile(r"[|$<>&*]")


class UnexpectedError(AssertionError):
    """An example did not do what its page says."""


@dataclass
class Reader:
    """Follows examples in `folder`, asking the service at `address`; Python's `names` outlive an example."""

    folder: Path
    address: str = ADDRESS
    names: dict[str, Any] = field(default_factory=lambda: {"__name__": "__main__"})

    def follow(self, example: Example) -> None:
        """Do what an example says; raises `UnexpectedError` where it does not come out as the page says."""
        text = _changed(example.text, {**SMALLER, ADDRESS: self.address})
        done, said = self._done(example, text)
        refused = example.refused is not None
        if done is refused or (refused and example.refused not in said):
            raise UnexpectedError(f"{example.place}: {example.refused or 'it failed'}\n{text}\n{said}")

    def _done(self, example: Example, text: str) -> tuple[bool, str]:
        if example.file:
            place = self.folder / example.file
            place.parent.mkdir(exist_ok=True)
            place.write_text(text, encoding="utf-8")
            return True, ""
        return {"sh": self._in_a_shell, "python": self._in_python}[example.language](text)

    def _in_a_shell(self, text: str) -> tuple[bool, str]:
        commands = _own_commands(text)
        if commands is not None:
            return self._by_the_front_door(commands)
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        done = subprocess.run(
            ["bash", "-c", STRICT + text],
            cwd=self.folder,
            env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=120,
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


def _own_commands(text: str) -> list[list[str]] | None:
    """Return the arguments of each `audit-yield`, None where the text asks for anything else."""
    lines = text.replace("\\\n", " ").splitlines()
    if NEEDS_A_SHELL.search(text) or not all(line.startswith("audit-yield ") for line in lines):
        return None
    return [shlex.split(line)[1:] for line in lines]


def _changed(text: str, changes: Mapping[str, str]) -> str:
    for shown, run in changes.items():
        text = text.replace(shown, run)
    return text
