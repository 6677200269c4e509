"""Peer groups: what others declared for like goods in the four quarters before, as quantiles and means.

A trader has one vote in a peer group, the mean of its lines in those quarters, so that nobody sets the price
by volume; its own vote is left out of what its lines are compared with. A group is wide enough when
`FEWEST_LINES` lines of `FEWEST_TRADERS` other traders stand behind it; where it is not, the next wider one
is taken.

Only first versions count, in the quarter in which they became known: a line of a quarter is compared with
what was known when that quarter began, and not cancelled by then.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import reduce

import ibis
from ibis.expr import types as ir

from features import exact
from features.as_known import in_force_in_earlier_quarter

FEWEST_LINES = 30
FEWEST_TRADERS = 5
QUARTERS = 4
QUANTILES = {"low": 0.1, "middle": 0.5, "p05": 0.05, "p95": 0.95}

Materialise = Callable[[ir.Table], ir.Table]
Drop = Callable[[ir.Table], None]
Level = tuple[str, ...]


@dataclass(frozen=True)
class PeerGroup:
    """Groups of lines, narrow to wide, and what is known of them: column of the line -> statistics.

    Beside its statistics (a quantile or the mean), a measure has `traders`, the number of others behind
    them, and `group`, the columns that those others share with the line.
    """

    levels: tuple[Level, ...]
    measures: Mapping[str, tuple[str, ...]]

    @property
    def facts(self) -> frozenset[str]:
        """The columns that a line gains, as `peer_<statistic>_<measure>`."""
        return frozenset().union(*map(self.facts_of, self.measures))

    def facts_of(self, measure: str) -> frozenset[str]:
        """The columns that a line gains of one measure."""
        return frozenset(fact(measure, each) for each in (*self.measures[measure], "traders", "group"))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of all levels, each once."""
        return tuple(dict.fromkeys(name for level in self.levels for name in level))


GOODS = PeerGroup(
    levels=(
        ("hs6", "quantity_unit", "origin_country"),
        ("hs6", "quantity_unit"),
        ("hs4", "quantity_unit"),
    ),
    measures={
        "log_price": ("low", "middle"),
        "log_value_per_kg": ("p05", "p95"),
        "log_net_share": ("low", "middle"),
        "log_quantity_per_kg": ("low", "middle"),
    },
)
HEADINGS = PeerGroup(levels=(("hs4",),), measures={"full_rate": ("mean",)})
ROUTES = PeerGroup(
    levels=(("dispatch_country", "transport_mode", "hs4"), ("dispatch_country", "transport_mode")),
    measures={"log_freight_share": ("middle",)},
)
HABITS = PeerGroup(
    levels=(("hs6",), ("hs4",)),
    measures={
        "is_adjusted": ("mean",),
        "addition_share": ("mean",),
        "is_elsewhere": ("mean",),
        "levy_rate": ("mean",),
    },
)
GROUPS = (GOODS, HEADINGS, ROUTES, HABITS)


def fact(measure: str, statistic: str) -> str:
    """Return the name of a fact of a line about its peers."""
    return f"peer_{statistic}_{measure}"


COMPARISON_FACTS = frozenset(
    fact(m, each) for group in GROUPS for m in group.measures for each in ("traders", "group")
)
"""Facts that no feature reads: with how many others, and with which, a line was compared."""


def with_peers(
    lines: ir.Table,
    *,
    own_lines: ir.Table,
    tallied: ir.Table,
    group: PeerGroup,
    facts: frozenset[str],
    materialise: Materialise,
    drop: Drop,
) -> ir.Table:
    """Add to lines the `facts` about their narrowest peer group that is wide enough; empty where none is.

    `own_lines` has the lines' columns of `group`, trader_id and quarter; `tallied` are the `tallies` of all
    traders. Tables are computed by `materialise`, and all but the last dropped again.
    """
    measures = {m: group.measures[m] for m in group.measures if facts & group.facts_of(m)}
    key = (*group.columns, "trader_id", "quarter")
    known = materialise(own_lines.select(*key).distinct())
    year = materialise(year_before(tallied, known, group, measures=measures))
    for level in group.levels:
        level_votes = materialise(votes(year, level, measures=measures))
        narrower = known
        known = materialise(compared(narrower, level_votes, level, measures=measures, facts=facts))
        drop(level_votes)
        drop(narrower)
    drop(year)
    return _added(lines, known.select(*key, *sorted(facts)), key)


def tallies(first_versions: ir.Table, facts: frozenset[str]) -> ir.Table:
    """Return lines and total of the measures behind `facts`, by trader, quarter and columns of all groups.

    They are fewer than the lines, and all that the groups of peers need of them.
    """
    groups = [group for group in GROUPS if facts & group.facts]
    measures = [m for group in groups for m in group.measures if facts & group.facts_of(m)]
    columns = dict.fromkeys(name for group in groups for name in group.columns)
    key = (*columns, "trader_id", "known_quarter", "cancelled_quarter")
    return first_versions.group_by(*key).aggregate(
        **{f"lines_{measure}": first_versions[measure].count() for measure in measures},
        **{f"total_{measure}": exact.total(first_versions[measure]) for measure in measures},
    )


def year_before(tallied: ir.Table, lines: ir.Table, group: PeerGroup, *, measures: Iterable[str]) -> ir.Table:
    """Sum each trader's tallies over the four quarters before `quarter`, by the narrowest group.

    Only the quarters and the widest groups of `lines` are there.
    """
    near = tallied.semi_join(lines, list(group.levels[-1]))
    near = near.select(*group.columns, "trader_id", "known_quarter", "cancelled_quarter", *_figures(measures))
    earlier = reduce(lambda left, right: left.union(right), (_shifted(near, n) for n in _QUARTERS))
    within = earlier.semi_join(lines, [*group.levels[-1], "quarter"])
    return _summed(within, [*group.columns, "quarter", "trader_id"], measures)


def votes(year: ir.Table, level: Level, *, measures: Iterable[str]) -> ir.Table:
    """Return each trader's means over the four quarters before `quarter`, for the groups of a level.

    `vote_<measure>` is empty where the trader had no line with the measure; `lines_<measure>` counts them.
    """
    key = [*level, "quarter", "trader_id"]
    summed = _summed(year, key, measures)
    means = {m: summed[f"total_{m}"] / summed[f"lines_{m}"].cast("float64").nullif(0.0) for m in measures}
    return summed.select(
        *key,
        **{f"lines_{measure}": summed[f"lines_{measure}"] for measure in measures},
        **{f"vote_{measure}": exact.stepped(mean) for measure, mean in means.items()},
    )


_QUARTERS = range(1, QUARTERS + 1)


def _summed(tallied: ir.Table, key: Iterable[str], measures: Iterable[str]) -> ir.Table:
    return tallied.group_by(*key).aggregate(
        **{
            name: tallied[name].sum().cast("int64")
            if name.startswith("lines")
            else exact.total(tallied[name])
            for name in _figures(measures)
        }
    )


def _figures(measures: Iterable[str]) -> list[str]:
    return [f"{figure}_{measure}" for measure in measures for figure in ("lines", "total")]


def _shifted(tallied: ir.Table, quarters: int) -> ir.Table:
    """Let what became known in a quarter, and was not cancelled, count for the one so many quarters later."""
    later = (tallied.known_quarter + ibis.interval(months=3 * quarters)).cast("date")
    dated = tallied.mutate(quarter=later)
    return dated.filter(in_force_in_earlier_quarter(dated, dated.quarter)).drop(
        "known_quarter", "cancelled_quarter"
    )


def standings(votes: ir.Table, level: Level, *, measures: Mapping[str, tuple[str, ...]]) -> ir.Table:
    """Return each group's traders, lines and total of votes by measure, and what quantiles are read from.

    With one of n votes left out or none, the quantile q of the others lies between two neighbours among the
    votes at positions floor((n - 2) q) to that + 2, counted from 0: `<statistic>_<measure>_at_0` to `_at_2`.
    """
    group = [*level, "quarter"]
    ranked = _ranked(votes, group, (m for m, statistics in measures.items() if "mean" not in statistics))
    figures: dict[str, ir.Value] = {}
    for measure, statistics in measures.items():
        vote = ranked[f"vote_{measure}"]
        figures[f"traders_{measure}"] = vote.count()
        figures[f"all_lines_{measure}"] = ranked[f"lines_{measure}"].sum()
        if "mean" in statistics:
            figures[f"total_{measure}"] = exact.total(vote)
        for each in (name for name in statistics if name in QUANTILES):
            figures |= _neighbours(ranked, measure, each)
    return ranked.group_by(group).aggregate(**figures)


def _ranked(votes: ir.Table, group: list[str], measures: Iterable[str]) -> ir.Table:
    """Add to each vote its `position_<measure>` in the group, and how many there are, as `of_<measure>`.

    Votes are numbered, not listed in one value a group: a heading may have a million of them.
    """
    ranks: dict[str, ir.Value] = {}
    for measure in measures:
        vote = votes[f"vote_{measure}"]
        in_order = ibis.window(group_by=group, order_by=[vote.isnull(), vote])
        ranks[f"position_{measure}"] = ibis.row_number().over(in_order)
        ranks[f"of_{measure}"] = vote.count().over(ibis.window(group_by=group))
    return votes.mutate(**ranks)


def _neighbours(ranked: ir.Table, measure: str, statistic: str) -> dict[str, ir.Value]:
    """Return the votes around a quantile, empty where there are none."""
    first = _first_position(ranked[f"of_{measure}"] - 1, QUANTILES[statistic])
    vote, position = ranked[f"vote_{measure}"], ranked[f"position_{measure}"]
    return {
        f"{statistic}_{measure}_at_{n}": vote.max(where=(first >= 0) & (position == first + n))
        for n in range(3)
    }


def _first_position(others: ir.IntegerValue, quantile: float) -> ir.IntegerValue:
    return ((others - 1).cast("float64") * quantile).floor().cast("int64")


def compared(
    known: ir.Table,
    votes: ir.Table,
    level: Level,
    *,
    measures: Mapping[str, tuple[str, ...]],
    facts: frozenset[str],
) -> ir.Table:
    """Add to the `known` groups those `facts` about the others' votes that no narrower level has given them.

    They are empty where the others are too few.
    """
    group = [*level, "quarter"]
    joined = known.left_join(standings(votes, level, measures=measures), group, rname="group_{name}")
    joined = joined.left_join(votes, [*group, "trader_id"], rname="own_{name}")
    new_facts: dict[str, ir.Value] = {}
    for measure, statistics in measures.items():
        new_facts |= _facts(joined, level, measure, statistics)
    values = {
        n: ibis.coalesce(joined[n], new_facts[n]) if n in known.columns else new_facts[n]
        for n in sorted(facts)
    }
    return joined.select(*(name for name in known.columns if name not in facts), **values)


def _facts(joined: ir.Table, level: Level, measure: str, statistics: tuple[str, ...]) -> dict[str, ir.Value]:
    others = joined[f"traders_{measure}"] - joined[f"vote_{measure}"].notnull().ifelse(1, 0)
    lines = joined[f"all_lines_{measure}"] - joined[f"lines_{measure}"].fill_null(0)
    wide = (others >= FEWEST_TRADERS) & (lines >= FEWEST_LINES)
    # in whole steps, as the lines' own logarithms are: a line at the price of all others is not below it
    values = {each: exact.stepped(_without_own(joined, measure, each, others)) for each in statistics}
    values |= {"traders": others, "group": ibis.literal(", ".join(level))}
    return {fact(measure, each): wide.ifelse(value, None) for each, value in values.items()}


def _without_own(joined: ir.Table, measure: str, statistic: str, others: ir.IntegerValue) -> ir.NumericValue:
    """Return the statistic of the votes without the trader's own, where it has one."""
    own = joined[f"vote_{measure}"]
    if statistic == "mean":
        rest = joined[f"total_{measure}"] - own.fill_null(0.0)
        return rest / others.cast("float64").nullif(0.0)
    quantile = QUANTILES[statistic]
    first, position = (_first_position(n, quantile) for n in (joined[f"traders_{measure}"] - 1, others))
    neighbours = [joined[f"{statistic}_{measure}_at_{n}"] for n in range(3)]
    low, high = (
        own.isnull().ifelse(position == first, own > neighbours[n]).ifelse(neighbours[n], neighbours[n + 1])
        for n in range(2)
    )
    weight = (others - 1).cast("float64") * quantile - position.cast("float64")
    # as DuckDB interpolates: a median of two lies half a step off, and would be stepped the other way
    return (weight > 0).ifelse(low * (1.0 - weight) + high * weight, low)


def _added(lines: ir.Table, facts: ir.Table, key: tuple[str, ...]) -> ir.Table:
    joined = lines.left_join(facts, list(key), rname="peer_key_{name}")
    return joined.select(*lines.columns, *(name for name in facts.columns if name not in key))
