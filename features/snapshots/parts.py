"""Parts of prepared lines: the lines of all traders with all their facts, by quarter.

A line belongs to the quarter in which it was both accepted and known, so that no cutoff before sees it and
every later one may. Its facts follow from what was known by the end of that quarter: a part stays as it is,
whatever becomes known later, and so do all parts before the first quarter in which history is rewritten.
"""

from collections.abc import Generator, Iterator, Sequence
from datetime import date

import ibis
from ibis.expr import types as ir

from features.as_known import known_before
from features.data.warehouse import Warehouse
from features.prepare import editions, levies, lines, tariff
from features.prepare.facts import FACTS, PAST_REACH, PEERS_REACH, Rates, Tallies, tallied, with_facts
from features.prepare.lines import first_of_quarter
from features.snapshots.intermediate import Intermediate
from features.spine import end_of_quarter, months_before, quarter_of

CANCELLED = ("cancelled_on", "cancelled_quarter")
"""The columns that are written into a line later, and are left out: see `lines.ends`."""
LINES_AT_ONCE = 1_000_000
"""About how many lines gain their facts in one go: as many as memory holds, for each go costs seconds."""


def prepared_parts(warehouse: Warehouse, quarters: Sequence[date]) -> Generator[tuple[date, ir.Table]]:
    """Yield the part of each quarter, a table on the engine until the next is asked for."""
    if not quarters:
        return
    with Intermediate(warehouse) as shared:
        declared = shared.view(
            lines.with_line_facts(shared.view(editions.with_subheading(levies.declared(shared), shared)))
        )
        rates = _rates(warehouse, declared, shared) if warehouse.has("tariff.rate") else None
        parted = shared.view(declared.mutate(part=part_of(declared)))
        wanted = parted.filter(parted.part.isin(quarters))
        tallies = _tallies(wanted, declared, until=end_of_quarter(max(quarters)), shared=shared)
        for batch in _batches(wanted, quarters):
            with Intermediate(warehouse) as own:
                rows = with_facts(
                    parted.filter(parted.part.isin(batch)),
                    tallies,
                    facts=FACTS,
                    rates=rates,
                    intermediate=own,
                )
                rows = own.materialise(rows.drop(*CANCELLED))
                for quarter in batch:
                    yield quarter, rows.filter(rows.part == quarter).drop("part").order_by("trader_id")


def part_of(declarations: ir.Table) -> ir.DateValue:
    """Return the first day of the quarter to which each line belongs."""
    return first_of_quarter(ibis.greatest(declarations.accepted_on, declarations.known_on))


def _rates(warehouse: Warehouse, declared: ir.Table, shared: Intermediate) -> Rates:
    rates = shared.view(warehouse.table("tariff"))
    return Rates(rates, shared.materialise(tariff.rated_codes(rates, declared)))


def _tallies(wanted: ir.Table, declared: ir.Table, *, until: date, shared: Intermediate) -> Tallies:
    """Return the tallies as far back as the oldest line reaches: an amendment may be of years before."""
    oldest = quarter_of(wanted.accepted_on.min().to_pyarrow().as_py() or until)
    peers_from, past_from = months_before(oldest, PEERS_REACH), months_before(oldest, PAST_REACH)
    first_versions = declared.filter(declared.version == 0, known_before(declared, until))
    return tallied(
        first_versions.filter(first_versions.known_on >= peers_from),
        first_versions.filter(first_versions.known_on >= past_from),
        facts=FACTS,
        intermediate=shared,
    )


def _batches(wanted: ir.Table, quarters: Sequence[date]) -> Iterator[list[date]]:
    """Yield the quarters in groups of about `LINES_AT_ONCE` lines, in order."""
    counts = wanted.group_by("part").aggregate(lines=wanted.count()).to_pyarrow().to_pylist()
    lines_of = {row["part"]: row["lines"] for row in counts}
    batch: list[date] = []
    for quarter in sorted(quarters):
        if batch and sum(lines_of.get(each, 0) for each in (*batch, quarter)) > LINES_AT_ONCE:
            yield batch
            batch = []
        batch.append(quarter)
    yield batch
