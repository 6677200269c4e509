"""Prepared tables of one build: each written once, for the traders and windows of any spine."""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cached_property

from ibis.expr import types as ir

from features import successors
from features.as_known import known_before
from features.data.warehouse import Warehouse
from features.days import ANCHORS, named_day
from features.prepare import audits, editions, entities, levies, lines, records, tariff, track
from features.prepare.facts import FACTS, PAST_REACH, PEERS_REACH, Rates, tallied, with_facts
from features.prepare.script import Writer
from features.spine import quarters_between

LINE_KEYS = frozenset(records.BASE_COLUMNS)


class Prepared:
    """The tables that a build reads: those of the contract, and the prepared tables made of them.

    They are written into a script: what several features read is stored once while that is run. Lines have
    `line_columns`, and are read from parts where the layout of the script has them.
    """

    def __init__(self, writer: Writer, *, line_columns: frozenset[str]) -> None:
        self.line_columns = line_columns | LINE_KEYS
        self._writer = writer
        self._tables: dict[str, ir.Table] = {}
        self._steps_over: dict[tuple[str, ...], ir.Table] = {}

    def materialise(self, table: ir.Table) -> ir.Table:
        """Compute a table once and store it on the engine until the run ends."""
        return self._writer.materialise(table)

    def table(self, name: str) -> ir.Table:
        """Return a table of the contract; lines have their levies and subheading beside them."""
        if name not in self._tables:
            is_lines = name == "declarations"
            self._tables[name] = (
                self._writer.view(editions.with_subheading(levies.declared(self._writer), self._writer))
                if is_lines
                else self._writer.table(name)
            )
        return self._tables[name]

    @property
    def spine_rows(self) -> ir.Table:
        """The spine: trader_id, cutoff, cutoff_quarter, and the first day of each window."""
        return self._writer.spine

    @cached_property
    def traders(self) -> ir.Table:
        """The numbers of the traders of the spine, each once."""
        return self.numbers.select("trader_id").distinct()

    @cached_property
    def numbers(self) -> ir.Table:
        """The spine once for each number that its trader had; materialised."""
        links = self._writer.optional_table("links")
        return self.materialise(successors.with_numbers(self.spine_rows, links))

    @cached_property
    def quarters(self) -> ir.Table:
        """The first days of the quarters in which cutoffs lie, as `cutoff_quarter`."""
        return self.spine_rows.select("cutoff_quarter").distinct()

    @cached_property
    def declared(self) -> ir.Table:
        """All lines known before the last cutoff that peers or windows can reach, with their own facts.

        Amendments are among them however old they are: one may end a version that a window reaches.
        """
        declarations = self.table("declarations")
        peers_from = named_day("first_quarter", PEERS_REACH)
        reached = declarations.filter(
            known_before(declarations, named_day("last_cutoff")),
            (declarations.known_on >= peers_from)
            | (declarations.accepted_on >= named_day("first_day"))
            | (declarations.version > 0),
        )
        return self._writer.view(lines.with_line_facts(reached))

    @cached_property
    def ends(self) -> ir.Table:
        """The days from which versions of lines no longer hold; materialised."""
        return self.materialise(lines.ends(self.declared))

    @cached_property
    def lines(self) -> ir.Table:
        """The lines of these traders, with the columns that features need; materialised."""
        cached = self._writer.line_parts
        rows = self._lines_with_facts() if cached is None else self._reached(cached)
        return self.materialise(lines.with_validity(rows, self.ends).select(*sorted(self.line_columns)))

    def _reached(self, rows: ir.Table) -> ir.Table:
        """Return the lines of these traders that a window reaches."""
        recent = rows.filter(
            known_before(rows, named_day("last_cutoff")), rows.accepted_on >= named_day("first_day")
        )
        return recent.semi_join(self.traders, "trader_id")

    def _lines_with_facts(self) -> ir.Table:
        """Return the lines of these traders with the facts that features need."""
        facts = self.line_columns & FACTS
        tallies = tallied(
            self.declared.filter(self.declared.version == 0),
            self._own_first_versions(),
            facts=facts,
            intermediate=self._writer,
        )
        has_rates = bool(facts & tariff.FACTS) and self._writer.has("tariff.rate")
        return with_facts(
            self._reached(self.declared),
            tallies,
            facts=facts,
            rates=Rates(self.table("tariff"), self.rated_codes) if has_rates else None,
            intermediate=self._writer,
        )

    def _own_first_versions(self) -> ir.Table:
        """Return the first versions of these traders' lines that own pasts reach."""
        declarations = self.table("declarations")
        past_from = named_day("first_quarter", PAST_REACH)
        reached = declarations.filter(
            known_before(declarations, named_day("last_cutoff")),
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


def lines_in_parts(
    warehouse: Warehouse, cutoffs: Sequence[date], *, line_columns: frozenset[str]
) -> ir.Table | None:
    """Return the lines that windows before these cutoffs reach, from the parts made of them earlier.

    None where one is missing, where parts lack a column, and where no fact of a line is needed: facts alone
    are dear.
    """
    parts = warehouse.line_parts
    if parts is None or not line_columns & FACTS:
        return None
    first_day = max(ANCHORS["first_day"](cutoffs), parts.begin)
    quarters = quarters_between(first_day, cutoffs[-1] - timedelta(days=1))
    files = [parts.files[quarter] for quarter in quarters if quarter in parts.files]
    if not files or len(files) < len(quarters):
        return None
    cached = warehouse.read_files(files)
    return cached if (line_columns | LINE_KEYS).issubset((*cached.columns, "superseded_on")) else None
