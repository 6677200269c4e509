"""A small administration without a fault: three traders, four lines, two audits, three findings."""

import csv
import io
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from features.proofs.tables import Row as Row
from features.proofs.tables import Tables as Tables
from features.proofs.tables import arrow as arrow
from features.proofs.tables import column_names as column_names

Cell = Any
"""A value of a table: its type is that of its column, which only the contract knows."""
Write = Callable[[Path, Tables], Path]
"""Writes tables to a folder in one form or another; returns the folder."""

TODAY = date(2025, 6, 30)


def good_tables(**others: list[Row]) -> Tables:
    """Return a fresh copy of the tables, with others in their place; a test may spoil it as it likes."""
    good: Tables = {
        "traders": [trader("007"), trader("0815", name="Müller & Söhne"), trader("T3", size_band="micro")],
        "declarations": [
            line(declaration_id="D1"),
            line(declaration_id="D1", item_number=2, customs_value=250.5),
            line(declaration_id="D2", trader_id="0815", preference_code="300", related_party=True),
            line(declaration_id="D3", trader_id="T3", hs_code="01012100"),
        ],
        "audits": [
            audit("A1", "007"),
            audit("A2", "0815", status="open", closed_on=None, selection_channel="random"),
        ],
        "findings": [
            finding("A1", 1, amount=120.25),
            finding("A1", 2, event="reduced", amount=-20.25),
            finding("A1", 3, event="collected", amount=100.0),
        ],
    }
    return good | others


def trader(trader_id: str, **other: object) -> Row:
    """Return a small trader since 2015."""
    return {
        "trader_id": trader_id,
        "valid_from": date(2020, 1, 1),
        "registered_on": date(2015, 5, 4),
        "name": "Acme",
        "size_band": "small",
        "paid_in_capital": 25000.0,
        **other,
    }


def line(
    accepted_on: date = date(2024, 3, 1),
    customs_value: float = 100.0,
    *,
    trader_id: str = "007",
    hs_code: str = "61091000",
    **other: object,
) -> Row:
    """Return a line of trade; lines of one trader, day and code are of one declaration unless it is named."""
    return {
        "declaration_id": f"{trader_id} {accepted_on} {hs_code}",
        "item_number": 1,
        "version": 0,
        "accepted_on": accepted_on,
        "trader_id": trader_id,
        "office_code": "0042",
        "procedure_code": "4000",
        "hs_code": hs_code,
        "origin_country": "CN",
        "preference_code": None,
        "related_party": False,
        "customs_value": customs_value,
        "net_mass_kg": 12.5,
        "duty_rate": 0.12,
        "duty_assessed": 12.0,
        "vat_assessed": 21.28,
        "description": "shirts, cotton",
        **other,
    }


def audit(audit_id: str, trader_id: str, **other: object) -> Row:
    """Return a closed field audit of the year 2024."""
    return {
        "audit_id": audit_id,
        "trader_id": trader_id,
        "treatment": "field",
        "selection_channel": "model",
        "inclusion_probability": 0.25,
        "period_from": date(2024, 1, 1),
        "period_to": date(2024, 12, 31),
        "opened_on": date(2025, 1, 15),
        "closed_on": date(2025, 3, 20),
        "status": "closed",
        "hours_spent": 40.0,
        **other,
    }


def finding(audit_id: str, event_number: int, **other: object) -> Row:
    """Return a duty assessed on valuation, without its amount."""
    return {
        "audit_id": audit_id,
        "event_number": event_number,
        "finding_type": "valuation",
        "tax_type": "duty",
        "event": "assessed",
        "event_on": date(2025, 3, 20),
        **other,
    }


def rate(hs_code: str, rate: float, valid_from: date, **other: object) -> Row:
    """Return a general rate without an end."""
    no_end: Row = {"hs_code": hs_code, "preference_code": None, "valid_from": valid_from, "valid_to": None}
    return {**no_end, "rate": rate, **other}


def write_parquet(folder: Path, tables: Mapping[str, list[Row]]) -> Path:
    """Write each table as `folder/<name>.parquet` in the contract's types."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        pq.write_table(arrow(name, rows), folder / f"{name}.parquet")
    return folder


def write_csv(
    folder: Path, tables: Mapping[str, list[Row]], *, separator: str = ",", encoding: str = "utf-8"
) -> Path:
    """Write each table as `folder/<name>.csv`; days are ISO, an empty value is an empty cell."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        text = csv_text(rows, separator=separator)
        (folder / f"{name}.csv").write_bytes(text.encode(encoding))
    return folder


def csv_text(rows: list[Row], *, separator: str = ",") -> str:
    """Return rows as CSV text with a header."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, column_names(rows), delimiter=separator)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
