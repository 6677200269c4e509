"""What the page of a trader says beside the reasons: the past, and what the estimate does not know."""

import re
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from serving.live.history import EarlierPrediction, PastAudit
from serving.live.state import Live
from serving.page import trader_page
from serving.page.trader import SHOWN

FOUND = PastAudit("A1", date(2022, 3, 1), date(2022, 6, 1), "field", "joint_tax", 1300.4, -20.0, "origin")
NOTHING = replace(FOUND, assessed=0.0, collected=0.0, finding_type=None)
OPEN = replace(FOUND, closed_on=None, assessed=None, collected=None, finding_type=None)


@pytest.fixture(scope="module")
def trader(traders: list[str]) -> str:
    return traders[0]


def text(page: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", "", page[page.index("<body>") :]).split())


@pytest.mark.parametrize(
    ("audit", "sentence"),
    [
        (
            replace(FOUND, is_confirmed=True),
            "collected. An amount is more than all that was declared in its scope; it was confirmed",
        ),
        (FOUND, "1 March 2022, field, chosen by joint tax: 1,300 assessed, mostly origin; −20 collected"),  # noqa: RUF001
        (NOTHING, "1 March 2022, field, chosen by joint tax: nothing found"),
        (OPEN, "1 March 2022, field, chosen by joint tax: not closed"),
    ],
    ids=["confirmed", "found", "nothing", "open"],
)
def test_an_audit_is_told_in_one_line(audit: PastAudit, sentence: str, live: Live, trader: str) -> None:
    assert sentence in text(trader_page(live, trader, history=[audit]))


def test_of_many_audits_the_newest_stand_there_and_the_others_are_counted(live: Live, trader: str) -> None:
    page = text(trader_page(live, trader, history=[FOUND] * (SHOWN + 3)))
    assert page.count("chosen by joint tax") == SHOWN
    assert "and 3 before those" in page


def test_earlier_estimates_are_told_and_none_is_said(live: Live, trader: str) -> None:
    shown = text(trader_page(live, trader, predictions=[EarlierPrediction(date(2024, 7, 1), "0", 1234.6)]))
    assert "1,235 as of 1 July 2024, model 0" in shown
    assert "None recorded." in text(trader_page(live, trader))


def test_what_the_administration_does_not_keep_is_named(live: Live, trader: str) -> None:
    missing = {"line_count_12m": ("tariff.rate",), "yield_on_value": ("tariff.rate", "links.link_type")}
    lacking = replace(live, snapshot=replace(live.snapshot, missing=missing))
    shown = text(trader_page(lacking, trader))
    assert "The administration has no tariff.rate, links.link_type: 2 indicators stay empty." in shown


def test_what_is_unknown_of_this_trader_is_named(live: Live) -> None:
    [row_index, column] = np.argwhere(np.isnan(live.X))[0]
    shown = text(trader_page(live, live.snapshot.table["trader_id"][int(row_index)].as_py()))
    assert re.search(r"\d+ of its indicators are empty for this trader: ", shown)
    assert live.bundle.words[column].label.lower() in shown


def test_the_page_says_what_audits_bring_and_what_those_do_that_find_something(
    live: Live, trader: str
) -> None:
    shown = text(trader_page(live, trader))
    row = live.ranking_by_row.slice(live.row_index[trader], 1).to_pylist()[0]
    low, high = (f"{row[name]:,.0f}" for name in ("low_if_adjusted", "high_if_adjusted"))
    assert f"Of 100 such audits, at least 90 bring between 0 and {row['high']:,.0f}." in shown
    assert f"If something is found, it is between {low} and {high} in 90 of 100 cases." in shown


def test_the_page_says_what_it_rests_on_and_that_it_is_no_evidence(live: Live, trader: str) -> None:
    shown = text(trader_page(live, trader))
    for digest in (live.bundle.digest, live.bundle.feature_digest, live.snapshot_digest, "no evidence"):
        assert digest in shown
    assert "What was known before 1 October 2024 · model 1" in shown


def test_the_same_trader_and_day_give_the_same_bytes(live: Live, trader: str) -> None:
    assert trader_page(live, trader) == trader_page(live, trader)
    assert trader_page(live, trader, view="notice") == trader_page(live, trader, view="notice")
