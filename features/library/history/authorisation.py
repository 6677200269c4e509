"""Authorisation: whether the trader is an authorised economic operator, since when, until when."""

from datetime import date

import ibis
from ibis.expr import types as ir

from features.feature import Example, feature
from features.library.literature import AEO
from features.prepare.spans import months_between, years_between
from features.unit import Unit


def _status_is(described: ir.Table, *statuses: str) -> ir.FloatingScalar:
    holds = ibis.cases((described.aeo_status.isin(statuses), 1.0), (described.aeo_status.notnull(), 0.0))
    return holds.max()


@feature(
    source="descriptions",
    unit=Unit.FLAG,
    indicator="aeo_state",
    reference=AEO,
    inputs="traders.aeo_status",
    label="Authorised for customs simplifications",
    phrase="Authorised economic operator for customs simplifications: {value}.",
    why="Authorised traders have had their procedures examined; others have not.",
    monotone=-1,
    example=Example("aeo_status", [("aeo_f",)], 1.0),
)
def authorised_for_customs(described: ir.Table) -> ir.FloatingScalar:
    """1 where the trader is an authorised operator of type C or F (full), else 0."""
    return _status_is(described, "aeo_c", "aeo_f")


@feature(
    source="descriptions",
    unit=Unit.FLAG,
    indicator="aeo_state",
    reference=AEO,
    inputs="traders.aeo_status",
    label="Authorised for security",
    phrase="Authorised economic operator for security and safety: {value}.",
    why="Authorised traders have had their supply chain examined; others have not.",
    monotone=-1,
    example=Example("aeo_status", [("aeo_c",)], 0.0),
)
def authorised_for_security(described: ir.Table) -> ir.FloatingScalar:
    """1 where the trader is an authorised operator of type S or F (full), else 0."""
    return _status_is(described, "aeo_s", "aeo_f")


@feature(
    source="descriptions",
    unit=Unit.YEAR,
    indicator="aeo_state",
    reference=AEO,
    inputs="traders.aeo_status traders.aeo_since",
    label="Time as authorised operator",
    phrase="The trader has been an authorised economic operator for {value}.",
    why="An authorisation rests on what was examined when it was granted: the longer ago, the more may have "
    "changed.",
    tends=1,
    example=Example(
        "cutoff aeo_status aeo_since", [(date(2024, 7, 1), "aeo_c", date(2023, 7, 2))], 365 / 365.25
    ),
)
def authorised_years(described: ir.Table) -> ir.FloatingScalar:
    """Years since the authorisation in force; empty without one."""
    years = years_between(described.aeo_since, described.cutoff)
    return years.max(where=described.aeo_status != "none")


@feature(
    source="descriptions",
    unit=Unit.MONTH,
    indicator="aeo_state",
    reference=AEO,
    inputs="traders.aeo_status traders.aeo_revalidation_due",
    label="Time to revalidation",
    phrase="The revalidation of the authorisation [is due in|is overdue by] {value}.",
    why="The nearer revalidation is, or the longer overdue, the longer nobody has examined the trader.",
    tends=-1,
    example=Example(
        "cutoff aeo_status aeo_revalidation_due",
        [(date(2024, 7, 1), "aeo_c", date(2024, 6, 1))],
        -30 / (365.25 / 12),
    ),
)
def months_to_revalidation(described: ir.Table) -> ir.FloatingScalar:
    """Months until the next revalidation is due; empty without an authorisation."""
    months = months_between(described.cutoff, described.aeo_revalidation_due)
    return months.max(where=described.aeo_status != "none")


@feature(
    source="past_descriptions",
    unit=Unit.FLAG,
    indicator="aeo_state",
    reference=AEO,
    inputs="traders.aeo_status",
    label="Authorisation lost",
    phrase="The trader was an authorised economic operator and is none now: {value}.",
    why="Authorisations are suspended or given up where the conditions are no longer met; who lost none met "
    "them.",
    monotone=1,
    example=Example("valid_from aeo_status", [(date(2020, 1, 1), "aeo_c"), (date(2023, 1, 1), "none")], 1.0),
)
def authorisation_lost(described: ir.Table) -> ir.FloatingScalar:
    """1 where a description without authorisation follows the last one with; empty without descriptions."""
    none = described.valid_from.max(where=described.aeo_status == "none")
    held = described.valid_from.max(where=described.aeo_status != "none")
    not_lost = (none.notnull() | held.notnull()).ifelse(0.0, ibis.null("float64"))
    return (none > held).fill_null(False).ifelse(1.0, not_lost)
