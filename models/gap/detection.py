"""Detection: the part of the money not paid that a field audit finds, known from double audits or a source.

Single audits cannot say it: what no auditor finds is in no table. So what is not paid at all is estimated
only where detection is known, and always named apart from what audits would book.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from features.errors import SettingError
from features.settings import read_toml
from models.gap.interval import Z

FILE = "detection.toml"
FEWEST_BOTH = 7
"""Faults found by both teams below which double audits say nothing (Robson & Regier 1964)."""


@dataclass(frozen=True)
class Detection:
    """The `share` of money not paid that an audit finds, its 95 % interval, and where it is known from."""

    share: float
    low: float
    high: float
    source: str

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what detection is from a TOML file.

        Either `share` and its standard `deviation`, as a study or another administration measured them, or
        the faults of double audits, a second team looking without knowing what the first found: those found
        by the `first` team, by the `second`, and by `both`. Raises `SettingError` for anything else, and
        where no `source` is named.
        """
        content = read_toml(path)
        if not isinstance(content.get("source"), str) or len(content["source"].strip()) < len("a law"):
            raise _invalid(path, "has no source")
        match {name: value for name, value in content.items() if name != "source"}:
            case {"share": float(share), "deviation": float(deviation), **rest} if not rest:
                low, high = share - Z * deviation, share + Z * deviation
                if not 0 < low <= share <= 1 or deviation < 0:
                    raise _invalid(path, f"has the share {share}, give or take {deviation}")
                return cls(share, low, min(high, 1.0), content["source"])
            case {"first": int(first), "second": int(second), "both": int(both), **rest} if not rest:
                if not FEWEST_BOTH <= both <= min(first, second):
                    raise _invalid(
                        path, f"has {both} faults found by both teams, {first} and {second} by each"
                    )
                return cls(*by_double_audits(first, second, both), content["source"])
        raise _invalid(path, f"says {', '.join(content)} alone")


def detection_of(home: Path) -> Detection | None:
    """Return what `detection.toml` in the home says, None where there is none; raises as `Detection.read`."""
    path = home / FILE
    return Detection.read(path) if path.exists() else None


def by_double_audits(first: int, second: int, both: int) -> tuple[float, float, float]:
    """Return the share of faults that the first team finds, and its 95 % interval.

    Chapman's estimate (1951) of all faults from those found by each team and by both; the interval is
    Wilson's (1927), of the second team's faults that the first had found. Where some faults are hard to find
    for every team, the share is too high, and what is not paid more than follows from it.
    """
    share = first / ((first + 1) * (second + 1) / (both + 1) - 1)
    part, square = both / second, Z**2 / second
    middle, reach = part + square / 2, Z * np.sqrt(part * (1 - part) / second + (square / (2 * Z)) ** 2)
    low, high = (middle - reach) / (1 + square), (middle + reach) / (1 + square)
    return float(share), float(min(low, share)), float(max(high, share))


def _invalid(path: Path, what: str) -> SettingError:
    return SettingError(
        f"{path.name} {what}.",
        expected=(
            "source, and either share above 0 to 1 with its deviation, the interval above 0 too, or whole "
            f"numbers first, second and both, of which both is {FEWEST_BOTH} at least."
        ),
        advice="Write share = 0.4, deviation = 0.05, source = 'who measured it'.",
    )
