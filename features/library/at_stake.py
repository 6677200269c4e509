"""At stake: the taxes that would be due in addition if a suspicion proved right, line by line."""

from ibis.expr import types as ir

from features.prepare.lines import SLIP

TAXES = "declarations.duty_assessed declarations.vat_assessed"
"""The columns of the contract for the taxes that grow with the customs value."""


def on_missing_value(lines: ir.Table, shortfall: ir.FloatingColumn) -> ir.FloatingColumn:
    """Return the duty and VAT on the value that a line lacks, 0 where it lacks none.

    `shortfall` is ln(value as it should be / value declared); it counts up to ten times off. Both taxes grow
    with the value, so what is missing of the value is missing of them.
    """
    return missing_share(shortfall) * (lines.duty_assessed + lines.vat_assessed)


def missing_share(shortfall: ir.FloatingColumn) -> ir.FloatingColumn:
    """Return what is missing as a share of what was declared, from 0 to 9, of a logarithm of their ratio."""
    return shortfall.clip(0.0, SLIP).exp() - 1.0


def on_missing_rate(lines: ir.Table, missing_rate: ir.FloatingColumn) -> ir.FloatingColumn:
    """Return the duty on a line at the rate that is missing, where above 0, and the VAT on that duty.

    VAT counts up to the value itself: where it is more, the value is a slip of the pen.
    """
    vat = lines.vat_assessed / (lines.customs_value + lines.duty_assessed).nullif(0.0)
    return lines.customs_value * missing_rate.clip(lower=0.0) * (1.0 + vat.fill_null(0.0).clip(0.0, 1.0))
