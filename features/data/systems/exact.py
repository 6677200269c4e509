"""Decimal arithmetic: money times a rate, exact to four decimal places of amounts and eight of rates."""

from decimal import Decimal
from functools import reduce
from operator import or_

import ibis
from ibis.expr import types as ir

from features.data.contract.rule import RowRule

# 19 digits: below that DuckDB keeps products in 64 bits, and they overflow.
AMOUNT = ibis.dtype("decimal(19, 4)")
RATE = ibis.dtype("decimal(19, 8)")
LARGEST_AMOUNT = 10.0**14
LARGEST_RATE = 10.0**7
PERCENT = Decimal("0.01")


def times(amount: ir.NumericValue, rate: ir.NumericValue) -> ir.DecimalValue:
    """Return amount times rate, exact to the decimal places above; both must keep the rules below."""
    return amount.cast(AMOUNT) * rate.cast(RATE)


def of_percent(percent: ir.NumericValue) -> ir.DecimalValue:
    """Return a percentage as a fraction: 6.5 becomes 0.065."""
    return percent.cast("decimal(13, 6)") * ibis.literal(PERCENT, type="decimal(3, 2)")


def computable_amounts(*columns: str) -> RowRule:
    """Return the rule that amounts are small enough for exact arithmetic (NaN is not)."""
    return _below(LARGEST_AMOUNT, columns, name="computable_amount", words="must be below 10^14")


def computable_rates(*columns: str) -> RowRule:
    """Return the rule that rates are small enough for exact arithmetic (NaN is not)."""
    return _below(LARGEST_RATE, columns, name="computable_rate", words="must be below 10^7")


def _below(limit: float, columns: tuple[str, ...], *, name: str, words: str) -> RowRule:
    return RowRule(
        name,
        f"{', '.join(columns)} {words}",
        columns,
        lambda row: reduce(or_, (row[column].isnan() | (row[column].abs() >= limit) for column in columns)),
    )
