"""Debts: assessments reduced or cancelled, and payments made late or not at all."""

from datetime import date

import ibis
from ibis.expr import types as ir

from features import exact
from features.feature import Example, feature
from features.library.history.inputs import FINDINGS
from features.library.literature import LETTERS, WCO_AUDIT
from features.prepare.spans import days_between
from features.unit import Unit

DUE = "payments.due_on payments.paid_on payments.amount payments.known_on"


@feature(
    source="audits",
    unit=Unit.SHARE,
    indicator="overturned_share",
    reference=LETTERS,
    inputs=FINDINGS,
    label="Assessments overturned",
    phrase="{value} of what audits assessed was later reduced or cancelled.",
    why="Assessments that do not stand bring in less than they first say: the more was overturned, the less "
    "will stand.",
    monotone=-1,
    example=Example("overturned gross_assessed", [(50.0, 200.0), (0.0, 300.0)], 0.1),
)
def overturned_share(audits: ir.Table) -> ir.FloatingScalar:
    """Money reduced or cancelled / additional revenue first assessed."""
    return exact.share(audits.overturned.sum(), audits.gross_assessed.sum())


@feature(
    source="payments",
    months=(12, 24),
    unit=Unit.DAY,
    indicator="lateness",
    reference=WCO_AUDIT,
    inputs=DUE,
    label="Days late in paying",
    phrase="Customs debts due in {window} were paid {value} late, on average by amount.",
    why="Who is short of money pays late, and is tempted to declare less: the later, the more so.",
    monotone=1,
    example=Example(
        "cutoff due_on paid_on amount",
        [
            (date(2024, 7, 1), date(2024, 6, 1), None, 100.0),
            (date(2024, 7, 1), date(2024, 4, 1), date(2024, 4, 11), 200.0),
            (date(2024, 7, 1), date(2024, 3, 1), date(2024, 2, 1), 100.0),
        ],
        (30.0 * 100.0 + 10.0 * 200.0) / 400.0,
    ),
)
def days_late(payments: ir.Table) -> ir.FloatingScalar:
    """Mean days from due to paid, weighted by amount; unpaid debts are late up to the cutoff."""
    late = days_between(payments.due_on, payments.paid_on.coalesce(payments.cutoff))
    return exact.weighted_mean(ibis.greatest(late, 0.0), payments.amount)


@feature(
    source="payments",
    months=(24,),
    unit=Unit.SHARE,
    indicator="lateness",
    reference=WCO_AUDIT,
    inputs=DUE,
    label="Unpaid debts",
    phrase="{value} of the customs debts due in {window} are not paid.",
    why="Unpaid debts show a trader in trouble, and money that an audit may not collect.",
    example=Example(
        "paid_on amount", [(None, 100.0), (date(2024, 4, 11), 200.0), (date(2024, 2, 1), 100.0)], 0.25
    ),
)
def unpaid_share(payments: ir.Table) -> ir.FloatingScalar:
    """Share of the money due that is not known to be paid."""
    return exact.share_where(payments.amount, payments.paid_on.isnull())
