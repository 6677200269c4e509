"""Classification and origin features over the rows that a cutoff sees: shares, novelty, relief."""

from datetime import date
from typing import Any

import pytest

from features.evidence import evidence
from features.library import LIBRARY
from features.proofs.tables import warehouse_of
from tests.features.building import TraderCutoff, built
from tests.features.tables import Row, good_tables, line, rate

CUTOFF = date(2024, 7, 15)
RECENT, BEFORE = date(2024, 4, 15), date(2024, 4, 14)
"""The first day of the last three months, and the day before it."""
UNTAXED: dict[str, Any] = {"duty_assessed": 0.0, "vat_assessed": 0.0}
RATES = [rate("61091000", 0.1, date(2020, 1, 1))]


def found(lines: list[Row], features: str, **tables: list[Row]) -> list[object]:
    asked: TraderCutoff = ("007", CUTOFF)
    row = built(good_tables(declarations=lines, **tables), features, [asked])[asked]
    return [row[name] for name in features.split()]


def test_subheadings_are_new_when_first_met_in_the_last_three_months() -> None:
    """Of 400 in the last three months, 100 stand under 8471.30, which was not met before."""
    lines = [
        line(BEFORE, hs_code="61091000", customs_value=50.0),
        line(RECENT, hs_code="61091000", customs_value=300.0),
        line(RECENT, hs_code="84713000"),
    ]
    assert found(lines, "hs_novelty_24m") == [0.25]


def test_a_code_of_a_known_subheading_is_not_new() -> None:
    lines = [line(BEFORE, hs_code="61091000"), line(RECENT, hs_code="61091099")]
    assert found(lines, "hs_novelty_24m") == [0.0]


def test_where_all_is_new_novelty_says_nothing() -> None:
    assert found([line(RECENT)], "hs_novelty_24m") == [None]


def test_what_is_known_on_the_cutoff_makes_nothing_new() -> None:
    lines = [line(BEFORE), line(RECENT), line(RECENT, hs_code="84713000", known_on=CUTOFF)]
    assert found(lines, "hs_novelty_24m") == [0.0]


def test_shares_are_of_the_value_in_the_window() -> None:
    """Shirts 200 of 400 and two kinds of coats, 100 each; the line of 2021 lies outside."""
    lines = [
        line(RECENT, hs_code="61091000", customs_value=150.0),
        line(BEFORE, hs_code="61091000", customs_value=50.0),
        line(RECENT, hs_code="62011000"),
        line(RECENT, hs_code="62012000"),
        line(date(2021, 8, 1), hs_code="84713000", customs_value=9000.0),
    ]
    names = "hs_concentration_12m hs_entropy_24m"
    expected = [0.375, 1.0397207708399179]
    assert found(lines, names) == pytest.approx(expected, abs=3e-6)


def test_one_subheading_is_all_of_the_value_and_has_no_entropy() -> None:
    names = "hs_concentration_12m hs_entropy_24m"
    assert found([line(RECENT), line(BEFORE)], names) == [1.0, 0.0]


def test_without_value_shares_say_nothing() -> None:
    lines = [line(RECENT, customs_value=0.0)]
    names = "hs_concentration_12m hs_entropy_24m hs_novelty_24m residual_code_share_24m"
    assert found(lines, names) == [None] * 4


def test_the_rows_behind_a_concentration_are_subheadings() -> None:
    lines = [line(RECENT, customs_value=300.0), line(BEFORE, hs_code="62011000")]
    with warehouse_of(good_tables(declarations=lines)) as opened:
        name = "hs_concentration_12m"
        shown = evidence(LIBRARY, name, warehouse=opened, trader_id="007", cutoff=CUTOFF)
    rows = shown.rows.select(["hs6", "value_share", "share"]).to_pylist()
    assert [tuple(row.values()) for row in rows] == [("610910", 0.75, 0.5625), ("620110", 0.25, 0.0625)]


def test_processing_is_discharged_by_a_later_procedure() -> None:
    """5100 and 5351 enter 300 and 100; 5351 and 4051 take 100 and 50 out: 10 % of 250 of 400 is open."""
    lines = [
        line(BEFORE, procedure_code="5100", customs_value=300.0, **UNTAXED),
        line(RECENT, procedure_code="5351", **UNTAXED),
        line(RECENT, item_number=2, procedure_code="4051", customs_value=50.0, **UNTAXED),
        line(RECENT, item_number=3, procedure_code="4000", customs_value=9000.0, **UNTAXED),
    ]
    assert found(lines, "relief_at_stake_24m", tariff=RATES) == [pytest.approx(25.0)]


def test_more_discharged_than_entered_in_the_window_leaves_nothing_open() -> None:
    lines = [
        line(BEFORE, procedure_code="5100", **UNTAXED),
        line(RECENT, procedure_code="4051", customs_value=150.0, **UNTAXED),
    ]
    assert found(lines, "relief_at_stake_24m", tariff=RATES) == [0.0]


def test_an_amended_line_counts_as_last_known() -> None:
    claimed = line(RECENT, preference_code="FTA")
    without = {**claimed, "version": 1, "preference_code": None, "known_on": date(2024, 7, 14)}
    assert found([claimed, without], "preference_share_12m") == [0.0]
    assert found([claimed, {**without, "known_on": CUTOFF}], "preference_share_12m") == [1.0]


def test_claims_without_the_column_of_proofs_say_nothing() -> None:
    names = "preference_no_doc_24m unproven_preference_at_stake_24m origin_not_dispatch_12m"
    assert found([line(RECENT, preference_code="FTA")], names) == [None] * 3


def test_origin_is_compared_with_dispatch_where_both_are_known() -> None:
    lines = [
        line(RECENT, dispatch_country="CN", customs_value=300.0),
        line(RECENT, item_number=2, dispatch_country="NL"),
        line(RECENT, item_number=3, dispatch_country=None, customs_value=9000.0),
    ]
    assert found(lines, "origin_not_dispatch_12m") == [0.25]
