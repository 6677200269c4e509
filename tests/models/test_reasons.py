"""Reasons in words, and money that adds up when it is rounded."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.library import LIBRARY
from features.unit import Unit, format_value
from models.reasons import UNKNOWN_WHY, Reason, TopicReason, by_topic, in_whole_units, reasons, unrounded
from models.turning import TurningPoint, turning_points
from models.words import Words
from tests.optional import not_none

WORDS = [Words.of(LIBRARY.by_name[name]) for name in ("customs_value_12m", "price_gap_12m", "tax_audit_open")]
TURNS = [TurningPoint(900.0, 1000.0, 1), TurningPoint(-0.1, 0.0, -1), TurningPoint(0.0, 1.0, 1)]


def test_the_weightiest_reason_comes_first_and_says_the_traders_value() -> None:
    explained = reasons(WORDS, np.array([1234567.8, -0.35, 1.0]), np.array([10.0, -300.0, 20.0]), TURNS)
    assert [reason.feature for reason in explained] == [
        "price_gap_12m",
        "tax_audit_open",
        "customs_value_12m",
    ]
    assert "0.70 times" in explained[0].sentence
    assert "yes" in explained[1].sentence
    assert "1,234,568" in explained[2].sentence


def test_an_unknown_value_is_said_to_be_unknown_and_not_put_into_a_sentence() -> None:
    explained = reasons(WORDS[1:2], np.array([np.nan]), np.array([5.0]), TURNS[1:2])
    assert explained[0].value is None
    assert explained[0].why == UNKNOWN_WHY
    assert explained[0].sentence == f"{WORDS[1].label}: unknown."


PRICES = [
    Words.of(LIBRARY.by_name[name]) for name in ("price_gap_12m", "low_price_share_12m", "closed_audits")
]
PRICE_VALUES = np.array([-0.35, 0.25, 1.0])


def of_prices(*money: float) -> tuple[Reason, ...]:
    """The reasons of a trader with low prices; each says what its money does."""
    turns = [
        TurningPoint(value - 1.0, value - 0.5, int(np.sign(amount)) or 1)
        for value, amount in zip(PRICE_VALUES, money, strict=True)
    ]
    return reasons(PRICES, PRICE_VALUES, np.array(money, float), turns)


def leader(topic: TopicReason) -> str:
    """The feature whose sentence speaks for a topic."""
    return not_none(topic.leading).feature


def test_a_topic_nets_what_points_up_and_down_and_the_sentence_points_where_the_topic_does() -> None:
    first, other = by_topic(of_prices(-100.0, 70.0, 20.0))
    assert (first.topic, first.money) == ("Its prices beside those of others", -30.0)
    assert (leader(first), leader(other)) == ("price_gap_12m", "closed_audits")
    turned, _ = by_topic(of_prices(-70.0, 100.0, 20.0))
    assert (turned.money, leader(turned)) == (30.0, "low_price_share_12m")


def test_the_weightiest_topic_comes_first_by_what_is_left_when_its_parts_are_netted() -> None:
    topics = by_topic(of_prices(-100.0, 95.0, 20.0))
    assert [leader(topic) for topic in topics] == ["closed_audits", "price_gap_12m"]


@given(st.lists(st.integers(-3, 3), min_size=3, max_size=3))
def test_the_sentence_of_a_topic_never_points_against_it(money: list[int]) -> None:
    topics = by_topic(of_prices(*money))
    assert sum(topic.money for topic in topics) == sum(money)
    for topic in topics:
        assert topic.money == 0 or not_none(topic.leading).money * topic.money > 0


def why(feature: str, value: float, money: float, turn: TurningPoint | None) -> str:
    """What follows from one value."""
    words = [Words.of(LIBRARY.by_name[feature])]
    return reasons(words, np.array([value]), np.array([money]), [turn])[0].why


FALL = TurningPoint(-0.1, 0.0, -1)


def test_what_follows_is_said_where_value_and_money_are_as_learned_and_as_expected() -> None:
    expected = LIBRARY.by_name["price_gap_12m"].why
    assert why("price_gap_12m", -0.35, 300.0, FALL) == expected
    assert why("price_gap_12m", 0.5, -300.0, FALL) == expected


@pytest.mark.parametrize(
    ("value", "money", "turn"),
    [
        (-0.35, -300.0, FALL),  # a low price that takes away: other values made it so
        (-0.05, 300.0, FALL),  # between the two, where nobody was
        (-0.35, 0.0, FALL),
        (-0.35, 300.0, None),
    ],
)
def test_a_value_that_says_nothing_by_itself_is_silent(
    value: float, money: float, turn: TurningPoint | None
) -> None:
    assert why("price_gap_12m", value, money, turn) == ""


def test_what_was_learned_against_expectation_is_said_as_learned() -> None:
    assert "more is found up to 2.7." in why("hs_entropy_24m", 0.0, 2095.0, TurningPoint(0.99, 1.2, -1))
    none = TurningPoint(0.0, 12_500.0, -1)
    assert "more is found at 0 than above it." in why("excise_12m", 0.0, 50.0, none)
    assert "more is found from 2.0 % up." in why("sector_rate", 0.0, -5.0, TurningPoint(0.01, 0.02, 1))
    assert "where the answer is yes" in why("tax_audit_open", 1.0, 50.0, TurningPoint(0.0, 1.0, 1))


def test_a_feature_turns_between_those_to_whom_it_adds_and_the_others() -> None:
    words = [Words.of(LIBRARY.by_name[name]) for name in ("line_count_12m", "tax_audit_open")]
    values = np.array([[1.0, 1.0], [2.0, 1.0], [2.01, 1.0], [np.nan, 1.0], [9.0, 1.0]])
    money = np.array([[5.0, 1.0], [-1.0, 1.0], [4.0, 1.0], [99.0, 1.0], [-7.0, 1.0]])
    turn = TurningPoint(2.01, 9.0, -1)  # not between 2 and 2.01, which read alike
    assert turning_points(words, values, money) == (turn, None)
    assert turning_points(words, values, 0 * money) == (None, None)
    assert (turn.opposite(1.0), turn.opposite(12.0), turn.opposite(5.0)) == (9.0, 2.01, None)


@given(st.lists(st.integers(-9, 9), min_size=3, max_size=3))
def test_a_topic_adds_up_at_each_level_down_to_its_features(money: list[int]) -> None:
    for topic in by_topic(of_prices(*money)):
        plain = topic.to_dict(topic.money, unrounded)
        assert sum(each["money"] for each in plain["by_type"]) == topic.money
        for each in plain["by_type"]:
            assert sum(part["money"] for part in each["reasons"]) + each["silent_money"] == each["money"]
        whole = topic.to_dict(7, in_whole_units)
        assert {type(each["money"]) for each in whole["by_type"]} == {int}


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
