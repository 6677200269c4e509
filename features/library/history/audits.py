"""Audits: their number, age and findings, compared with those of others of the sector and size."""

from datetime import date

from ibis.expr import types as ir

from features.feature import Example, feature
from features.library.history.inputs import AUDITED, FINDINGS, RECORD
from features.library.history.yields import yield_from
from features.library.literature import ARMENIA, DATE, WCO_AUDIT
from features.prepare.spans import months_between
from features.prepare.track import shrunk
from features.unit import Unit


@feature(
    source="audits",
    empty=0.0,
    unit=Unit.COUNT,
    indicator="audits_and_recency",
    reference=f"{WCO_AUDIT}; {ARMENIA}",
    inputs=AUDITED,
    label="Audits so far",
    phrase="Audits of this trader closed so far: {value}.",
    why="What audits have seen is better known, and put right: the more audits, the less is left to find.",
    tends=-1,
    example=Example("is_closed", [(True,), (False,), (True,)], 2.0),
)
def closed_audits(audits: ir.Table) -> ir.IntegerScalar:
    """Number of audits closed; one that is still open or was abandoned is none."""
    return audits.count(where=audits.is_closed)


@feature(
    source="audits",
    unit=Unit.MONTH,
    indicator="audits_and_recency",
    reference=f"{WCO_AUDIT}; {ARMENIA}",
    inputs=AUDITED,
    label="Time since the last audit",
    phrase="The last audit was closed {value} ago.",
    why="Just after an audit habits are better: the longer nobody has looked, the more they slip.",
    tends=1,
    example=Example(
        "cutoff closed_on",
        [
            (date(2024, 7, 1), date(2023, 7, 2)),
            (date(2024, 7, 1), date(2020, 1, 1)),
            (date(2024, 7, 1), None),
        ],
        365 / (365.25 / 12),
    ),
)
def months_since_audit(audits: ir.Table) -> ir.FloatingScalar:
    """Months from the closing of the last closed audit; empty where none is closed."""
    return months_between(audits.closed_on, audits.cutoff).min()


@feature(
    source="track_record",
    unit=Unit.PROBABILITY,
    indicator="shrunk_adjustment_rate",
    reference=f"{DATE}; {ARMENIA}",
    inputs=FINDINGS,
    label="Share of audits with an adjustment",
    phrase="By its own audits and those of others of its sector and size, {value} of audits find something.",
    why="The more often a trader, or those who trade like it, was adjusted, the likelier it is again.",
    monotone=1,
    example=Example("audits adjusted other_audits other_adjusted", [(2.0, 1.0, 1.0, 0.25)], 3.5 / 12.0),
)
def adjustment_rate(record: ir.Table) -> ir.FloatingScalar:
    """(own audits adjusted + 10 x others' share) / (own audits + 10), others of the same sector and size."""
    return shrunk(record, "adjusted", per="audits")


@feature(
    source="track_record",
    unit=Unit.SHARE,
    indicator="shrunk_yield_per_value",
    reference=DATE,
    inputs=RECORD,
    label="Audit yield on value",
    phrase="By its own audits and those of others of its sector and size, audits assess {value} of the "
    "customs value they cover.",
    why="What past audits brought in on the goods they covered is the plainest forecast of the next: the "
    "more it was, the more it will be.",
    monotone=1,
    example=Example(
        "assessed audited_value other_assessed other_audited_value",
        [(500.0, 10_000.0, 100.0, 9_000.0)],
        1_500.0 / 100_000.0,
    ),
)
def yield_on_value(record: ir.Table) -> ir.FloatingScalar:
    """(own net assessed + 10 x others' mean) / (own audited value + 10 x others' mean), both an audit."""
    return shrunk(record, "assessed", per="audited_value")


@yield_from(
    "valuation",
    fault="values declared too low",
    row=(0.0, 0.0, 90.0, 9_000.0),
    value=0.01,
)
def valuation_yield(record: ir.Table) -> ir.FloatingScalar:
    """As `yield_on_value`, of findings on valuation alone."""
    return shrunk(record, "assessed_valuation", per="audited_value")


@yield_from(
    "classification",
    fault="wrong tariff codes",
    row=(200.0, 10_000.0, 0.0, 1_000.0),
    value=0.01,
)
def classification_yield(record: ir.Table) -> ir.FloatingScalar:
    """As `yield_on_value`, of findings on classification alone."""
    return shrunk(record, "assessed_classification", per="audited_value")


@yield_from(
    "origin",
    fault="wrong origins and preferences",
    row=(200.0, 10_000.0, 0.0, 1_000.0),
    value=0.01,
)
def origin_yield(record: ir.Table) -> ir.FloatingScalar:
    """As `yield_on_value`, of findings on origin alone."""
    return shrunk(record, "assessed_origin", per="audited_value")


@yield_from(
    "quantity",
    fault="wrong quantities",
    row=(200.0, 10_000.0, 0.0, 1_000.0),
    value=0.01,
)
def quantity_yield(record: ir.Table) -> ir.FloatingScalar:
    """As `yield_on_value`, of findings on quantity alone."""
    return shrunk(record, "assessed_quantity", per="audited_value")


@yield_from(
    "procedure",
    fault="misused procedures and reliefs",
    row=(200.0, 10_000.0, 0.0, 1_000.0),
    value=0.01,
)
def procedure_yield(record: ir.Table) -> ir.FloatingScalar:
    """As `yield_on_value`, of findings on procedure alone."""
    return shrunk(record, "assessed_procedure", per="audited_value")
