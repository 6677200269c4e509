"""Reasons in words, and money that adds up when it is rounded."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.library import LIBRARY
from features.unit import Unit, format_value
from models.reasons import in_whole_units, reasons
from models.words import Words

WORDS = [Words.of(LIBRARY.by_name[name]) for name in ("customs_value_12m", "price_gap_12m", "tax_audit_open")]


def test_the_weightiest_reason_comes_first_and_says_the_traders_value() -> None:
    explained = reasons(WORDS, np.array([1234567.8, -0.35, 1.0]), np.array([10.0, -300.0, 20.0]))
    assert [reason.feature for reason in explained] == [
        "price_gap_12m",
        "tax_audit_open",
        "customs_value_12m",
    ]
    assert "0.70 times" in explained[0].sentence
    assert "yes" in explained[1].sentence
    assert "1,234,568" in explained[2].sentence


def test_an_unknown_value_is_said_to_be_unknown_and_not_put_into_a_sentence() -> None:
    explained = reasons(WORDS[1:2], np.array([np.nan]), np.array([5.0]))
    assert explained[0].value is None
    assert explained[0].sentence == f"{WORDS[1].label}: unknown."


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0.1234, Unit.SHARE, "12.3 %"),
        (3.0, Unit.COUNT, "3"),
        (2.5, Unit.MONTH, "2.5 months"),
        (1e6, Unit.LOG_RATIO, f"{np.exp(700.0):,.2f} times"),
        (None, Unit.MONEY, "unknown"),
    ],
)
def test_a_number_is_written_as_a_person_reads_it(value: float | None, unit: Unit, words: str) -> None:
    assert format_value(value, unit) == words


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40))
def test_rounded_amounts_add_up_to_the_rounded_total(amounts: list[float]) -> None:
    total = sum(amounts)
    rounded = in_whole_units(amounts, total)
    assert sum(rounded) == round(total)
    assert all(abs(whole - amount) <= 1 + 1e-6 for whole, amount in zip(rounded, amounts, strict=True))
