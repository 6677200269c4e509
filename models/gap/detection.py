"""Detection: the part of the money not paid that a field audit finds, known from double audits or a source.

Single audits cannot say it: what no auditor finds is in no table. Where a second team repeats some of them
without knowing what the first one found, faults that both found say how many neither did. So what is not
paid at all is estimated only where detection is known, and always named apart from what audits would book.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow.compute as pc

from features.data.warehouse import Warehouse
from features.errors import SettingError
from features.lotteries import audited_twice
from features.settings import read_toml
from models.gap.interval import Z
from models.prediction import Floats

FILE = "detection.toml"
FEWEST_BOTH = 7
"""Faults found by both teams below which double audits say nothing (Robson & Regier 1964)."""
FAULTS_THAT_COUNT = 5
"""Faults of a type by which one audit counts at most: a few that found hundreds would rule the share."""
FEWEST_AUDITS = 5
"""Audits with a fault found by both teams below which nobody can say how sure the share is."""


@dataclass(frozen=True)
class Detection:
    """The `share` of money not paid that an audit finds, its 95 % interval, and where it is known from.

    `audits` are the visits made twice that say so, 0 where the `source` does, which is empty with these.
    """

    share: float
    low: float
    high: float
    source: str
    audits: int = 0

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


def detection_in(warehouse: Warehouse, cutoff: date) -> Detection | None:
    """Return what second audits known before `cutoff` say; None where these are none or too few."""
    table = audited_twice(warehouse, cutoff)
    if table is None:
        return None
    audit_ids = pc.unique(table["audit_id"])
    kinds = pc.unique(table["finding_type"].drop_null())
    rows = pc.index_in(table["audit_id"], audit_ids).to_numpy()
    kind = pc.index_in(table["finding_type"], kinds).fill_null(0).to_numpy()
    counts = np.zeros((3, len(audit_ids), max(len(kinds), 1)))
    for side, name in enumerate(("first", "second", "both")):
        counts[side, rows, kind] = table[name].to_numpy()
    return by_second_audits(*counts)


def by_second_audits(first: Floats, second: Floats, both: Floats) -> Detection | None:
    """Return detection from the faults that each of two audits found, and both (audits, types).

    The share of what one of the two found that the other found too (Petersen 1896, Lincoln 1930), a finding
    type of an audit counting by its faults, up to `FAULTS_THAT_COUNT`. Faults of one trader are found or
    missed together, so the interval is from leaving out one audit after the other (the jackknife: Efron &
    Stein 1981), on logarithms. None below `FEWEST_BOTH` faults found by both, or `FEWEST_AUDITS` audits
    with one.
    """
    if both.sum() < FEWEST_BOTH or both.any(axis=1).sum() < FEWEST_AUDITS:
        return None
    weight = np.minimum([first, second], FAULTS_THAT_COUNT)
    seen = weight * both / np.maximum([first, second], 1)
    weight_of, seen_of = weight.sum(axis=(0, 2)), seen.sum(axis=(0, 2))
    share = float(seen_of.sum() / weight_of.sum())
    without = np.log((seen_of.sum() - seen_of) / (weight_of.sum() - weight_of))
    n = len(both)
    reach = float(np.exp(Z * np.sqrt((n - 1) / n * ((without - without.mean()) ** 2).sum())))
    return Detection(share, share / reach, min(share * reach, 1.0), "", audits=n)


def _invalid(path: Path, what: str) -> SettingError:
    return SettingError(
        f"{path.name} {what}.",
        expected=(
            "source, and either share above 0 to 1 with its deviation, the interval above 0 too, or whole "
            f"numbers first, second and both, of which both is {FEWEST_BOTH} at least."
        ),
        advice="Write share = 0.4, deviation = 0.05, source = 'who measured it'.",
    )
