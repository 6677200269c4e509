"""Money at stake: never below zero, nothing where nobody stands out, and it grows with money itself."""

from datetime import date
from uuid import uuid4

import pytest

from features.library import LIBRARY
from features.unit import Unit
from tests.features.building import built
from tests.features.tables import Row, good_tables, line, rate, trader

CUTOFF = date(2024, 7, 1)
KEY = ("ME", CUTOFF)
SOURCES = ("valuation", "physical", "classification")
OF_LINES = [
    feature
    for feature in LIBRARY.features
    if feature.unit is Unit.MONEY and feature.finding_type and feature.family in SOURCES
]
AT_STAKE = [feature for feature in OF_LINES if feature.monotone == 1]
COMPARED = [
    feature.name
    for feature in AT_STAKE
    if feature.source == "lines" and not feature.name.startswith("sibling_rate")
]
MONEY = (
    "customs_value",
    "duty_assessed",
    "vat_assessed",
    "excise_assessed",
    "freight_amount",
    "valuation_adjustment",
)
PRICES = (1.4, 1.0, 0.3, 0.2)


def declared(trader_id: str, accepted_on: date, price: float = 1.0, *, rate: float = 0.1) -> Row:
    """A line of ten pieces of a kg each, with additions and freight, the duty and a tenth of VAT on it."""
    value = 1000.0 * price
    return line(
        accepted_on,
        declaration_id=uuid4().hex,
        trader_id=trader_id,
        customs_value=value,
        net_mass_kg=10.0,
        gross_mass_kg=12.0,
        supplementary_quantity=10.0,
        supplementary_unit="NAR",
        dispatch_country="CN",
        transport_mode="1",
        freight_amount=0.05 * value,
        valuation_adjustment=0.02 * value,
        duty_rate=rate,
        duty_assessed=rate * value,
        vat_assessed=0.1 * (1.0 + rate) * value,
        excise_assessed=0.0,
    )


def peers() -> list[Row]:
    return [declared(f"P{n}", date(2023, 11, 1 + day)) for n in range(6) for day in range(6)]


def honest() -> list[Row]:
    return [declared("ME", date(2024, month, 5)) for month in (1, 2, 5, 6)]


def suspect() -> list[Row]:
    """As `honest`, but of late cheap, light, of few pieces, without freight and additions, at a low rate."""
    rows = [declared("ME", date(2024, 1, 5))]
    for month, price in enumerate(PRICES, start=3):
        row = declared("ME", date(2024, month - 1, 7), price, rate=0.04)
        rows.append(
            row
            | {"net_mass_kg": 5.0, "supplementary_quantity": 4.0, "gross_mass_kg": 20.0}
            | {"freight_amount": [0.0, 500.0][month % 2], "valuation_adjustment": 0.0}
        )
    return rows


def values(rows: list[Row], names: list[str]) -> Row:
    codes = {str(row["hs_code"]) for row in rows}
    tables = good_tables(
        declarations=rows,
        traders=[trader(each) for each in sorted({str(row["trader_id"]) for row in rows})],
        tariff=[rate(code, 0.1, date(2015, 1, 1)) for code in codes],
    )
    return built(tables, " ".join(names), [KEY])[KEY]


def test_nothing_is_at_stake_where_a_trader_declares_as_others_and_as_before() -> None:
    row = values(peers() + honest(), COMPARED)
    assert {name: row[name] for name in COMPARED} == dict.fromkeys(COMPARED, pytest.approx(0.0, abs=1e-2))


def test_every_suspicion_is_at_stake_and_none_below_zero() -> None:
    row = values(peers() + suspect(), COMPARED)
    assert {name for name in COMPARED if not row[name] > 1.0} == set()


def test_money_at_stake_grows_with_money() -> None:
    names = [feature.name for feature in OF_LINES]
    rows = peers() + suspect()
    scaled = [{**row, **{name: 4.0 * row[name] for name in MONEY}} for row in rows]
    once, four_times = values(rows, names), values(scaled, names)
    assert {name: four_times[name] for name in names} == {
        name: None if once[name] is None else pytest.approx(4.0 * once[name], rel=1e-4, abs=1e-3)
        for name in names
    }


def test_money_at_stake_names_its_finding_over_24_months() -> None:
    for feature in LIBRARY.features:
        if feature.prior_yield is not None:
            assert feature.unit is Unit.MONEY
            assert feature.finding_type
            assert feature.months == 24
            assert feature.monotone == 1
            assert 0.0 < feature.prior_yield <= 1.0
