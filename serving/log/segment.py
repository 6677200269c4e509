"""Segments of the log: a database a month, each with a header that follows from the end of the one before."""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from serving.log.anchor import START, Anchor
from serving.log.key import LogKey

FILE = "predictions.sqlite"
"""The log of releases before 0.2.0: one database, read as the first segment and closed."""
NAME = re.compile(r"(\d{4,9})-(\d{4}-\d{2})")


@dataclass(frozen=True)
class Segment:
    """The header of a segment.

    - `identity`: of the log; every segment of it has the same.
    - `number`: from 1, one more than that of the segment before; 0 is the log of an earlier release.
    - `month`: in which it was begun, such as 2025-01.
    - `after`: rows of the log before it, and the digest of the last of them.
    - `key`: the name of the key that seals it; empty without one.
    """

    identity: str
    number: int
    month: str
    after: Anchor
    key: str

    @property
    def digest(self) -> bytes:
        """The SHA-256 of the header, which its first row names as its predecessor."""
        if not self.number:
            return START
        content = [self.identity, self.number, self.month, self.after.line, self.key]
        return hashlib.sha256(json.dumps(content).encode()).digest()

    def own(self, key: LogKey | None) -> LogKey | None:
        """Return the key where it is the one that seals this segment: another one's is not there."""
        return key if key is not None and self.key == key.name else None

    @property
    def start(self) -> Anchor:
        """The head of the chain before the first row."""
        return Anchor(self.after.rows, self.digest)


@dataclass(frozen=True, order=True)
class SegmentFile:
    """The place of a segment: its database at `path`, its anchors beside it."""

    number: int
    path: Path

    @property
    def anchor_path(self) -> Path:
        """The file that witnesses the rows."""
        return self.path.with_suffix(".anchor")

    @property
    def name(self) -> str:
        """The name of the segment, as people are told it."""
        return self.path.stem


def segment_path(folder: Path, segment: Segment) -> SegmentFile:
    """Return the place of a segment in the folder of the log."""
    return SegmentFile(segment.number, folder / f"{segment.number:04}-{segment.month}.sqlite")


def segment_files(folder: Path) -> tuple[SegmentFile, ...]:
    """Return the segments in a folder, the oldest first, also those of which the anchors alone are left."""
    paths = {
        path.with_suffix(".sqlite") for ending in ("sqlite", "anchor") for path in folder.glob(f"*.{ending}")
    }
    numbers = {path: 0 if path.name == FILE else _number(path) for path in paths}
    return tuple(sorted(SegmentFile(number, path) for path, number in numbers.items() if number is not None))


def _number(path: Path) -> int | None:
    match = NAME.fullmatch(path.stem)
    return int(match[1]) if match else None
