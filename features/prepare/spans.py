"""Spans of time between two days, in the units that auditors read."""

from ibis.expr import types as ir

DAYS_A_YEAR = 365.25
DAYS_A_MONTH = DAYS_A_YEAR / 12


def days_between(since: ir.DateValue, until: ir.DateValue) -> ir.FloatingValue:
    """Return the days from `since` to `until`, below zero where `until` comes first."""
    return until.delta(since, unit="day").cast("float64")


def months_between(since: ir.DateValue, until: ir.DateValue) -> ir.FloatingValue:
    """Return the months from `since` to `until`, of a twelfth of a year each."""
    return days_between(since, until) / DAYS_A_MONTH


def years_between(since: ir.DateValue, until: ir.DateValue) -> ir.FloatingValue:
    """Return the years from `since` to `until`, of 365.25 days each."""
    return days_between(since, until) / DAYS_A_YEAR
