"""Reasons in words, and money that adds up when it is rounded."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.library import LIBRARY
from features.unit import Unit, format_value
from models.reasons import by_topic, in_whole_units, reasons
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


PRICES = [
    Words.of(LIBRARY.by_name[name]) for name in ("price_gap_12m", "low_price_share_12m", "closed_audits")
]
PRICE_VALUES = np.array([-0.35, 0.25, 1.0])


def test_a_topic_nets_what_points_up_and_down_and_the_sentence_points_where_the_topic_does() -> None:
    first, other = by_topic(reasons(PRICES, PRICE_VALUES, np.array([-100.0, 70.0, 20.0])))
    assert (first.topic, first.money) == ("Its prices beside those of others", -30.0)
    assert (first.leading.feature, other.leading.feature) == ("price_gap_12m", "closed_audits")
    turned, _ = by_topic(reasons(PRICES, PRICE_VALUES, np.array([-70.0, 100.0, 20.0])))
    assert (turned.money, turned.leading.feature) == (30.0, "low_price_share_12m")


def test_the_weightiest_topic_comes_first_by_what_is_left_when_its_parts_are_netted() -> None:
    topics = by_topic(reasons(PRICES, PRICE_VALUES, np.array([-100.0, 95.0, 20.0])))
    assert [topic.leading.feature for topic in topics] == ["closed_audits", "price_gap_12m"]


@given(st.lists(st.integers(-3, 3), min_size=3, max_size=3))
def test_the_sentence_of_a_topic_never_points_against_it(money: list[int]) -> None:
    topics = by_topic(reasons(PRICES, PRICE_VALUES, np.array(money, float)))
    assert sum(topic.money for topic in topics) == sum(money)
    for topic in topics:
        assert topic.money == 0 or topic.leading.money * topic.money > 0


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
