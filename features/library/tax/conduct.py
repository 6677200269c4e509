"""Conduct: arrears, late filing, and audits by the tax administration."""

from datetime import date

from ibis.expr import types as ir

from features.feature import Example, feature
from features.library.literature import COOPERATION, WCO_AUDIT
from features.unit import Unit


@feature(
    source="tax_returns",
    months=(12,),
    unit=Unit.MONEY,
    indicator="tax_conduct",
    reference=WCO_AUDIT,
    inputs="tax_returns.arrears",
    label="Tax in arrears",
    phrase="Up to {value} of tax was overdue in {window}.",
    why="Who cannot or will not pay its taxes is tempted to lower them: the more is overdue, the more so.",
    monotone=1,
    example=Example("arrears", [(0.0,), (500.0,), (None,)], 500.0),
)
def tax_arrears(tax_returns: ir.Table) -> ir.FloatingScalar:
    """The highest tax overdue that a return states."""
    return tax_returns.arrears.max()


@feature(
    source="filings",
    months=(24,),
    unit=Unit.DAY,
    indicator="tax_conduct",
    reference=WCO_AUDIT,
    inputs="tax_returns.filed_on",
    label="Days until tax returns are filed",
    phrase="Tax returns were filed {value} after the end of their period, on average over {window}.",
    why="Late books are often unsound books: the later, the likelier.",
    monotone=1,
    example=Example(
        "period_to first_filed_on",
        [(date(2024, 3, 31), date(2024, 4, 30)), (date(2024, 6, 30), date(2024, 8, 9))],
        35.0,
    ),
)
def filing_delay(filings: ir.Table) -> ir.FloatingScalar:
    """Mean days from the end of a period to the first return filed for it."""
    return filings.first_filed_on.delta(filings.period_to, unit="day").mean()


@feature(
    source="tax_audits",
    empty=0.0,
    unit=Unit.MONEY,
    indicator="tax_conduct",
    reference=WCO_AUDIT,
    inputs="tax_audits.adjustment",
    label="Adjusted by tax audits",
    phrase="Audits by the tax administration adjusted {value} so far.",
    why="Books that were wrong for one tax are often wrong for the other: the more was adjusted, the "
    "likelier.",
    monotone=1,
    example=Example("adjustment", [(1200.0,), (None,), (0.0,)], 1200.0),
)
def tax_adjusted(tax_audits: ir.Table) -> ir.FloatingScalar:
    """Total adjustments of the tax audits known."""
    return tax_audits.adjustment.sum()


@feature(
    source="tax_audits",
    empty=0.0,
    unit=Unit.FLAG,
    indicator="tax_conduct",
    reference=f"{WCO_AUDIT}; {COOPERATION}",
    inputs="tax_audits.opened_on tax_audits.closed_on",
    label="Tax audit open now",
    phrase="The tax administration has an audit of this trader open: {value}.",
    why="A joint audit saves the trader and both administrations time.",
    example=Example("closed_on", [(date(2023, 5, 1),), (None,)], 1.0),
)
def tax_audit_open(tax_audits: ir.Table) -> ir.FloatingScalar:
    """Whether a tax audit is known to be open."""
    return tax_audits.closed_on.isnull().ifelse(1.0, 0.0).max()
