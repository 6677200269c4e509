"""Line parts: files of lines with all their facts, worked out before from the rows of a warehouse."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path


@dataclass(frozen=True)
class LineParts:
    """Parquet files by the first day of their quarter; no line is older than `begin`."""

    begin: date
    files: Mapping[date, Path]
