"""The pages that people read, and the examples on them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
PAGES = (ROOT / "README.md", CONTRIBUTING, ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md")))
FENCE = re.compile(r"```(?P<language>\w*)(?: (?P<file>\S+))?")
REMARK = re.compile(r"<!-- example: (?P<kind>not run|refused|stays up), (?P<words>.+) -->")
"""Stands on the line above an example: why no test runs it; what is said as it is refused, as it shall; or
where the server that it starts answers when it is ready."""


@dataclass(frozen=True)
class Example:
    """A fenced block below a heading of the second level.

    `file` is the file that a reader makes of it, or changes where `language` is diff; for the last three see
    `REMARK`.
    """

    page: Path
    line: int
    heading: str
    language: str
    file: str | None
    text: str
    not_run: str | None
    refused: str | None
    stays_up: str | None

    @property
    def place(self) -> str:
        """Where it stands, for whom a test tells of it."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def examples(page: Path) -> Iterator[Example]:
    """Yield the fenced blocks of a page, from top to bottom."""
    lines = page.read_text(encoding="utf-8").splitlines()
    number, heading = 0, ""
    while number < len(lines):
        if lines[number].startswith("## "):
            heading = lines[number].removeprefix("## ")
        if begins := FENCE.fullmatch(lines[number]):
            ends = lines.index("```", number + 1)
            said = REMARK.fullmatch(lines[number - 1])
            remark = {said["kind"]: said["words"]} if said else {}
            yield Example(
                page,
                number + 1,
                heading,
                begins["language"],
                begins["file"],
                "\n".join([*lines[number + 1 : ends], ""]),
                remark.get("not run"),
                remark.get("refused"),
                remark.get("stays up"),
            )
            number = ends
        number += 1
