"""What a line says by itself, and lines by group."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from tests.features.proofs.reference.arithmetic import step, total

Row = dict[str, Any]


def value(rows: Iterable[Row]) -> float:
    return total(row["customs_value"] for row in rows)


def taxes(row: Row) -> float:
    paid: float = row["duty_assessed"] + row["vat_assessed"] + (row["excise_assessed"] or 0.0)
    return paid


def cancelled(row: Row, day: date) -> bool:
    """Whether it was known before a day that a declaration was cancelled."""
    return row["cancelled_on"] is not None and row["cancelled_on"] < day


def ad_valorem(row: Row) -> float:
    """The taxes that grow with the value."""
    paid: float = row["duty_assessed"] + row["vat_assessed"]
    return paid


def with_vat(row: Row, duty: float) -> float:
    """More duty on a line, and the VAT on it at the line's own rate, up to 1."""
    base = row["customs_value"] + row["duty_assessed"]
    return duty * (1 + (min(max(row["vat_assessed"] / base, 0), 1) if base else 0))


def full_rate(row: Row) -> float | None:
    """The duty rate, unless a preference is claimed."""
    return row["duty_rate"] if row["preference_code"] is None else None


def addition_share(row: Row) -> float | None:
    declared = row["valuation_adjustment"] or 0
    return step(min(max(declared / row["customs_value"], 0), 1)) if row["customs_value"] else None


def quantity(row: Row) -> float:
    counted: float = row["supplementary_quantity"] if has_unit(row) else row["net_mass_kg"]
    return counted


def quantity_unit(row: Row) -> str:
    return str(row["supplementary_unit"]) if has_unit(row) else "kg"


def has_unit(row: Row) -> bool:
    return row["supplementary_unit"] is not None and (row["supplementary_quantity"] or 0) > 0


def part(row: Row, name: str) -> Any:
    """A column of a line, or what follows from one: `hs4`, `quantity_unit`."""
    if name == "hs4":
        return row["hs_code"][:4]
    return quantity_unit(row) if name == "quantity_unit" else row[name]


def parts(row: Row, names: Iterable[str]) -> tuple[Any, ...]:
    return tuple(part(row, name) for name in names)


def by(rows: Iterable[Row], *names: str) -> dict[Any, list[Row]]:
    """Rows by a key, those left out that lack a part of it."""
    groups: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        key = parts(row, names)
        if None not in key:
            groups[key if len(names) > 1 else key[0]].append(row)
    return groups


def shares(rows: Iterable[Row], name: str) -> list[float]:
    """The shares in customs value of what lines name."""
    values = [value(each) for each in by(rows, name).values()]
    return [each / total(values) for each in values] if total(values) else []
