"""Measures of a quarter: what its audits brought and cost, and the truth at its first day, also by group."""

from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa

from features.simulate.arrays import Array, Floats
from features.simulate.audits.audit import LETTER
from features.simulate.records.ledger import ASSESSED, CANCELLED, PENALTY, REDUCED, Ledger
from features.simulate.state import SimulationState
from features.simulate.trade.traders import BANDS, Traders
from features.simulate.trade.world import REGIONS, SECTORS
from training.lab.scored import VISITS

ALL = "all"
GROUPED_BY = (ALL, "size_band", "sector", "region")
SUMMED = (
    "assessed_amount",
    "bookable_gap_amount",
    "gap_amount",
    "hours",
    "visits",
    "nil_visits",
    "nil_letters",
)
MEASURED = ("measured_amount", "measured_low", "measured_high", "true_amount", "answers")
YEAR, ALL_YEARS = "of_year", "of_all_years"
"""The gap is measured once a year from the year's lotteries, and at the end from those of all years."""
TOP_SHARE = 0.05
SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("policy", "by", "group")),
        *((name, pa.int64()) for name in ("seed", "quarter")),
        *(
            (name, pa.float64())
            for name in (
                *SUMMED,
                "paid_share",
                "captured_share",
                *(f"{each}_{span}" for span in (YEAR, ALL_YEARS) for each in MEASURED),
            )
        ),
    ]
)
"""A run's file: a row a quarter and group. What is of all traders alone is empty elsewhere, and what is
measured of some quarters together stands with the last of them."""


def booked(state: SimulationState) -> Floats:
    """Return what the last quarter's audits booked of each trader (n,), after appeals, without penalties."""
    docket, ledger = state.dockets[-1], state.ledgers[-1]
    first = sum(each.trader.size for each in state.dockets[:-1])
    rows = taxes_booked(ledger)
    money = np.bincount(
        docket.trader[ledger.audit[rows] - first], weights=ledger.amount[rows], minlength=state.traders.count
    )
    return money.astype(np.float64)


def by_group(state: SimulationState) -> Iterator[dict[str, str | float]]:
    """Yield the measures of all traders together, then those of each group."""
    traders, truth, docket = state.traders, state.truths[-1], state.dockets[-1]
    visited, nil = np.isin(docket.treatment, VISITS), docket.findings == 0

    def count(rows: Array) -> Floats:
        return np.bincount(docket.trader, weights=rows.astype(np.float64), minlength=traders.count).astype(
            np.float64
        )

    of_traders = {
        "assessed_amount": booked(state),
        "bookable_gap_amount": np.where(truth.eligible, truth.expected.by_type.sum(axis=1), 0.0),
        "gap_amount": np.where(truth.eligible, truth.revenue_gap, 0.0),
        "paid_amount": np.sum([trade.taxes for trade in state.trade], axis=0),
        "hours": count(docket.hours),
        "visits": count(visited),
        "nil_visits": count(visited & nil),
        "nil_letters": count((docket.treatment == LETTER) & nil),
    }
    for by, (names, group) in groups(traders).items():
        sums = {
            name: np.bincount(group, weights=values, minlength=len(names))
            for name, values in of_traders.items()
        }
        for row, name in enumerate(names):
            own = {measure: float(values[row]) for measure, values in sums.items()}
            paid, gap = own.pop("paid_amount"), own["gap_amount"]
            yield {"by": by, "group": name, **own, "paid_share": paid / max(paid + gap, 1e-9)}


def groups(traders: Traders) -> Mapping[str, tuple[list[str], np.ndarray]]:
    """Return by attribute the names of its groups, and the number of each trader's group (n,)."""
    return {
        ALL: ([""], np.zeros(traders.count, np.int64)),
        "size_band": (BANDS.tolist(), traders.band),
        "sector": (SECTORS.tolist(), traders.sector),
        "region": (REGIONS.tolist(), traders.region),
    }


def captured_share(state: SimulationState, *, expected: Floats) -> float:
    """Return of what the best twentieth of traders hold the part held by those of whom most is expected."""
    truth = state.truths[-1]
    money, expected = truth.expected.by_type.sum(axis=1)[truth.eligible], expected[truth.eligible]
    top = max(round(TOP_SHARE * money.size), 1)
    best = np.argsort(-expected, kind="stable")[:top]
    return float(money[best].sum() / np.sort(money)[-top:].sum())


def taxes_booked(ledger: Ledger) -> np.ndarray:
    """Return the rows of a ledger that are taxes booked or taken back."""
    return np.asarray(np.isin(ledger.event, (ASSESSED, REDUCED, CANCELLED)) & (ledger.tax < PENALTY))
