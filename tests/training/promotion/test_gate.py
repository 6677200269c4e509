"""The gate: only what chance does not explain keeps a model out, or lets nothing through unseen."""

import numpy as np
import pytest

from models.prediction import Floats, Prediction
from tests.training.trained import LEAK, audits, blind, money, prediction_of, sighted
from training.backtest.out_of_fold import OutOfFold
from training.leaks.alarm import LeakReport
from training.promotion.gate import Check, gate, pair_predictions, read_out_of_fold

NO_LEAK = LeakReport(())
Y = money()
GOOD = sighted(Y, noise=0.3)


def failed(
    challenger: Prediction, champion: Prediction, *, leaks: LeakReport = NO_LEAK, count: int = 300
) -> list[str]:
    checks = gate(
        OutOfFold(audits(count), {"hurdle": challenger}), rivals={"champion": champion}, leaks=leaks
    )
    return [check.name for check in checks if not check.passed]


def test_a_model_passes_against_itself() -> None:
    assert failed(GOOD, GOOD) == []


def test_a_better_model_passes() -> None:
    assert failed(GOOD, blind(Y)) == []


def test_a_model_that_chance_alone_sets_apart_passes() -> None:
    assert failed(sighted(Y, noise=0.3, seed=2), GOOD) == []


def test_a_model_that_is_credibly_worse_fails() -> None:
    assert failed(blind(Y), GOOD) == ["not worse than champion"]


def flipped(y: Floats, *, share: float) -> Floats:
    """Outcomes of which a share is wrong: money where nothing was found, and nothing where money was."""
    rng = np.random.default_rng(3)
    wrong = rng.choice(len(y), round(share * len(y)), replace=False)
    y = y.copy()
    y[wrong] = np.where(y[wrong] > 0, 0.0, rng.choice(y[y > 0], len(wrong)))
    return y


@pytest.mark.parametrize(("share", "expected"), [(0.0, []), (0.05, ["not worse than champion"])])
def test_a_model_that_learned_from_one_wrong_outcome_in_twenty_fails_where_audits_suffice_to_tell(
    share: float, expected: list[str]
) -> None:
    """Of 300 audits that many wrong ones are within chance; of 3,000 they are not."""
    y = money(3_000)
    misled, champion = sighted(flipped(y, share=share), noise=0.3, seed=2), sighted(y, noise=0.3)
    assert failed(misled, champion, count=3_000) == expected


@pytest.mark.parametrize("factor", [0.3, 3.0])
def test_a_model_whose_total_is_far_off_fails_though_it_ranks_well(factor: float) -> None:
    assert failed(prediction_of(GOOD.expected * factor), GOOD) == ["total_ratio"]


def test_a_model_that_promises_twice_as_many_adjustments_fails() -> None:
    assert failed(prediction_of(GOOD.expected, probability=0.5), GOOD) == ["probability_ratio"]


def test_a_suspected_leak_fails_and_is_named() -> None:
    checks = gate(OutOfFold(audits(), {"hurdle": GOOD}), rivals={"champion": GOOD}, leaks=LEAK)
    assert checks[-1] == Check("no leak", False, "suspected by clock")


def test_where_too_few_audits_were_tested_nothing_passes_that_must_be_measured() -> None:
    few = OutOfFold(audits(), {"hurdle": GOOD}).where(np.arange(300) >= 280)
    checks = gate(few, rivals={"champion": few.predictions["hurdle"]}, leaks=NO_LEAK)
    assert [check.passed for check in checks] == [False, False, False, True]


def test_only_the_newest_folds_count_where_they_say_enough() -> None:
    """Blind in the newest two folds, perfect before: judged on all three it would pass."""
    newest = np.arange(300) >= 100
    now_blind = prediction_of(np.where(newest, blind(Y).expected, Y))
    assert "not worse than champion" in failed(now_blind, GOOD)


def test_models_are_paired_by_audit_where_both_were_tested() -> None:
    mine, theirs = OutOfFold(audits(), {"hurdle": GOOD}), OutOfFold(audits(first=100), {"old": GOOD})
    both, old = pair_predictions(mine.table(), theirs.table())
    assert both.audits["audit_id"].to_pylist() == [f"A{n}" for n in range(100, 300)]
    assert both.predictions["hurdle"].expected.tolist() == GOOD.expected[100:].tolist()
    assert old.expected.tolist() == GOOD.expected[:200].tolist()


def test_a_champion_of_a_release_that_knew_no_range_if_adjusted_is_paired_all_the_same() -> None:
    challenger = OutOfFold(audits(), {"hurdle": GOOD}).table()
    champion = challenger.drop_columns(["low_if_adjusted", "high_if_adjusted"])
    both, old = pair_predictions(challenger, champion)
    assert old.high.tolist() == both.predictions["hurdle"].high.tolist()


def test_what_is_written_is_read_back() -> None:
    again = read_out_of_fold(OutOfFold(audits(), {"hurdle": GOOD}).table())
    assert again.audits.equals(audits())
    assert again.predictions["hurdle"].expected.tolist() == GOOD.expected.tolist()
