"""Shortfall: the duty that a line did not bear under a preference or relief."""

import ibis
from ibis.expr import types as ir

from features.library.at_stake import TAXES, on_missing_rate

RATED = f"declarations.hs_code declarations.duty_rate declarations.customs_value {TAXES}"
SHORTFALL = "customs_value duty_rate general_rate peer_mean_full_rate duty_assessed vat_assessed"
"""The columns that worked examples name for it."""


def due_rate(lines: ir.Table) -> ir.FloatingColumn:
    """Return the general rate of the code; where the tariff has none, what others pay for such goods.

    Others pay the mean rate of the importers of the heading who claim no preference, in the year before the
    line's quarter. So the rate is known without a tariff too.
    """
    return ibis.coalesce(lines.general_rate, lines.peer_mean_full_rate)


def forgone(lines: ir.Table) -> ir.FloatingColumn:
    """Return value x (rate due - rate paid) and the VAT on it; 0 where that is below zero or not known."""
    return on_missing_rate(lines, due_rate(lines) - lines.duty_rate).fill_null(0.0)
