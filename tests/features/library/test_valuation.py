"""Valuation: what counts as a first digit and as a round amount."""

from datetime import date
from math import log10

import pytest

from tests.features.building import built
from tests.features.tables import Row, good_tables, line, trader

CUTOFF = date(2024, 7, 1)
KEY = ("ME", CUTOFF)


def digits(amounts: list[float]) -> Row:
    rows = [
        line(date(2024, 5, 1), trader_id="ME", item_number=number, invoice_amount=amount)
        for number, amount in enumerate(amounts, 1)
    ]
    tables = good_tables(declarations=rows, traders=[trader("ME")])
    return built(tables, "first_digit_distance_24m round_amount_share_24m", [KEY])[KEY]


def test_a_hundred_amounts_are_needed() -> None:
    assert digits([3.0] * 99)["first_digit_distance_24m"] is None
    assert digits([3.0] * 99 + [0.0])["round_amount_share_24m"] is None
    assert digits([3.0] * 100)["round_amount_share_24m"] == 0.0


@pytest.mark.parametrize("amount", [0.3, 3.0, 0.03, 300.0, 3999.99, 3e14])
def test_the_first_digit_is_the_first_that_is_not_zero(amount: float) -> None:
    others = sum(log10(1 + 1 / digit) for digit in range(1, 10) if digit != 3)
    expected = 1 - log10(1 + 1 / 3) + others
    assert digits([amount] * 100)["first_digit_distance_24m"] == pytest.approx(expected)


def test_amounts_that_grow_evenly_show_the_usual_digits() -> None:
    amounts = [10 ** (number / 200) for number in range(200, 1000)]
    assert digits(amounts)["first_digit_distance_24m"] < 0.02
