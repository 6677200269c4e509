"""How soon drift is found, and how often where there is none: cumulative sums against a rolling year.

    python -P benchmarks/drift.py [--runs 400] [--audits 42] [--snap cases.parquet] [--quick]

Two populations: an invented one (a chance of an adjustment by trader, heavy-tailed money), and with `--snap`
the quality-control reviews of SNAP, random audits with true dollar errors: each year is expected from those
before, by state and kind of case, and right on average. Audits are drawn in proportion to the standard
deviation of what they would book, as plans draw them, so many a month. After two quiet years all money, or
the chance of an adjustment, changes; a delay is the median of the runs without an alarm before.

The peer is an alarm in the month in which the audits of the last year booked `BOUND` standard deviations
above or below what was expected: two is usual, with `BOUND` it is wrong about as seldom as the sums.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.table import row
from models.drift import Period, periods_of, smallest_seen, watch
from models.prediction import Floats

MONTHS, QUIET_MONTHS, FALSE_ALARM_MONTHS = 120, 24, 60
BOUND = 2.6
PRIOR = 50.0
"""Cases of all kinds with which a cell of SNAP is drawn towards the whole."""


@dataclass(frozen=True)
class Population:
    """What each trader would book (n,), and what the model expects of it."""

    name: str
    y: Floats
    expected: Floats
    deviation: Floats
    probability: Floats


def invented(traders: int = 20_000, *, seed: int = 1) -> Population:
    """Return traders of whom the model knows chance and size; adjustments are log-normal about their size."""
    rng = np.random.default_rng(seed)
    chance = rng.beta(1.5, 8.0, traders)
    size = rng.lognormal(8.0, 1.2, traders)
    ratio = rng.lognormal(-(1.2**2) / 2, 1.2, traders)
    y = np.where(rng.random(traders) < chance, size * ratio, 0.0)
    expected = chance * size
    deviation = np.sqrt(expected**2 / chance * np.exp(1.2**2) - expected**2)
    return Population("an invented population", y, expected, deviation, chance)


def snap(path: Path, year: int) -> Population:
    """Return the reviews of a year as earlier ones predict them by state and kind of case."""
    cases = pq.read_table(path)
    money = cases["y"].cast(pa.float64()).to_numpy()
    state, kind = (cases[name].cast(pa.string()) for name in ("state", "case_type"))
    cells = pc.binary_join_element_wise(state, kind, " ").to_numpy().astype(str)
    _, cell = np.unique(cells, return_inverse=True)
    years = cases["year"].to_numpy()
    old, own = years < year, years == year
    counts = np.bincount(cell[old], minlength=cell.max() + 1)

    def mean(values: Floats) -> Floats:
        sums = np.bincount(cell[old], weights=values[old], minlength=cell.max() + 1)
        return np.asarray(((sums + PRIOR * values[old].mean()) / (counts + PRIOR))[cell[own]], np.float64)

    expected = mean(money)
    expected *= money[own].mean() / expected.mean()
    probability = mean((money != 0).astype(np.float64))
    probability *= (money[own] != 0).mean() / probability.mean()
    deviation = np.sqrt(np.maximum(mean(money**2) - expected**2, 1.0))
    return Population(f"SNAP {year}", money[own], expected, deviation, probability)


def runs(
    population: Population, *, runs: int, audits: int, factor: float = 1.0, thinned: float = 1.0
) -> list[list[Period]]:
    """Return the periods of independent runs; all money, or the chance of any, changes after quiet ones."""
    rng = np.random.default_rng(7)
    share = population.deviation / population.deviation.sum()
    months = [date(2000 + month // 12, month % 12 + 1, 1) for month in range(MONTHS) for _ in range(audits)]
    result = []
    for _ in range(runs):
        drawn = rng.choice(len(share), MONTHS * audits, p=share)
        changed = np.where(rng.random(len(drawn)) < thinned, factor, 0.0)
        changed[: QUIET_MONTHS * audits] = 1.0
        y = changed * population.y[drawn]
        known = {name: getattr(population, name)[drawn] for name in ("expected", "deviation", "probability")}
        result.append(periods_of(months, y, **known))
    return result


def until_alarm(periods: Sequence[Period]) -> int:
    """Return the number of months until money or chance raise an alarm, more than there are for none."""
    raised = [each.raised for each in (watch("money", periods), watch("chance", periods)) if each.raised]
    last = [period.last for period in periods]
    return min((last.index(day) + 1 for day in raised), default=MONTHS + 1)


def until_rolling_year(periods: Sequence[Period]) -> int:
    """Return the number of months until a rolling year is `BOUND` standard deviations off."""
    sums = np.convolve([each.money for each in periods], np.ones(12))[: len(periods)]
    off = np.abs(sums) / np.sqrt(np.minimum(np.arange(len(periods)) + 1, 12)) > BOUND
    return int(np.argmax(off)) + 1 if off.any() else MONTHS + 1


def between_alarms(delays: Sequence[int]) -> float:
    """Return the months watched for each alarm, where watching ends with the first or after `MONTHS`."""
    alarms = sum(each <= MONTHS for each in delays)
    return sum(min(each, MONTHS) for each in delays) / max(alarms, 1)


def delay(months: Sequence[int]) -> float:
    """Return the median number of months from the change to the alarm, of runs without one before."""
    return float(np.median([each - QUIET_MONTHS for each in months if each > QUIET_MONTHS]))


def main() -> None:
    """Hand in the rows of the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--audits", type=int, default=42, help="visits by lot a month")
    parser.add_argument("--snap", type=Path)
    parser.add_argument("--quick", action="store_true", help="60 runs")
    given = parser.parse_args()
    number = 60 if given.quick else given.runs
    populations = [invented()]
    if given.snap:
        populations += [snap(given.snap, year) for year in (2018, 2019)]
    for population in populations:
        size = f"{population.name}, {given.audits} a month"
        still = runs(population, runs=number, audits=given.audits)
        row(
            f"{size}: months to an alarm without drift",
            ours=between_alarms([until_alarm(each) for each in still]),
            peer=between_alarms([until_rolling_year(each) for each in still]),
            against="a rolling year",
            unit="",
        )
        row(
            f"{size}: the same",
            ours=between_alarms([until_alarm(each) for each in still]),
            unit="months",
            at_least=FALSE_ALARM_MONTHS,
        )
        for change, goal in (
            ({"factor": 1.25}, None),
            ({"factor": 1.5}, None),
            ({"factor": 2.0}, 6.0),
            ({"thinned": 0.5}, None),
        ):
            moved = runs(population, runs=number, audits=given.audits, **change)
            what = f"all money {change['factor']:g} times" if "factor" in change else "half the adjustments"
            ours, peer = (
                delay([alarm(each) for each in moved]) for alarm in (until_alarm, until_rolling_year)
            )
            row(
                f"{size}: months to an alarm, {what}", ours=ours, peer=peer, against="a rolling year", unit=""
            )
            if goal:
                row(f"{size}: the same", ours=ours, unit="months", at_most=goal)
        drawn = np.random.default_rng(1).choice(
            len(population.y), 12_000, p=population.deviation / population.deviation.sum()
        )
        smallest = smallest_seen(
            population.expected[drawn], population.deviation[drawn], months=len(drawn) / given.audits
        )
        row(f"{size}: smallest factor said to be seen in a year", ours=smallest or np.inf, unit="times")


if __name__ == "__main__":
    main()
