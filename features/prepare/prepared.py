"""Prepared tables of one build: each computed once, for the traders and windows of its spine."""

from datetime import date, timedelta
from functools import cached_property
from typing import Self

from ibis.expr import types as ir

from features import successors
from features.as_known import known_before
from features.data.warehouse import Warehouse
from features.prepare import audits, entities, levies, lines, records, tariff, track
from features.prepare.facts import FACTS, PAST_REACH, PEERS_REACH, Rates, tallied, with_facts
from features.prepare.intermediate import Intermediate
from features.spine import Spine, months_before, quarter_of, quarters_between

LONGEST_WINDOW = 24
WINDOWS = (3, 6, 12, 24)
LINE_KEYS = frozenset(records.BASE_COLUMNS)


class Prepared:
    """The tables that a build reads: those of the contract, and the prepared tables made of them.

    Intermediate tables that several features read are materialised on the engine until this object is left.
    """

    def __init__(self, warehouse: Warehouse, spine: Spine, *, line_columns: frozenset[str]) -> None:
        self.warehouse = warehouse
        self.spine = spine
        self.line_columns = line_columns | LINE_KEYS
        self._intermediate = Intermediate(warehouse)
        self._tables: dict[str, ir.Table] = {}
        self._steps_over: dict[tuple[str, ...], ir.Table] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error: type[BaseException] | None, *details: object) -> None:
        self._intermediate.__exit__(error, *details)

    def materialise(self, table: ir.Table) -> ir.Table:
        """Compute a table once and store it on the engine until this object is left."""
        return self._intermediate.materialise(table)

    def table(self, name: str) -> ir.Table:
        """Return a table of the contract; lines have their levies beside them."""
        if name not in self._tables:
            levied = name == "declarations"
            rows = levies.declared(self._intermediate) if levied else self.warehouse.table(name)
            self._tables[name] = self._intermediate.view(rows)
        return self._tables[name]

    @cached_property
    def spine_rows(self) -> ir.Table:
        """The spine: trader_id, cutoff, cutoff_quarter, and the first day of each window."""
        return self.materialise(self.spine.table(WINDOWS))

    @cached_property
    def traders(self) -> ir.Table:
        """The numbers of the traders of the spine, each once."""
        return self.numbers.select("trader_id").distinct()

    @cached_property
    def numbers(self) -> ir.Table:
        """The spine once for each number that its trader had; materialised."""
        links = self.warehouse.optional_table("links")
        return self.materialise(successors.with_numbers(self.spine_rows, links))

    @cached_property
    def quarters(self) -> ir.Table:
        """The first days of the quarters in which cutoffs lie, as `cutoff_quarter`."""
        return self.spine_rows.select("cutoff_quarter").distinct()

    @property
    def first_day(self) -> date:
        """The first day that any window reaches."""
        return months_before(self.spine.cutoffs[0], LONGEST_WINDOW)

    @property
    def last_cutoff(self) -> date:
        """The last cutoff; nothing known on it or later is read."""
        return self.spine.cutoffs[-1]

    @cached_property
    def declared(self) -> ir.Table:
        """All lines known before the last cutoff that peers or windows can reach, with their own facts."""
        declarations = self.table("declarations")
        peers_from = months_before(quarter_of(self.first_day), PEERS_REACH)
        reached = declarations.filter(
            known_before(declarations, self.last_cutoff),
            (declarations.known_on >= peers_from) | (declarations.accepted_on >= self.first_day),
        )
        return self._intermediate.view(lines.with_line_facts(reached))

    @cached_property
    def ends(self) -> ir.Table:
        """The days from which versions of lines no longer hold; materialised."""
        return self.materialise(lines.ends(self.declared))

    @cached_property
    def lines(self) -> ir.Table:
        """The lines of these traders, with the columns that features need; materialised."""
        rows = self._cached_lines()
        valid = lines.with_validity(self._lines_with_facts() if rows is None else rows, self.ends)
        return self.materialise(valid.select(*sorted(self.line_columns)))

    def _cached_lines(self) -> ir.Table | None:
        """Return the lines of these traders from the parts on disk; None where one or a column is missing."""
        parts = self.warehouse.line_parts
        if parts is None or not self.line_columns & FACTS:
            return None
        last_day = self.last_cutoff - timedelta(days=1)
        files = [
            parts.files.get(each) for each in quarters_between(max(self.first_day, parts.begin), last_day)
        ]
        present = [file for file in files if file is not None]
        if not files or len(present) < len(files):
            return None
        cached = self.warehouse.read_files(present)
        if not self.line_columns.issubset((*cached.columns, "superseded_on")):
            return None
        known = cached.filter(known_before(cached, self.last_cutoff), cached.accepted_on >= self.first_day)
        return known.semi_join(self.traders, "trader_id")

    def _lines_with_facts(self) -> ir.Table:
        """Return the lines of these traders with the facts that features need."""
        facts = self.line_columns & FACTS
        recent = self.declared.filter(self.declared.accepted_on >= self.first_day)
        tallies = tallied(
            self.declared.filter(self.declared.version == 0),
            self._own_first_versions(),
            facts=facts,
            intermediate=self._intermediate,
        )
        has_rates = bool(facts & tariff.FACTS) and self.warehouse.has("tariff.rate")
        return with_facts(
            recent.semi_join(self.traders, "trader_id"),
            tallies,
            facts=facts,
            rates=Rates(self.table("tariff"), self.rated_codes) if has_rates else None,
            intermediate=self._intermediate,
        )

    def _own_first_versions(self) -> ir.Table:
        """Return the first versions of these traders' lines that own pasts reach."""
        declarations = self.table("declarations")
        past_from = months_before(quarter_of(self.first_day), PAST_REACH)
        reached = declarations.filter(
            known_before(declarations, self.last_cutoff),
            declarations.known_on >= past_from,
            declarations.version == 0,
        )
        return lines.with_line_facts(reached.semi_join(self.traders, "trader_id"))

    @cached_property
    def rated_codes(self) -> ir.Table:
        """The codes of the tariff whose rates hold for the codes of lines, and when; materialised."""
        return self.materialise(tariff.rated_codes(self.table("tariff"), self.table("declarations")))

    @cached_property
    def audit_states(self) -> ir.Table:
        """The states of every trader's audits, each with when it was known; materialised."""
        return self.materialise(audits.states(self.table("audits"), self.table("findings")))

    @cached_property
    def closed_audits(self) -> ir.Table:
        """The states of closed audits, with customs value in scope, sector and size; materialised."""
        descriptions = records.descriptions(self.table("traders"))
        return self.materialise(
            track.closed(
                self.audit_states, declarations=self.table("declarations"), descriptions=descriptions
            )
        )

    @cached_property
    def amendments(self) -> ir.Table:
        """The amendments of these traders; materialised."""
        declared = self.table("declarations")
        own = declared.semi_join(self.traders, "trader_id")
        versions = declared.semi_join(own.filter(own.version > 0), lines.ITEM)
        return self.materialise(records.amendments(versions).semi_join(self.traders, "trader_id"))

    @cached_property
    def controls(self) -> ir.Table:
        """The controls of the declarations of these traders; materialised."""
        rows = records.controls(self.table("controls"), self.table("declarations"))
        return self.materialise(rows.semi_join(self.traders, "trader_id"))

    @cached_property
    def ties(self) -> ir.Table:
        """The ties of all traders, each seen from both of its ends."""
        return records.ties(self.table("links"))

    @cached_property
    def audit_steps(self) -> ir.Table:
        """The change that each state of an audit made to what is counted of closed audits."""
        return self.materialise(entities.steps(self.closed_audits))

    @cached_property
    def audited_scope(self) -> ir.Table:
        """The entities that the lines in the scope of each audit name; materialised."""
        declarations = self.table("declarations")
        first_versions = lines.with_line_facts(declarations.filter(declarations.version == 0))
        return self.materialise(entities.in_scope(self.audit_steps, first_versions))

    def steps_over(self, entity: tuple[str, ...]) -> ir.Table:
        """The audit steps spread over the entities that the audited lines name; materialised."""
        if entity not in self._steps_over:
            spread = entities.by_entity(self.audit_steps, self.audited_scope, entity)
            self._steps_over[entity] = self.materialise(spread)
        return self._steps_over[entity]
