"""The findings ledger: the money events of audits, and what they must agree with in other rows and tables."""

from collections.abc import Mapping

from ibis.expr import types as ir

from features import exact
from features.data.contract.required import FINDING_TYPES
from features.data.contract.rule import (
    LARGEST_NUMBER,
    RowRule,
    TablesRule,
    at_least,
    in_order,
    matches,
    one_of,
    without,
)
from features.data.contract.table import (
    Reference,
    Table,
    day,
    flag,
    identifier,
    known_on,
    number,
    text,
    whole,
)
from features.data.contract.violation import Severity
from features.successors import renumbered, successions
from features.unit import Unit

TAX_TYPES = ("duty", "vat", "excise", "levy", "penalty", "interest")
MONEY_EVENTS = ("assessed", "reduced", "cancelled", "upheld", "collected", "refunded", "written_off")
MOMENT = matches(
    "moment",
    "must be a moment in UTC such as 2024-11-04T09:30:00Z",
    "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z",
)


RECORDED = ("known_on", "recorded_by", "recorded_at", "confirmed")
"""Columns that whoever keeps the ledger fills, not whoever reports an event."""
LOWERING = ("reduced", "cancelled")
KEY = ("audit_id", "event_number")
Tables = Mapping[str, ir.Table]


def _lowering_raises(row: ir.Table) -> ir.BooleanValue:
    return row.event.isin((*LOWERING, "refunded")) & (row.amount > 0)


def _corrects_later(row: ir.Table) -> ir.BooleanValue:
    return row.corrects >= row.event_number


def _standing(tables: Tables) -> ir.Table:
    """Return the events that no other event corrects.

    An amount outside the domain is reported for that alone; it has no sum.
    """
    findings = tables["findings"]
    events = findings.filter(findings.amount.between(-LARGEST_NUMBER, LARGEST_NUMBER))
    corrections = findings.filter(findings.corrects.notnull())
    return without(events, corrections.select("audit_id", event_number="corrects"), KEY)


def _with_audit(tables: Tables) -> ir.Table:
    return _standing(tables).join(tables["audits"], "audit_id")


def _before_opening(tables: Tables) -> ir.Table:
    events = _with_audit(tables)
    return events.filter(events.event_on < events.opened_on).select(*KEY)


def _without_audit(tables: Tables) -> ir.Table:
    events = _with_audit(tables)
    return events.filter(events.status.notin(("open", "closed"))).select(*KEY)


def _lowered_too_far(tables: Tables) -> ir.Table:
    """Return the reductions and cancellations that, with those before them, exceed what was assessed."""
    events, tax = _standing(tables), ("audit_id", "tax_type")
    raising = events.filter(events.event == "assessed", events.amount > 0).group_by(*tax)
    assessed = raising.aggregate(assessed=lambda event: exact.total(event.amount))
    lowering = events.filter(events.event.isin(LOWERING)).select(*KEY, "tax_type", "amount")
    pairs = lowering.join(lowering.rename(earlier="event_number", lowered="amount"), tax)
    so_far = pairs.filter(pairs.earlier <= pairs.event_number).group_by(*KEY, "tax_type")
    lowered = so_far.aggregate(lowered=lambda pair: -exact.total(pair.lowered)).left_join(assessed, tax)
    return lowered.filter(lowered.lowered > lowered.assessed.fill_null(0.0)).select(*KEY)


def _named_lines(tables: Tables) -> ir.Table:
    """Return for each event that names a declaration whether it is there, the trader's, and in scope.

    A declaration under a former number of the trader is its own.
    """
    events = _with_audit(tables)
    named = events.filter(events.declaration_id.notnull()).rename(named_item="item_number")
    lines = tables["declarations"].rename(importer="trader_id")
    if "links" in tables:
        numbers = successions(tables["links"])
        lines = renumbered(lines, numbers, column="importer")
        named = renumbered(named, numbers)
    pairs = named.left_join(lines, "declaration_id")
    is_known = pairs.importer.notnull() & (
        pairs.named_item.isnull() | (pairs.named_item == pairs.item_number)
    )
    is_own = is_known & (pairs.importer == pairs.trader_id)
    is_inside = is_own & pairs.accepted_on.between(pairs.period_from, pairs.period_to)
    flags = {"is_known": is_known, "is_own": is_own, "is_inside": is_inside}
    return pairs.group_by(*KEY).aggregate(
        **{name: flag.fill_null(False).any() for name, flag in flags.items()}
    )


def _unknown_line(tables: Tables) -> ir.Table:
    named = _named_lines(tables)
    return named.filter(~named.is_known).select(*KEY)


def _foreign_line(tables: Tables) -> ir.Table:
    named = _named_lines(tables)
    return named.filter(named.is_known, ~named.is_own).select(*KEY)


def _line_out_of_scope(tables: Tables) -> ir.Table:
    named = _named_lines(tables)
    return named.filter(named.is_own, ~named.is_inside).select(*KEY)


def _corrects_nothing(tables: Tables) -> ir.Table:
    findings = tables["findings"]
    corrections = findings.filter(findings.corrects.notnull()).select(*KEY, "corrects")
    events = findings.select("audit_id", corrects="event_number")
    return without(corrections, events, ("audit_id", "corrects")).select(*KEY)


def _corrects_again(tables: Tables) -> ir.Table:
    findings = tables["findings"]
    corrections = findings.filter(findings.corrects.notnull())
    of_event = corrections.group_by("audit_id", "corrects")
    first = of_event.aggregate(first=corrections.event_number.min())
    pairs = corrections.join(first, ("audit_id", "corrects"))
    return pairs.filter(pairs.event_number > pairs.first).select(*KEY)


def _skips(tables: Tables) -> ir.Table:
    findings = tables["findings"].select(*KEY)
    following = findings.mutate(event_number=findings.event_number + 1)
    return without(findings.filter(findings.event_number > 1), following, KEY)


def declared_in_scope(tables: Tables) -> ir.Table:
    """Return by `audit_id` what the trader `declared` in the scope of the audit: customs value and all taxes.

    First versions count, cancelled declarations left out. No audit can bring more unless goods were worth
    twice what was declared or more, so that an event of a larger amount deserves a second look.
    """
    declarations, audits = _with_levies(tables), tables["audits"]
    first = declarations.filter(declarations.version == 0, declarations.cancelled_on.isnull())
    lines = first.join(audits.select("audit_id", "trader_id", "period_from", "period_to"), "trader_id")
    inside = lines.filter(lines.accepted_on.between(lines.period_from, lines.period_to))
    money = inside.customs_value + inside.duty_assessed + inside.vat_assessed
    declared = money + inside.excise_assessed.fill_null(0.0) + inside.levied
    return inside.group_by("audit_id").aggregate(declared=exact.total(declared))


def _with_levies(tables: Tables) -> ir.Table:
    """Add what was `levied` on each line beside its taxes; 0 where a source has no table of levies."""
    declarations, levies = tables["declarations"], tables.get("levies")
    if levies is None:
        return declarations.mutate(levied=0.0)
    key = ("declaration_id", "item_number", "version")
    counted = levies.filter(levies.amount.between(0.0, LARGEST_NUMBER))
    levied = counted.group_by(*key).aggregate(levied=exact.total(counted.amount))
    joined = declarations.left_join(levied, key)
    return joined.select(*declarations.columns, levied=joined.levied.fill_null(0.0))


def _beyond_declared(tables: Tables) -> ir.Table:
    events = _with_audit(tables).filter(lambda event: ~event.confirmed.fill_null(False))
    audits = tables["audits"].filter(tables["audits"].audit_id.isin(events.audit_id))
    joined = events.left_join(declared_in_scope({**tables, "audits": audits}), "audit_id")
    return joined.filter(joined.amount.abs() > joined.declared.fill_null(0.0)).select(*KEY)


LINE = ("declaration_id", "item_number", "corrects")
BEYOND_DECLARED = TablesRule(
    name="beyond_declared",
    words="must not exceed the customs value and taxes that the trader declared in the audit's scope",
    column="amount",
    columns=("amount", "corrects", "confirmed"),
    broken=_beyond_declared,
    severity=Severity.NOTE,
    advice="Look again; what is right stays, and may be marked as confirmed.",
)
UNKNOWN_LINE = TablesRule(
    name="line_known",
    words="must be in declarations, and the item in it",
    column="declaration_id",
    columns=LINE,
    broken=_unknown_line,
    severity=Severity.NOTE,
    advice="The money counts; which goods it was found on is not known. Export the declarations too.",
)
FOREIGN_LINE = TablesRule(
    name="line_of_trader",
    words="must be a declaration of the audit's trader",
    column="declaration_id",
    columns=LINE,
    broken=_foreign_line,
)
RULES = (
    TablesRule(
        name="audit_opened",
        words="must not be before the audit was opened",
        column="event_on",
        columns=("event_on", "corrects"),
        broken=_before_opening,
    ),
    TablesRule(
        name="audit_goes_on",
        words="must be of an open or closed audit, not a planned or abandoned one",
        column="audit_id",
        columns=("corrects",),
        broken=_without_audit,
    ),
    TablesRule(
        name="lowered_at_most",
        words="reduced and cancelled events must not exceed what was assessed of the tax in the audit",
        columns=("tax_type", "event", "amount", "corrects"),
        broken=_lowered_too_far,
    ),
    UNKNOWN_LINE,
    FOREIGN_LINE,
    TablesRule(
        name="line_in_scope",
        words="must be accepted within the audit's scope",
        column="declaration_id",
        columns=LINE,
        broken=_line_out_of_scope,
    ),
    TablesRule(
        name="corrects_event",
        words="must name an event of the audit",
        column="corrects",
        columns=("corrects",),
        broken=_corrects_nothing,
    ),
    TablesRule(
        name="corrected_once",
        words="must name an event that no other corrects: a second correction corrects the first",
        column="corrects",
        columns=("corrects",),
        broken=_corrects_again,
    ),
    TablesRule(
        name="numbers_follow",
        words="must be the next number of the audit",
        column="event_number",
        columns=(),
        broken=_skips,
        severity=Severity.NOTE,
        advice="An event may be missing: look whether all of the ledger was exported.",
    ),
    BEYOND_DECLARED,
)

FINDINGS = Table(
    name="findings",
    row="a money event of an audit; a ledger, append only",
    required=True,
    key=("audit_id", "event_number"),
    references=(Reference("audit_id", "audits", structural=True),),
    between=RULES,
    reads={
        "audits": ("audit_id", "trader_id", "opened_on", "period_from", "period_to", "status"),
        "declarations": (
            "declaration_id",
            "item_number",
            "version",
            "trader_id",
            "accepted_on",
            "customs_value",
            "duty_assessed",
            "vat_assessed",
            "excise_assessed",
            "cancelled_on",
        ),
        "links": ("from_id", "to_id", "link_type", "valid_from", "valid_to", "known_on"),
        "levies": ("declaration_id", "item_number", "version", "amount"),
    },
    rules=(
        in_order("event_on", "known_on"),
        RowRule(
            "corrects_earlier",
            "corrects must name an earlier event",
            ("event_number", "corrects"),
            _corrects_later,
        ),
        RowRule(
            "sign_of_event",
            "amount must not be positive for a reduced, cancelled or refunded event",
            ("event", "amount"),
            _lowering_raises,
        ),
    ),
    note=(
        "The label is derived from this ledger as of a day, never stored. The `assessed` yield of an audit "
        "is the sum of assessed, reduced and cancelled; `collected` that of collected and refunded. An audit "
        "that closed with no row here has yield 0; an audit not closed by that day has no label. A mistake "
        "is put right by a new row that `corrects` the wrong one: it stands in its place from the day after "
        "its own `known_on`, and what was known until then stays as it was."
    ),
    columns=(
        identifier("audit_id", "the audit", required=True),
        whole("event_number", "counts the events of the audit", at_least(1), required=True),
        text("finding_type", "what was wrong", one_of(*FINDING_TYPES), required=True),
        text("tax_type", "tax", one_of(*TAX_TYPES), required=True),
        text("event", "what happened to the money", one_of(*MONEY_EVENTS), required=True),
        number(
            "amount",
            "signed: assessed above 0 is additional revenue, a refund to the trader is negative",
            Unit.MONEY,
            required=True,
        ),
        day("event_on", "day of the event", required=True),
        known_on(default="event_on"),
        identifier("declaration_id", "the declaration on which it was found"),
        whole("item_number", "the goods item on which it was found", at_least(1)),
        text("culpability", "degree of fault", one_of("error", "negligence", "fraud")),
        whole("corrects", "the event of the audit in whose place this one stands", at_least(1)),
        identifier("recorded_by", "who recorded it here; empty where it came from elsewhere"),
        text("recorded_at", "when it was recorded here, in UTC", MOMENT),
        flag("confirmed", "a second look confirmed an amount beyond what was declared"),
    ),
)
