"""Anchors of the log: beside each segment a file of rows and newest digest, a line a commit.

A chain of hashes shows a changed row, not a missing tail: that takes a witness elsewhere. Lines are only
ever added, so that the file can be copied to another machine, or written where nobody can take back. Every
answer carries such a line too, so that callers are witnesses.
"""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

LINE = re.compile(r"(\d{1,18}) ([0-9a-f]{64})")
START = bytes(32)
"""The digest that the first row of a log names as its predecessor."""
TAIL = 4096
"""Bytes at the end of the file in which its newest lines are found, some fifty of them."""


@dataclass(frozen=True)
class Anchor:
    """A witness: that there were `rows` rows, and that the newest digest was this one."""

    rows: int
    digest: bytes

    @property
    def line(self) -> str:
        """The witness as a line of text."""
        return f"{self.rows} {self.digest.hex()}"


def begin(path: Path, anchor: Anchor) -> None:
    """Make the file of a segment that has no rows yet, for its owner's eyes alone."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(_line(anchor))
        os.fsync(file.fileno())


def add(path: Path, anchor: Anchor) -> None:
    """Add a line. It survives the end of this process; a power cut may take the last few, never a row."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND)
    try:
        os.write(file, _line(anchor))
    finally:
        os.close(file)


def anchors(path: Path) -> Iterator[Anchor]:
    """Yield the witnesses, the oldest first; none without a file. A line torn by a power cut is left out."""
    if path.is_file():
        with path.open(encoding="ascii", errors="replace") as file:
            yield from _anchors(file)


def newest(path: Path) -> Anchor | None:
    """Return the furthest of the newest witnesses, without reading the others; None where there is none."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        file.seek(-min(TAIL, path.stat().st_size), os.SEEK_END)
        lines = file.read().decode("ascii", "replace").splitlines()
    return max(_anchors(lines), key=lambda anchor: anchor.rows, default=None)


def _anchors(lines: Iterable[str]) -> Iterator[Anchor]:
    for line in lines:
        if match := LINE.fullmatch(line.strip()):
            yield Anchor(int(match[1]), bytes.fromhex(match[2]))


def _line(anchor: Anchor) -> bytes:
    """Begin a new line first: what a torn one left must not spoil this one."""
    return f"\n{anchor.line}\n".encode()
