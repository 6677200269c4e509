"""Facts of lines that need other lines or the tariff: rates, peers' prices and habits, the trader's own past.

All of them were known when the line's own quarter began, or follow from the tariff in force on acceptance:
they depend on no cutoff, and on no trader that is asked for.
"""

from dataclasses import dataclass

from ibis.expr import types as ir

from features.data.warehouse.tables import Stores
from features.prepare import own_past, peers, tariff

FACTS = (tariff.FACTS | own_past.FACTS.keys()).union(*(group.facts for group in peers.GROUPS))
FACTS_OF_OTHERS = FACTS - tariff.FACTS
"""The facts that are read from other lines, by far the dearest."""
PEERS_REACH = 3 * peers.QUARTERS
"""Months before the quarter of a line from which peers are read."""
PAST_REACH = 3 * own_past.QUARTERS
"""Months before the quarter of a line from which a trader's own past is read."""


@dataclass(frozen=True)
class Tallies:
    """What facts are read from, materialised; empty where no fact that is wanted needs them.

    `of_all` are those of the first versions of all traders' lines, `of_own` at least those of the traders
    whose lines gain facts.
    """

    of_all: ir.Table | None
    of_own: ir.Table | None


@dataclass(frozen=True)
class Rates:
    """The tariff, and the `tariff.rated_codes` of the lines that gain facts, materialised."""

    tariff: ir.Table
    rated: ir.Table


def tallied(
    first_versions: ir.Table,
    own_first_versions: ir.Table,
    *,
    facts: frozenset[str],
    intermediate: Stores,
) -> Tallies:
    """Return the tallies behind `facts`, of first versions as far back as `PEERS_REACH` and `PAST_REACH`."""
    wants_peers = any(facts & group.facts for group in peers.GROUPS)
    wants_past = bool(facts & own_past.FACTS.keys())
    return Tallies(
        intermediate.materialise(peers.tallies(first_versions, facts)) if wants_peers else None,
        intermediate.materialise(own_past.tallies(own_first_versions)) if wants_past else None,
    )


def with_facts(
    rows: ir.Table,
    tallies: Tallies,
    *,
    facts: frozenset[str],
    rates: Rates | None,
    intermediate: Stores,
) -> ir.Table:
    """Add `facts` to lines with their own facts; those of the tariff are empty where there are no `rates`."""
    own_lines = rows
    if rates is not None:
        rows = tariff.with_tariff(rows, rates.tariff, rated=rates.rated)
    elif facts & tariff.FACTS:
        rows = tariff.without_tariff(rows)
    for group in peers.GROUPS:
        if tallies.of_all is not None and (of_group := facts & group.facts):
            rows = peers.with_peers(
                rows,
                own_lines=own_lines,
                tallied=tallies.of_all,
                group=group,
                facts=of_group,
                materialise=intermediate.materialise,
                drop=intermediate.drop,
            )
    if tallies.of_own is not None:
        rows = own_past.with_own_past(
            rows,
            own_lines=own_lines,
            tallied=tallies.of_own,
            facts=facts & own_past.FACTS.keys(),
            materialise=intermediate.materialise,
        )
    return rows
