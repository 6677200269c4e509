"""Tiny administrations, row by row."""

from collections.abc import Sequence
from datetime import date

from tests.features.tables import Row, Tables


def day(text: str) -> date:
    """Return an ISO day."""
    return date.fromisoformat(text)


def _dated(row: Row) -> Row:
    return {
        name: day(value)
        if isinstance(value, str) and name.endswith(("_on", "_from", "_to", "_since", "_due"))
        else value
        for name, value in row.items()
    }


def trader(trader_id: str, valid_from: str = "2015-01-01", **other: object) -> Row:
    """Return a description of a trader; days are ISO text."""
    return _dated(
        {"trader_id": trader_id, "valid_from": valid_from, "registered_on": "2015-01-01"}
        | {"sector": "46", "size_band": "small", **other}
    )


def line(declaration_id: str, trader_id: str, accepted_on: str, **other: object) -> Row:
    """Return a line worth 1,000 without duty."""
    return _dated(
        {
            "declaration_id": declaration_id,
            "item_number": 1,
            "version": 0,
            "accepted_on": accepted_on,
            "trader_id": trader_id,
            "office_code": "01",
            "procedure_code": "4000",
            "hs_code": "610910",
            "origin_country": "CN",
            "customs_value": 1000.0,
            "net_mass_kg": 10.0,
            "duty_rate": 0.0,
            "duty_assessed": 0.0,
            "vat_assessed": 0.0,
            **other,
        }
    )


def audit(audit_id: str, trader_id: str, opened_on: str, closed_on: str | None, **other: object) -> Row:
    """Return a field audit of the year 2022, closed where it has a day of closing."""
    return _dated(
        {
            "audit_id": audit_id,
            "trader_id": trader_id,
            "treatment": "field",
            "selection_channel": "rule",
            "period_from": "2022-01-01",
            "period_to": "2022-12-31",
            "opened_on": opened_on,
            "closed_on": closed_on,
            "status": "closed" if closed_on else "open",
            **other,
        }
    )


def finding(audit_id: str, event_number: int, event_on: str, amount: float, **other: object) -> Row:
    """Return a duty assessed on valuation."""
    return _dated(
        {
            "audit_id": audit_id,
            "event_number": event_number,
            "finding_type": "valuation",
            "tax_type": "duty",
            "event": "assessed",
            "amount": amount,
            "event_on": event_on,
            "culpability": "error",
            **other,
        }
    )


def administration(**tables: Sequence[Row]) -> Tables:
    """Return the required tables, empty of audits, with the given rows in the place of theirs."""
    nothing = audit("A0", "NOBODY", "2000-01-01", None), finding("A0", 1, "2000-01-01", 0.0)
    given: Tables = {
        "traders": [trader("T1")],
        "declarations": [line("D0", "T1", "2022-06-01")],
        "audits": [nothing[0]],
        "findings": [nothing[1]],
    }
    return given | {name: [_dated(row) for row in rows] for name, rows in tables.items()}
