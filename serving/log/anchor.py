"""Anchors of the log: a second file with the number of rows and the digest of the last, a line a commit.

A chain of hashes shows a changed row, not a missing tail: that takes a witness elsewhere. Lines are only
ever added, so that the file can be copied to another machine, or written where nobody can take back.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LINE = re.compile(r"(\d{1,18}) ([0-9a-f]{64})")
START = bytes(32)
"""The digest that the first row names as its predecessor."""


@dataclass(frozen=True)
class Anchor:
    """A witness: that there were `rows` rows, and that the last had this digest."""

    rows: int
    digest: bytes


def begin(path: Path) -> None:
    """Make the file of a log that has no rows yet, for its owner's eyes alone."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(_line(Anchor(0, START)))
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
    if not path.is_file():
        return
    with path.open(encoding="ascii", errors="replace") as file:
        for line in file:
            if match := LINE.fullmatch(line.strip()):
                yield Anchor(int(match[1]), bytes.fromhex(match[2]))


def _line(anchor: Anchor) -> bytes:
    """Begin a new line first: what a torn one left must not spoil this one."""
    return f"\n{anchor.rows} {anchor.digest.hex()}\n".encode()
