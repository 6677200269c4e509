"""What other traders declared for the like, in the four quarters before: middle values, tails and shares.

A peer group is wide enough when `FEWEST_LINES` lines and `FEWEST_TRADERS` traders stand behind it; where
it is not, the next wider one is taken. A trader has one vote a quarter in each group, the mean of its lines,
so that nobody sets the price by volume, and its own past weighs at most one vote in `FEWEST_TRADERS`.

Only first versions count, in the quarter in which they became known: a line of a quarter is compared with
what was known when that quarter began.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import ibis
from ibis.expr import types as ir

from features import exact

FEWEST_LINES = 30
FEWEST_TRADERS = 5
QUARTERS = 4

STATISTICS: dict[str, Callable[[ir.NumericColumn], ir.NumericScalar]] = {
    "low": lambda votes: votes.quantile(0.1),
    "middle": lambda votes: votes.median(),
    "p05": lambda votes: votes.quantile(0.05),
    "p95": lambda votes: votes.quantile(0.95),
    "mean": exact.mean,
}


@dataclass(frozen=True)
class PeerGroup:
    """Groups of lines, narrow to wide, and what is known of them: column of the line -> statistics."""

    levels: tuple[tuple[str, ...], ...]
    measures: Mapping[str, tuple[str, ...]]

    @property
    def facts(self) -> frozenset[str]:
        """The columns that a line gains, as `peer_<statistic>_<measure>`."""
        return frozenset(
            fact(measure, each) for measure, statistics in self.measures.items() for each in statistics
        )


GOODS = PeerGroup(
    levels=(
        ("hs6", "quantity_unit", "origin_country"),
        ("hs6", "quantity_unit"),
        ("hs4", "quantity_unit"),
    ),
    measures={
        "log_price": ("low", "middle"),
        "log_value_per_kg": ("p05", "p95"),
        "log_net_share": ("middle",),
        "log_quantity_per_kg": ("middle",),
    },
)
ROUTES = PeerGroup(
    levels=(("dispatch_country", "transport_mode", "hs4"), ("dispatch_country", "transport_mode")),
    measures={"log_freight_share": ("middle",)},
)
HABITS = PeerGroup(
    levels=(("hs6",), ("hs4",)),
    measures={"is_adjusted": ("mean",), "is_elsewhere": ("mean",)},
)
GROUPS = (GOODS, ROUTES, HABITS)


def fact(measure: str, statistic: str) -> str:
    """Return the name of a fact of a line about its peers."""
    return f"peer_{statistic}_{measure}"


def cells(lines: ir.Table, level: Sequence[str], *, group: PeerGroup, facts: frozenset[str]) -> ir.Table:
    """Return what is known of each group of `level` at the start of each quarter, as `for_quarter`.

    `lines` are the first versions of all traders; only statistics that `facts` names are worked out.
    """
    measures = {m: [s for s in statistics if fact(m, s) in facts] for m, statistics in group.measures.items()}
    measures = {measure: statistics for measure, statistics in measures.items() if statistics}
    votes = lines.group_by(*level, "trader_id", "known_quarter").aggregate(
        lines=lines.count(), **{measure: exact.mean(lines[measure]) for measure in measures}
    )
    quarterly = votes.group_by(*level, "known_quarter").aggregate(
        lines=votes.lines.sum(),
        traders=votes.count(),
        **{fact(m, s): STATISTICS[s](votes[m]) for m, statistics in measures.items() for s in statistics},
    )
    return _over_earlier_quarters(quarterly, level)


def _over_earlier_quarters(quarterly: ir.Table, level: Sequence[str]) -> ir.Table:
    """Average the four quarters before, each weighted by its traders; drop groups that are too narrow."""
    shifted = [
        quarterly.mutate(for_quarter=(quarterly.known_quarter + ibis.interval(months=3 * n)).cast("date"))
        for n in range(1, QUARTERS + 1)
    ]
    earlier = reduce(lambda left, right: left.union(right), shifted)
    facts = [name for name in quarterly.columns if name.startswith("peer_")]
    known = {name: earlier.traders.sum(where=earlier[name].notnull()) for name in facts}
    summed = earlier.group_by(*level, "for_quarter").aggregate(
        lines=earlier.lines.sum(),
        traders=earlier.traders.max(),
        **{name: exact.total(earlier[name] * earlier.traders) / known[name] for name in facts},
    )
    wide = summed.filter(summed.lines >= FEWEST_LINES, summed.traders >= FEWEST_TRADERS)
    return wide.select(*level, "for_quarter", *facts)


def with_peers(lines: ir.Table, levels: Sequence[tuple[tuple[str, ...], ir.Table]]) -> ir.Table:
    """Add to each line the facts of its narrowest peer group that is wide enough; empty where none is."""
    columns = lines.columns
    names = [name for name in levels[0][1].columns if name.startswith("peer_")]
    joined = lines
    for number, (level, known) in enumerate(levels):
        keyed = known.rename({f"{name}_{number}": name for name in (*level, "for_quarter", *names)})
        joined = joined.left_join(
            keyed,
            [joined[name] == keyed[f"{name}_{number}"] for name in level]
            + [joined.quarter == keyed[f"for_quarter_{number}"]],
        )
    facts = {
        name: ibis.coalesce(*(joined[f"{name}_{number}"] for number in range(len(levels)))) for name in names
    }
    return joined.select(*columns, **facts)
