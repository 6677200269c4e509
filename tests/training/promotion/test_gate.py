"""The gate: what is shown passes, what is refuted is refused, and of all else nobody can tell."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from models.prediction import Floats, Prediction
from tests.training.trained import LEAK, audits, blind, money, prediction_of, sighted
from training.backtest.out_of_fold import OutOfFold
from training.labels.report import LabelReport
from training.leaks.alarm import Alarm, LeakReport
from training.promotion.calibration import calibrated
from training.promotion.gate import MARGIN, UNTESTED, gate, pair_predictions, read_out_of_fold
from training.promotion.verdict import Check, GateVerdict, may_serve, overall, verdict_line

NO_LEAK, NO_DOUBT = LeakReport(()), LabelReport(())
Y = money()
GOOD = sighted(Y, noise=0.3)


def failed(
    challenger: Prediction, champion: Prediction, *, leaks: LeakReport = NO_LEAK, count: int = 300
) -> list[str]:
    return [
        check.name
        for check in beside(challenger, champion, leaks=leaks, count=count).values()
        if check.verdict is not GateVerdict.PASSED
    ]


def beside(
    challenger: Prediction,
    champion: Prediction,
    *,
    leaks: LeakReport = NO_LEAK,
    labels: LabelReport = NO_DOUBT,
    count: int = 300,
    margin: float = MARGIN,
) -> dict[str, Check]:
    """What the gate says of a challenger where a champion serves."""
    checks = gate(
        OutOfFold(audits(count), {"hurdle": challenger}),
        rivals={"champion": champion},
        champion="champion",
        leaks=leaks,
        labels=labels,
        margin=margin,
    )
    return {check.name: check for check in checks}


def test_a_model_passes_against_itself() -> None:
    assert failed(GOOD, GOOD) == []


def test_a_better_model_passes() -> None:
    assert failed(GOOD, blind(Y)) == []


def test_a_model_that_chance_alone_sets_apart_passes() -> None:
    assert failed(sighted(Y, noise=0.3, seed=2), GOOD) == []


def test_a_model_that_is_credibly_worse_fails() -> None:
    assert failed(blind(Y), GOOD) == [
        "not worse than champion",
        "non-inferior to champion",
        "total_ratio",
    ]


def flipped(y: Floats, *, share: float) -> Floats:
    """Outcomes of which a share is wrong: money where nothing was found, and nothing where money was."""
    rng = np.random.default_rng(3)
    wrong = rng.choice(len(y), round(share * len(y)), replace=False)
    y = y.copy()
    y[wrong] = np.where(y[wrong] > 0, 0.0, rng.choice(y[y > 0], len(wrong)))
    return y


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0.0, []), (0.05, ["not worse than champion", "non-inferior to champion"])],
)
def test_a_model_that_learned_from_one_wrong_outcome_in_twenty_fails_where_audits_suffice_to_tell(
    share: float, expected: list[str]
) -> None:
    """Of 300 audits that many wrong ones are within chance; of 3,000 they are not."""
    y = money(3_000)
    misled, champion = sighted(flipped(y, share=share), noise=0.3, seed=2), sighted(y, noise=0.3)
    assert failed(misled, champion, count=3_000) == expected


def test_a_challenger_that_may_be_worse_by_more_than_the_margin_is_left_open() -> None:
    """The same audits tell a large margin and not a small one; the power beside it says why."""
    other = sighted(Y, noise=1.0, seed=2)
    wide, narrow = (beside(other, sighted(Y, noise=1.0), margin=m) for m in (0.5, 0.01))
    name = "non-inferior to champion"
    assert wide[name].verdict is GateVerdict.PASSED
    assert wide[name].sentence.endswith("must lie above -0.50, which one equal to it does in 100%")
    assert narrow[name].verdict is GateVerdict.CANNOT_TELL


def test_a_total_that_few_audits_cannot_show_is_shown_by_a_champion_that_expects_the_same() -> None:
    """Fifteen audits found money: alone nobody can tell, nor where it is twice the champion's."""
    y = np.zeros(300)
    y[::20] = np.random.default_rng(4).lognormal(6, 2.2, 15)
    own = prediction_of(np.full(300, float(y.mean())), probability=0.05)
    table = audits().set_column(audits().column_names.index("yield_amount"), "yield_amount", pa.array(y))
    out_of_fold = OutOfFold(table, {"hurdle": own})

    def total(champion: Prediction | None) -> Check:
        [check, _] = calibrated(out_of_fold, champion)
        return check

    assert total(None).verdict is GateVerdict.CANNOT_TELL
    assert total(own).verdict is GateVerdict.PASSED
    assert total(own).sentence.endswith("1.00 (1.00 to 1.00) times the champion's")
    assert total(prediction_of(own.expected / 2)).verdict is GateVerdict.CANNOT_TELL


def test_what_is_merely_not_refuted_lets_a_first_model_serve_and_no_challenger() -> None:
    """Its total is right by its value, and its interval reaches beyond a half more."""
    y = money(120)
    own = prediction_of(np.full(120, float(y.mean())))
    out_of_fold = OutOfFold(audits(120), {"hurdle": own})
    first, _ = calibrated(out_of_fold)
    later, _ = calibrated(out_of_fold, prediction_of(own.expected * 1.4))
    assert first.verdict is GateVerdict.PASSED
    assert later.verdict is GateVerdict.CANNOT_TELL


def test_a_model_that_learned_from_outcomes_in_doubt_is_left_open_and_says_which() -> None:
    doubt = LabelReport((Alarm("hits_by_team", True, 3.0, 1.5, "K07 books 3.0 times as many."),))
    check = beside(GOOD, GOOD, labels=doubt)["outcomes credible"]
    assert check == Check("outcomes credible", GateVerdict.CANNOT_TELL, "K07 books 3.0 times as many")


@pytest.mark.parametrize("factor", [0.3, 3.0])
def test_a_model_whose_total_is_far_off_fails_though_it_ranks_well(factor: float) -> None:
    assert failed(prediction_of(GOOD.expected * factor), GOOD) == ["total_ratio"]


def test_a_model_that_promises_twice_as_many_adjustments_fails() -> None:
    assert failed(prediction_of(GOOD.expected, probability=0.5), GOOD) == ["probability_ratio"]


def test_a_suspected_leak_fails_and_is_named() -> None:
    checks = gate(
        OutOfFold(audits(), {"hurdle": GOOD}), rivals={"champion": GOOD}, leaks=LEAK, labels=NO_DOUBT
    )
    assert checks[-1] == Check("no leak", GateVerdict.REFUSED, "suspected by clock")
    assert verdict_line(checks, is_first=True) == "REFUSED: no leak: suspected by clock."


def test_where_too_few_audits_were_tested_nothing_passes_that_must_be_measured() -> None:
    few = OutOfFold(audits(), {"hurdle": GOOD}).where(np.arange(300) >= 280)
    checks = gate(few, rivals={"champion": few.predictions["hurdle"]}, leaks=NO_LEAK, labels=NO_DOUBT)
    undecided = [check.name for check in checks if check.verdict is GateVerdict.CANNOT_TELL]
    assert undecided == ["not worse than champion", "total_ratio", "probability_ratio"]
    assert overall(checks) is GateVerdict.CANNOT_TELL


def at_random(
    y: Floats, predicted: Prediction, *, drawn: int, noise: float = 1.0
) -> tuple[OutOfFold, dict[str, Check]]:
    """The first `drawn` of the audits were drawn at random; of the others, twice as much was found."""
    table = audits(len(y))
    channels = ["random"] * drawn + ["rule"] * (len(y) - drawn)
    found = np.where(np.arange(len(y)) < drawn, y, noise * y)
    for name, column in (("selection_channel", pa.array(channels)), ("yield_amount", pa.array(found))):
        table = table.set_column(table.column_names.index(name), name, column)
    out_of_fold = OutOfFold(table, {"hurdle": predicted})
    return out_of_fold, {
        check.name: check for check in gate(out_of_fold, rivals={}, leaks=NO_LEAK, labels=NO_DOUBT)
    }


@pytest.mark.parametrize(
    ("factor", "verdict"),
    [(0.3, "REFUSED"), (1.0, "PASSED"), (3.0, "REFUSED")],
)
def test_money_is_judged_on_audits_drawn_at_random_where_enough_have_an_adjustment(
    factor: float, verdict: str
) -> None:
    """What was found on the other audits, twice as much, does not matter."""
    y = money(3_000)
    predicted = prediction_of(sighted(y, noise=0.3).expected * factor)
    _, checks = at_random(y, predicted, drawn=1_500, noise=2.0)
    assert checks["total_ratio"].verdict == verdict
    assert checks["total_ratio"].sentence.endswith("on audits drawn at random")


def test_where_few_were_drawn_at_random_a_total_below_that_of_chosen_audits_is_left_open() -> None:
    """They were chosen because more was suspected; one above theirs is refused all the same."""
    y = money(3_000)
    right = sighted(y, noise=0.3)
    _, low = at_random(y, right, drawn=40, noise=3.0)
    _, high = at_random(y, prediction_of(right.expected * 3), drawn=40)
    assert low["total_ratio"].verdict is GateVerdict.CANNOT_TELL
    assert "60 are needed to judge the total over all traders" in low["total_ratio"].sentence
    assert high["total_ratio"].verdict is GateVerdict.REFUSED


@pytest.mark.parametrize(("factor", "verdict"), [(1.0, "PASSED"), (1.8, "CANNOT TELL"), (5.0, "REFUSED")])
def test_what_few_audits_drawn_at_random_deny_is_not_passed(factor: float, verdict: str) -> None:
    """On the chosen audits the total is right each time; on 120 drawn at random it is that much too high."""
    y = money(3_000)
    right = sighted(y, noise=0.3)
    drawn = np.arange(3_000) < 120
    _, checks = at_random(y, prediction_of(np.where(drawn, y * factor, right.expected)), drawn=120)
    assert checks["total_ratio"].verdict == verdict


def test_a_total_right_by_luck_alone_is_left_open() -> None:
    """The value is within the limits; the interval reaches from a quarter to four times."""
    y = np.zeros(300)
    y[::20] = np.random.default_rng(4).lognormal(6, 2.2, 15)
    predicted = prediction_of(np.full(300, float(y.mean())), probability=0.05)
    _, checks = at_random(y, predicted, drawn=0)
    assert "predicted / found 1.00" in checks["total_ratio"].sentence
    assert checks["total_ratio"].verdict is GateVerdict.CANNOT_TELL


@pytest.mark.parametrize(
    ("missed", "expected"),
    [
        (0, []),
        (30, ["coverage of the top fifth"]),
        (120, ["coverage", "coverage of the top fifth", "coverage of the top 5 %"]),
    ],
)
def test_intervals_must_cover_what_they_promise_at_the_top_too(missed: int, expected: list[str]) -> None:
    """Of 400 audits the top fifth are 80, the top 5 % the first 20; those missed begin at the 31st."""
    y, number = np.full(400, 10.0), np.arange(400)
    first = 30 if missed < 100 else 0
    is_missed = (number >= first) & (number < first + missed)
    y[number % 4 > 0] = 0.0
    model = prediction_of(1_000.0 - number.astype(np.float64))
    covering = replace(model, low=np.where(is_missed, 50.0, 0.0))
    _, checks = at_random(y, covering, drawn=0)
    refused = [name for name, check in checks.items() if check.verdict is GateVerdict.REFUSED]
    assert [name for name in refused if name.startswith("coverage")] == expected


def test_without_an_audit_to_judge_by_nobody_can_tell_and_the_first_model_may_serve() -> None:
    none = OutOfFold(audits(0), {"hurdle": prediction_of(np.zeros(0))})
    checks = gate(none, rivals={}, leaks=NO_LEAK, labels=NO_DOUBT)
    assert checks[0] == UNTESTED
    assert verdict_line(checks, is_first=True) == (
        "CANNOT TELL: backtest: no model can be judged yet: too few audits are closed to hold some out. "
        "Nothing refutes it and nothing serves yet, so it may serve."
    )
    assert verdict_line(checks, is_first=False).endswith("The champion stays.")


@pytest.mark.parametrize(
    ("verdict", "first", "later"),
    [
        (GateVerdict.PASSED, True, True),
        (GateVerdict.CANNOT_TELL, True, False),
        (GateVerdict.REFUSED, False, False),
    ],
)
def test_what_cannot_be_told_keeps_the_champion(verdict: GateVerdict, first: bool, later: bool) -> None:
    assert may_serve(verdict, is_first=True) is first
    assert may_serve(verdict, is_first=False) is later


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
