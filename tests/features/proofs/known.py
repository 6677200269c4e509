"""What was known before a day, and the same tables in another order or with less in them."""

from collections.abc import Callable
from datetime import date

from tests.features.proofs.draw import Draw
from tests.features.tables import Row, Tables

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
    day = row.get("known_on") or row[KNOWN_BY_DEFAULT[table]]
    assert isinstance(day, date)
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
    told = row["cancelled_on"] is not None and row["cancelled_on"] < cutoff
    return row if told else row | {"cancelled_on": None}


def _ends_from(row: Row, cutoff: date) -> bool:
    return row["valid_to"] is not None and row["valid_to"] >= cutoff


def shuffled(tables: Tables, seed: int) -> Tables:
    """Return the same rows in another order."""
    draw = Draw(seed)
    return {name: draw.sample(rows, len(rows)) for name, rows in tables.items()}


def without(tables: Tables, column: str) -> Tables:
    """Return the tables without a table, or without a column named as `table.column`."""
    table, _, name = column.partition(".")
    if not name:
        return {each: rows for each, rows in tables.items() if each != table}
    bare = [{each: value for each, value in row.items() if each != name} for row in tables[table]]
    return tables | {table: bare}


def with_rows(tables: Tables, name: str, change: Callable[[Row], Row]) -> Tables:
    """Return the tables with each row of one of them changed."""
    return tables | {name: [change(row) for row in tables[name]]}
