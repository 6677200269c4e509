"""Stored values become values of the contract: to the letter, or not at all."""

from datetime import date, datetime
from math import inf, isnan

import ibis
import pyarrow as pa
import pytest

from features.data.contract import TABLES
from features.data.warehouse import Dialect
from features.data.warehouse.conform import conform, with_defaults

DECLARATIONS = TABLES["declarations"]


def conformed(column: str, values: pa.Array, **dialect: object) -> tuple[list[object], list[bool]]:
    """Return the values brought to the contract's type, and which of them do not fit."""
    stored = ibis.memtable(pa.table({column: values}))
    each = conform(stored, DECLARATIONS, dialect=Dialect.of(dialect))[column]
    misfit = ibis.literal(False) if each.misfit is None else each.misfit
    rows = stored.select(value=each.value, misfit=misfit).to_pyarrow().to_pylist()
    return [row["value"] for row in rows], [bool(row["misfit"]) for row in rows]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12.5", 12.5),
        ("-0.5", -0.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e3", 1000.0),
        ("+7", 7.0),
        ("inf", inf),
        ("", None),
    ],
)
def test_a_number_in_text_is_read(text: str, value: float | None) -> None:
    assert conformed("net_mass_kg", pa.array([text])) == ([value], [False])


def test_nan_in_text_is_read_as_such() -> None:
    ((value,), misfits) = conformed("net_mass_kg", pa.array(["NaN"]))
    assert isinstance(value, float)
    assert isnan(value)
    assert misfits == [False]


@pytest.mark.parametrize(
    "text", ["1,5", "1 000", "1_000", " 1", "1\n", "0x10", "1e", "--1", "٣", "1.5.2", "EUR 5"]
)
def test_text_that_is_no_number_fits_nowhere(text: str) -> None:
    assert conformed("net_mass_kg", pa.array([text])) == ([None], [True])


def test_with_a_decimal_comma_a_dot_is_refused() -> None:
    values = pa.array(["1,5", "1.5", "1.000,5"])
    assert conformed("net_mass_kg", values, decimal=",") == ([1.5, None, None], [False, True, True])


def test_a_whole_number_may_end_in_zeros_and_in_nothing_else() -> None:
    values = pa.array(["7", "7.0", "-7", "7.5", "1e3", "9" * 18, "9" * 19])
    assert conformed("version", values) == (
        [7, 7, -7, None, None, 10**18 - 1, None],
        [False, False, False, True, True, False, True],
    )


def test_a_whole_number_in_floats_is_read_below_two_to_the_53() -> None:
    assert conformed("version", pa.array([7.0, -0.0, 7.5, 2.0**53, inf, None])) == (
        [7, 0, None, None, None, None],
        [False, False, True, True, True, False],
    )


@pytest.mark.parametrize(
    ("dates", "text"),
    [
        ("yyyy-mm-dd", "2024-02-29"),
        ("dd.mm.yyyy", "29.02.2024"),
        ("yyyymmdd", "20240229"),
        ("mm/dd/yyyy", "02/29/2024"),
    ],
)
def test_a_day_is_read_in_the_declared_order(dates: str, text: str) -> None:
    assert conformed("accepted_on", pa.array([text]), dates=dates) == ([date(2024, 2, 29)], [False])


@pytest.mark.parametrize(
    "text",
    ["2023-02-29", "2024-13-01", "29.02.2024", "2024-2-9", "24-02-29", "2024-02-29 12:00", "2024-02-29x"],
)
def test_text_that_is_no_day_in_that_order_fits_nowhere(text: str) -> None:
    assert conformed("accepted_on", pa.array([text])) == ([None], [True])


def test_a_time_of_day_is_lost_only_where_declared() -> None:
    stamps = pa.array([datetime(2024, 2, 29), datetime(2024, 2, 29, 12)])
    day = date(2024, 2, 29)
    assert conformed("accepted_on", stamps) == ([day, None], [False, True])
    assert conformed("accepted_on", stamps, times="drop") == ([day, day], [False, False])
    text = pa.array(["2024-02-29T12:00", "2024-02-29 23:59:59.9Z", "2024-02-29 ::"])
    assert conformed("accepted_on", text, times="drop") == ([day, day, None], [False, False, True])


def test_yes_and_no_are_read_in_any_case_and_nothing_else() -> None:
    values = pa.array(["TRUE", "t", "Yes", "1", "false", "N", "0", "", "maybe"])
    assert conformed("related_party", values) == (
        [True, True, True, True, False, False, False, None, None],
        [False] * 8 + [True],
    )


def test_an_identifier_is_never_trimmed_folded_or_normalised() -> None:
    letters = [" 007", "007 ", "e\u0301", "\u00e9", "A\tb"]
    assert conformed("trader_id", pa.array(letters)) == (letters, [False] * 5)


def test_an_empty_text_is_no_value() -> None:
    assert conformed("trader_id", pa.array(["", None])) == ([None, None], [False, False])


def test_hs_codes_that_lost_their_zero_are_filled_up_where_declared() -> None:
    numbers = pa.array([1012100, 61091000])
    assert conformed("hs_code", numbers) == ([None, None], [True, True])
    assert conformed("hs_code", numbers, hs_digits=8) == (["01012100", "61091000"], [False, False])
    text = pa.array(["1012100", "0101", "6109100010", "61O9"])
    assert conformed("hs_code", text, hs_digits=8)[0] == ["01012100", "0101", "6109100010", "61O9"]


def test_an_absent_column_is_empty_and_known_on_falls_back_to_its_day() -> None:
    stored = ibis.memtable(pa.table({"accepted_on": [date(2024, 3, 1)]}))
    columns = conform(stored, DECLARATIONS, dialect=Dialect())
    rows = with_defaults(stored.select(**{name: each.value for name, each in columns.items()}), DECLARATIONS)
    (row,) = rows.to_pyarrow().to_pylist()
    assert set(row) == set(DECLARATIONS.names)
    assert row["known_on"] == date(2024, 3, 1)
    assert row["trader_id"] is None
