"""The page of the model: what its card measured, in words that follow from the numbers."""

import re
from dataclasses import replace

import numpy as np
import pytest

from models.card import UNTESTED, Gain, Group, MeasuredGap, ModelCard, ReliabilityRow, Score, TrainingData
from serving.live.state import Live
from serving.page import model_page
from tests.serving.pages import carded

SHARES = np.linspace(0, 1, 21)
CARD = ModelCard(
    model="hurdle",
    data=TrainingData(tested_audits=150),
    predicts="A prediction is for a reference audit.",
    gain=(
        Gain("hurdle", tuple(np.sqrt(SHARES).tolist())),
        Gain("declared_value", tuple((SHARES**0.75).tolist())),
        Gain("oracle", tuple(np.minimum(1, 4 * SHARES).tolist())),
    ),
    reliability=(
        ReliabilityRow("reference", "chance", 1, 40, 20, 0.5, 0.5, 0.35, 0.65),
        ReliabilityRow("reference", "chance", 2, 40, 20, 0.2, 0.5, 0.35, 0.65),
        ReliabilityRow("reference", "money", 1, 40, 20, 9000.0, 8000.0, 2000.0, 14000.0),
        ReliabilityRow("reference", "money", 2, 40, 2, 100.0, -50.0, None, None),
    ),
    performance=(Score(None, "random", 12, 3, "total_ratio", "hurdle", None, 1.1, None, None, None),),
    fairness=(
        Group("size_band", "large", 90, 0.4, 0.2, 0.5, 0.5, 1.8),
        Group("size_band", "small", 90, 0.1, 0.05, 0.3, 0.3, 1.1),
        Group("region", "XA-<b>1</b>", 29, 0.1, None, 0.0, 0.1, None),
    ),
    limits=("It cannot see what was never looked for.",),
)


@pytest.fixture(scope="module")
def page(live: Live) -> str:
    return model_page(carded(live, CARD))


def test_the_first_sentence_is_read_off_the_gain_curve(page: str) -> None:
    lead = re.sub(r"\s+", " ", re.findall(r'<p class="lead">(.*?)</p>', page, re.DOTALL)[0])
    assert "first brought <b>32%</b> of all" in lead  # the root of a tenth
    assert "largest value declared brought 18%" in lead  # a tenth to the power of three quarters


def test_what_the_card_measured_as_weak_is_said_and_nothing_else(page: str) -> None:
    [section] = re.findall(r'<h2 id="weak">(.*?)</section>', page, re.DOTALL)
    weak = re.findall(r"<li>(.*?)</li>", section)
    assert [each.split(",")[0] for each in weak] == [
        "Only 150 audits could be held out: what is measured here may be chance.",
        "Of the audits drawn at random",
        "In 1 of its groups of like chances",
        "Of size band large it predicts 1.8 for each 1 that was found (90 audits).",
    ]
    assert "12 could be tested, 3 of them" in weak[1]
    assert "beyond what chance explains: 2 (1" in weak[2]


def test_the_parts_of_all_topics_are_the_whole(page: str, live: Live) -> None:
    [section] = re.findall(r'<h2 id="goes_by">(.*?)</section>', page, re.DOTALL)
    shares = [int(share) for share in re.findall(r"(\d+)%</td></tr>", section)]
    assert len(shares) == len({words.topic for words in live.bundle.words})
    assert sum(shares) == pytest.approx(100, abs=len(shares) / 2)
    assert shares == sorted(shares, reverse=True)


def test_a_model_that_no_audit_was_held_out_for_says_so(live: Live) -> None:
    page = model_page(carded(live, replace(ModelCard(), limits=(UNTESTED,))))
    assert "Nobody knows yet." in page
    assert page.count(UNTESTED) == 1
    assert "What it gains" not in page


def test_it_says_what_audits_by_lot_measured_whatever_it_expects(page: str, live: Live) -> None:
    assert "was not measured when it learned" in page
    measured = MeasuredGap(2023, 12_000.0, 7_000.0, 31_000.0, 90, 12, is_provisional=False)
    said = model_page(carded(live, replace(CARD, gap=measured)))
    assert "Audits of all traders would have booked 12,000 (7,000 to 31,000) in 2023" in said


def test_a_group_is_text(page: str) -> None:
    assert "XA-&lt;b&gt;1" in page
