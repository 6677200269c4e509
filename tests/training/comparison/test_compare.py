"""Two versions compared on the audits that both were tested on."""

import json
from pathlib import Path

import numpy as np
import pytest

from features.errors import SettingError
from tests.optional import not_none
from tests.training.trained import audits, blind, money, prediction_of, sighted, training
from training.backtest.out_of_fold import OutOfFold
from training.comparison.compare import Comparison, _moves, compare
from training.comparison.text import comparison_to_text

Y = money()


@pytest.fixture
def compared(home: Path) -> Comparison:
    training(home, hurdle=blind(Y))
    training(home, hurdle=sighted(Y, noise=0.1))
    return compare("1", "2", home=home)


def test_metrics_stand_side_by_side_with_the_error_of_their_difference(compared: Comparison) -> None:
    assert (compared.first, compared.second, compared.tested, compared.both) == ("1", "2", (300, 300), 300)
    [gini] = [e for e in compared.differences if (e.metric, e.population) == ("gini", "all")]
    assert not_none(gini.difference) == pytest.approx(not_none(gini.second) - not_none(gini.first))
    assert not_none(gini.difference) > 0.5 > 0.2 > not_none(gini.standard_error) > 0
    assert gini.credible
    assert {each.population for each in compared.differences} == {"all", "reference", "random"}


def test_the_other_way_round_every_difference_has_the_other_sign(home: Path, compared: Comparison) -> None:
    back = compare("2", "1", home=home)
    for there, here in zip(compared.differences, back.differences, strict=True):
        assert (there.metric, there.first, there.second) == (here.metric, here.second, here.first)
        if there.difference is not None:
            assert there.difference == pytest.approx(-not_none(here.difference), abs=1e-12)


def test_a_version_that_is_as_good_is_not_told_to_be_better(home: Path) -> None:
    training(home, hurdle=sighted(Y, noise=0.5, seed=1))
    training(home, hurdle=sighted(Y, noise=0.5, seed=2))
    assert "not credibly better or worse than" in next(comparison_to_text(compare("1", "2", home=home)))


def test_the_same_version_or_one_that_there_is_not_is_refused(home: Path) -> None:
    training(home)
    with pytest.raises(SettingError, match="Both are version 1"):
        compare("1", "1", home=home)
    with pytest.raises(SettingError, match="no finished model '7'"):
        compare("1", "7", home=home)


def test_other_money_is_said_before_anything_is_compared(home: Path) -> None:
    training(home)
    training(home, measure="collected")
    text = list(comparison_to_text(compare("1", "2", home=home)))
    assert text[1].startswith("They learned other money")
    assert any(line.split() == ["measure", "assessed", "→", "collected"] for line in text)


def test_moves_are_of_audits_in_the_first_tenth_of_either_order_the_largest_first() -> None:
    """In the first order audit n has rank n + 1; in the second audit 299 comes first."""
    first = np.arange(300, 0, -1.0)
    second = first.copy()
    second[299] = 1_000.0
    moves = _moves(audits(), first, second)
    assert len(moves) == 10
    assert (moves[0].audit_id, moves[0].first_rank, moves[0].second_rank) == ("A299", 300, 1)
    assert {abs(move.first_rank - move.second_rank) for move in moves[1:]} == {1}
    assert all(min(move.first_rank, move.second_rank) <= 30 for move in moves)
    assert _moves(audits(), first, first) == ()


def test_audits_that_only_one_was_tested_on_are_left_out(home: Path) -> None:
    few = OutOfFold(audits(), {"hurdle": prediction_of(Y)}).where(np.arange(300) < 3)
    assert len(few) == 3
    training(home)
    training(home)
    compared = compare("1", "2", home=home)
    assert compared.moves == ()
    assert {each.difference for each in compared.differences} <= {0.0, None}


def test_a_person_reads_a_verdict_first_and_machines_the_same_numbers(compared: Comparison) -> None:
    text = list(comparison_to_text(compared))
    assert text[0].startswith("Version 2 is better than version 1: captured of the most possible at 5% +0.")
    assert "Features: the same" in text
    content = json.loads(compared.to_json())
    assert content["both"] == 300
    assert len(content["differences"]) == len(compared.differences)
