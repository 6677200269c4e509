"""Drift: whether audits by lot find what the model expects, month by month, and which inputs have moved.

Two cumulative sums (Page, Biometrika 1954) watch the lottery: of the money booked less the money expected,
and of the audits that end in an adjustment less those expected. Both look up and down. Each month counts by
how far it is off in standard deviations, less an allowance; a sum beyond `LIMIT` is an alarm. How far the
distribution of a feature has moved (the population stability index) explains and raises no alarm: inputs may
move and the model stay right.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import numpy as np

from features.storage.json_cache import read_cached, write_cached
from models.prediction import Floats

ALLOWANCE, LIMIT = 0.5, 5.0
"""Standard deviations a month that are let pass, and their sum from which on there is an alarm."""
MOST_OF_A_MONTH = 4.0
"""Standard deviations that one month counts at most: one large finding is no drift."""
LEAST_AUDITS = 10
"""Audits that are judged together at least: months with fewer wait for the next."""
YEAR = 12.0
OVERSHOOT = 1.166
"""By which a sum in steps passes its limit on average (Siegmund, Sequential Analysis, 1985)."""
BINS = 10
MOVED = 0.25
"""Population stability index above which values have moved: the usual limit in credit scoring."""
RECORD = "drift.json"
MORE_BY_LOT = 1.5
"""After an alarm the next plan draws so many times its share of hours by lot, up to `MOST_BY_LOT`."""
MOST_BY_LOT = 0.5
Side = Literal["up", "down"]


@dataclass(frozen=True)
class Period:
    """Audits by lot that closed in a month, or in several with few, `first` to `last` (first days of months).

    `booked` and `expected` is their money, `adjusted` and `expected_adjusted` how many ended in an
    adjustment; `money` and `chance` by how many standard deviations that is more than expected.
    """

    first: date
    last: date
    audits: int
    booked: float
    expected: float
    adjusted: int
    expected_adjusted: float
    money: float
    chance: float


@dataclass(frozen=True)
class Watch:
    """What a pair of cumulative sums says of `money` or `chance`.

    - `up`, `down`: the sums after the newest period, in standard deviations.
    - `alarm`: the side that passed the limit first, None where neither did; `raised`: the month in which it
      did; `since`: the month in which the sum began to rise, when it probably changed.
    """

    name: str
    up: float
    down: float
    alarm: Side | None = None
    raised: date | None = None
    since: date | None = None


def periods_of(
    months: Sequence[date], y: Floats, *, expected: Floats, deviation: Floats, probability: Floats
) -> list[Period]:
    """Return the periods of audits by lot (n,), each with the first day of the `month` in which it closed.

    An audit counts by `expected / deviation**2`: so weighted, a change of all money by one factor shows
    soonest, and it does not matter with which probabilities the audits were drawn. Months wait for the next
    until `LEAST_AUDITS` are there; the last ones may wait still.
    """
    weight = np.maximum(expected, 0.0) / deviation**2
    order = sorted(range(len(months)), key=lambda row: months[row])
    periods: list[Period] = []
    waiting: list[int] = []
    for position, row in enumerate(order):
        waiting.append(row)
        month_ends = position + 1 == len(order) or months[order[position + 1]] != months[row]
        if not month_ends or len(waiting) < LEAST_AUDITS:
            continue
        own, waiting = np.array(waiting), []
        adjusted, chance = y[own] != 0, probability[own]
        periods.append(
            Period(
                months[own[0]],
                months[own[-1]],
                len(own),
                float(y[own].sum()),
                float(expected[own].sum()),
                int(adjusted.sum()),
                float(chance.sum()),
                _standardised(weight[own] * (y[own] - expected[own]), weight[own] * deviation[own]),
                _standardised(adjusted - chance, np.sqrt(chance * (1 - chance))),
            )
        )
    return periods


def _standardised(differences: Floats, deviations: Floats) -> float:
    return float(differences.sum() / max(float(np.sqrt((deviations**2).sum())), 1e-12))


def cumulative_sums(steps: Floats) -> tuple[Floats, Floats]:
    """Return the sums upward and downward after each period (n,), given how far each is off."""
    bounded = np.clip(steps, -MOST_OF_A_MONTH, MOST_OF_A_MONTH)
    up, down = np.zeros(len(steps)), np.zeros(len(steps))
    above = below = 0.0
    for row, step in enumerate(bounded):
        above, below = max(0.0, above + step - ALLOWANCE), max(0.0, below - step - ALLOWANCE)
        up[row], down[row] = above, below
    return up, down


def watch(name: Literal["money", "chance"], periods: Sequence[Period]) -> Watch:
    """Return what the cumulative sums over periods say; an alarm stays until the model is another."""
    up, down = cumulative_sums(np.array([getattr(each, name) for each in periods]))
    newest = (float(up[-1]), float(down[-1])) if len(periods) else (0.0, 0.0)
    beyond = np.flatnonzero(np.maximum(up, down) > LIMIT)
    if not len(beyond):
        return Watch(name, *newest)
    first = int(beyond[0])
    side: Side = "up" if up[first] > LIMIT else "down"
    quiet = np.flatnonzero((up if side == "up" else down)[:first] == 0)
    began = int(quiet[-1]) + 1 if len(quiet) else 0
    return Watch(name, *newest, side, periods[first].last, periods[began].first)


def smallest_seen(expected: Floats, deviation: Floats, *, months: float) -> float | None:
    """Return the factor of all money from which on a rise is seen within a year in the mean case.

    Of audits by lot (n,) in so many months. None where a rise to ten times would not be seen either.
    """
    if not len(expected):
        return None
    ratio = np.maximum(expected, 0.0) / deviation
    length = max(1.0, LEAST_AUDITS * months / len(ratio))
    of_period = float(np.sqrt((ratio**2).mean() * len(ratio) * length / months))
    factors = np.linspace(1.02, 10.0, 450)
    delays = length * np.array([_delay((factor - 1) * of_period, scale=factor) for factor in factors])
    seen = np.flatnonzero(delays <= YEAR)
    return float(factors[seen[0]]) if len(seen) else None


def _delay(shift: float, *, scale: float) -> float:
    """Return the mean number of periods until the alarm, by Siegmund's approximation.

    `shift` is how far a period is off in standard deviations, which are `scale` times those expected.
    """
    fewest = math.ceil(LIMIT / (MOST_OF_A_MONTH - ALLOWANCE))
    drift, limit = (shift - ALLOWANCE) / scale, LIMIT / scale + OVERSHOOT
    if abs(drift) < 1e-6:
        return max(limit**2, fewest)
    return max((math.exp(-2 * drift * limit) + 2 * drift * limit - 1) / (2 * drift**2), fewest)


def stability_index(before: Floats, after: Floats) -> float:
    """Return by how much a distribution has moved: the population stability index of two samples.

    Over tenths of `before` and, where values are missing, those as a bin of their own; half a row more in
    each bin keeps an empty one from being infinitely far.
    """
    known = before[~np.isnan(before)]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1])) if len(known) else np.zeros(0)
    shares = []
    for values in (before, after):
        bins = np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="left"))
        counts = np.bincount(bins, minlength=len(edges) + 2) + 0.5
        shares.append(counts / counts.sum())
    return float((shares[1] - shares[0]) @ np.log(shares[1] / shares[0]))


def write_record(home: Path, record: dict[str, Any]) -> None:
    """Keep the newest look at drift in the home, for the next plan and the service's gauges."""
    write_cached(home / RECORD, record)


def read_record(home: Path) -> dict[str, Any] | None:
    """Return the newest look at drift, None where nobody has looked."""
    record: dict[str, Any] | None = read_cached(home / RECORD)
    return record


def share_by_lot(share: float, record: dict[str, Any] | None, *, cutoff: date) -> tuple[float, str | None]:
    """Return the share of a plan's hours by lot that follows from the newest look at drift, and why.

    `MORE_BY_LOT` times the share where that look, as of the plan's day or earlier, raised an alarm; the share
    itself, and no reason, where it did not.
    """
    if record is None or not record["alarms"] or date.fromisoformat(record["as_of"]) > cutoff:
        return share, None
    more = max(share, min(MORE_BY_LOT * share, MOST_BY_LOT))
    alarms = " and ".join(record["alarms"])
    return more, (
        f"{more:.1%} of the hours of visits go by lot instead of {share:.1%}: drift of {alarms} was found as "
        f"of {record['as_of']} (audit-yield drift)."
    )
