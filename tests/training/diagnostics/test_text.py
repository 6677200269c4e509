"""Diagnostics as a person reads them."""

from models.card import ReliabilityRow
from training.diagnostics.effects import Effect
from training.diagnostics.importance import FeatureState, Importance
from training.diagnostics.learning_curve import LearningStep
from training.diagnostics.report import Diagnostics
from training.diagnostics.text import diagnostics_to_text


def feature(name: str, state: FeatureState = "used", share: float = 0.0) -> Importance:
    return Importance(name, f"Words for {name}", "kind", state, 0.5, 1234.4, share, share / 2, share * 2)


def team(number: int, times: float) -> Effect:
    return Effect("occurrence", "team_id", f"K{number}", 20, 0.0, times, 0.9, 1.1)


DESK = (
    Effect("occurrence", "treatment", "desk", 43, -0.5, 0.61, 0.52, 0.7),
    Effect("amount", "treatment", "desk", 43, 0.1, 1.1, None, None),
)
STEPS = tuple(
    LearningStep(*step)
    for step in [
        (50, 60, "captured_5", None, None, None, None, None),
        (100, 120, "captured_5", None, None, None, None, None),
        (50, 60, "gini", 0.31, 0.1, 0.5, 0.14, 0.05),
        (100, 120, "gini", 0.45, 0.2, 0.6, None, None),
    ]
)
WHOLE = Diagnostics(
    features=(
        feature("a", share=0.2),
        *(feature(f"e{n}", "empty") for n in range(8)),
        feature("u", "unused"),
    ),
    indicators=(feature("kind", share=0.3),),
    reliability=(
        ReliabilityRow("reference", "chance", 1, 20, 6, 0.287, 0.3, 0.145, 0.519),
        ReliabilityRow("reference", "money", 1, 20, 6, 1845.0, 26459.0, 2391.0, 70435.0),
        ReliabilityRow("reference", "money", 2, 22, 1, 15.0, 7.0, None, None),
        ReliabilityRow("all", "money", 1, 99, 6, 1.0, 1.0, None, None),
    ),
    effects=(*DESK, *(team(number, 0.5 + number / 10) for number in range(10))),
    learning_curve=STEPS,
)
LINES = list(diagnostics_to_text(WHOLE))


def line_of(words: str) -> str:
    [line] = [line for line in LINES if words in line]
    return " ".join(line.split())


def test_predicted_stands_beside_found_for_the_audits_that_a_prediction_is_of() -> None:
    assert "20 audits like the one predicted" in line_of("Reliability")
    assert line_of("29%") == "1 20 29% 30% [14%, 52%] 20 1,845 26,459 [2,391, 70,435] *"
    assert line_of(" 15 ") == "2 22 15 7"
    assert not [line for line in LINES if " 99 " in line]


def test_features_and_indicators_are_told_with_their_shares_and_the_others_by_name() -> None:
    assert line_of("Words for a") == "1,234 20.0% 10.0% to 40.0% Words for a (a)"
    assert line_of("Words for kind") == "1,234 30.0% 15.0% to 60.0% Words for kind"
    assert line_of("have no value") == "8 of 10 have no value in any audit: e0, e1, e2, e3, e4, e5 and 2 more"
    assert line_of("goes by them") == "1 of 10 have values, but no model of a fold goes by them: u"
    assert not [line for line in LINES if "Words for u" in line or "Words for e0" in line]


def test_circumstances_are_a_table_and_of_many_levels_the_lowest_and_highest() -> None:
    assert line_of("finds something") == "audits finds something amounts"
    assert line_of("treatment desk") == "treatment desk 43 0.61 [0.52, 0.70] 1.10"
    assert [line.split()[1] for line in LINES if "team_id K" in line] == ["K0", "K1", "K2", "K7", "K8", "K9"]


def test_a_learning_curve_says_what_the_other_audits_bring() -> None:
    assert line_of("50 %, 60") == (
        "50 %, 60 audits before the newest fold: 0.31 [0.10, 0.50], all lead by +0.14 (s.e. 0.05)"
    )
    assert line_of("too few audits were tested")


def test_a_model_without_circumstances_and_a_training_without_reference_audits_say_so() -> None:
    lines = list(diagnostics_to_text(Diagnostics(WHOLE.features, WHOLE.indicators, (), (), ())))
    assert "  none of them was tested" in lines
    assert "Circumstances of audits: this model corrects for none" in lines
    assert not [line for line in lines if "Learning curve" in line]


def test_where_no_model_moved_anything_what_is_empty_is_still_said() -> None:
    nothing = Diagnostics((feature("a", "untested"), feature("e", "empty")), (), (), (), ())
    lines = list(diagnostics_to_text(nothing))
    assert "  none was seen to move any" in lines
    assert "  1 of 2 have no value in any audit: e" in lines
