"""Days on which rows became known, and the tables as they were before a day."""

from datetime import date

from features.proofs.tables import Row, Tables

KNOWN_BY_DEFAULT = {
    "declarations": "accepted_on",
    "traders": "valid_from",
    "audits": "opened_on",
    "findings": "event_on",
    "tariff": "valid_from",
    "hs_correlations": "valid_from",
    "tax_returns": "filed_on",
}


def known(table: str, row: Row) -> date:
    """Return the day on which a row became known."""
    day: date = row.get("known_on") or row[KNOWN_BY_DEFAULT[table]]
    return day


def past(tables: Tables, cutoff: date) -> Tables:
    """Return what was known before a day: a later row is left out, a later end not told."""
    earlier = {name: [r for r in rows if known(name, r) < cutoff] for name, rows in tables.items()}
    return earlier | {
        "declarations": [_still_standing(row, cutoff) for row in earlier["declarations"]],
        "audits": [_still_open(row) if _closes_from(row, cutoff) else row for row in earlier["audits"]],
        "tariff": [row | {"valid_to": None} if _ends_from(row, cutoff) else row for row in earlier["tariff"]],
    }


def _closes_from(row: Row, cutoff: date) -> bool:
    return row["closed_on"] is None or row["closed_on"] >= cutoff


def _still_open(row: Row) -> Row:
    return row | {"closed_on": None, "status": "open", "hours_spent": None}


def _still_standing(row: Row, cutoff: date) -> Row:
    is_known = row["cancelled_on"] is not None and row["cancelled_on"] < cutoff
    return row if is_known else row | {"cancelled_on": None}


def _ends_from(row: Row, cutoff: date) -> bool:
    return row["valid_to"] is not None and row["valid_to"] >= cutoff
