"""Shortfall: the duty that a line did not bear, and the VAT on it."""

import ibis
from ibis.expr import types as ir

SHORTFALL = "customs_value duty_rate general_rate peer_mean_duty_rate vat_rate"
"""The columns that worked examples name for it."""


def due_rate(lines: ir.Table) -> ir.FloatingColumn:
    """Return the general rate of the code; where the tariff has none, what others pay for such goods.

    Others pay the mean rate of the importers of the subheading, else of the heading, in the year before the
    line's quarter. So the rate is known without a tariff too.
    """
    return ibis.coalesce(lines.general_rate, lines.peer_mean_duty_rate)


def forgone(lines: ir.Table) -> ir.FloatingColumn:
    """Return value x (rate due - rate paid), where above zero, with VAT on it at the line's own rate."""
    return with_vat(lines, due_rate(lines) - lines.duty_rate)


def with_vat(lines: ir.Table, rate: ir.FloatingValue) -> ir.FloatingColumn:
    """Return the duty at a rate and the VAT on it; 0 where the rate is not known or not above zero."""
    return lines.customs_value * rate.fill_null(0.0).clip(lower=0.0) * (1.0 + lines.vat_rate)


def below_general(lines: ir.Table, relieved: ir.BooleanColumn) -> ir.FloatingScalar:
    """Σ value x (general rate - rate paid) of the relieved lines; a code the tariff lacks adds nothing."""
    saved = lines.general_rate - lines.duty_rate
    return (relieved & (saved > 0)).ifelse(lines.customs_value * saved, 0.0).sum()
