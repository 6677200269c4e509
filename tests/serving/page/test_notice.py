"""The page for the trader itself: what was looked at; no values of others, thresholds, ranks or scores."""

import re
from datetime import date

import pytest

from features.library import LIBRARY
from serving.live.state import Live
from serving.page import trader_page
from serving.page.notice import GENERAL, RECORD_OF, Letterhead, record_of

OTHERS = {
    "audit yield on value": "yield_on_value",
    "findings with its brokers": "broker_finding_rate_12m",
    "findings with its sellers": "seller_finding_rate_24m",
    "findings with its kin": "kin_finding_rate",
    "who shares its identity": "identity_shared_with",
    "the middle of its sector": "sector_rate",
    "beside its sector": "effective_rate_gap",
    "an inquiry that is open": "tax_audit_open",
    "an inquiry by others": "tax_adjusted",
    "a register of ties": "undeclared_tie_share_12m",
}


@pytest.mark.parametrize("name", OTHERS.values(), ids=OTHERS.keys())
def test_what_rests_on_others_or_on_open_inquiries_is_told_in_general(name: str) -> None:
    assert record_of(LIBRARY, name) == GENERAL


def test_what_rests_on_the_traders_own_records_names_them() -> None:
    assert record_of(LIBRARY, "preference_share_12m") == "your declarations"
    assert record_of(LIBRARY, "days_late_12m") == "your payments of customs debts"


def test_only_kinds_of_rows_that_there_are_count_as_own() -> None:
    sources = {feature.source for feature in LIBRARY.features}
    assert set(RECORD_OF) <= sources


def test_the_notice_has_no_number_but_days_periods_and_digests(live: Live) -> None:
    for trader in live.ranking["trader_id"].to_pylist()[:25]:
        page = trader_page(live, trader, view="notice")
        text = re.sub(r"<[^>]*>", " ", page[page.index("<body>") :])
        name = live.snapshot.traders["name"][live.row_index[trader]].as_py() or trader
        for known in (
            name,
            trader,
            "2 January 2025",
            "1 October 2024",
            live.bundle.digest[:16],
            live.snapshot_digest[:16],
        ):
            text = text.replace(known, "")
        text = re.sub(r"model 1\b|the last \d+ months", "", text)
        assert not re.search(r"\d", text), text
        assert not re.search(r"(?i)\brank|peers?\b|sector|score|%|money|expected yield", text)


def test_the_notice_shows_no_weight_by_its_order(live: Live) -> None:
    for trader in live.ranking["trader_id"].to_pylist()[:25]:
        page = trader_page(live, trader, view="notice")
        for listed in re.findall(r"<ul>(.*?)</ul>", page, re.DOTALL):
            labels = re.findall(r"<li>(.*?)</li>", listed)
            assert labels == sorted(labels)


def test_the_notice_names_day_office_and_legal_basis_as_they_are_set(live: Live) -> None:
    trader = live.ranking["trader_id"][0].as_py()
    letterhead = Letterhead(date(2025, 3, 4), "Customs <Audit> Office, Harbour 1", "Customs Act, section 12")
    page = trader_page(live, trader, view="notice", letterhead=letterhead)
    for words in (
        "4 March 2025",
        "Customs &lt;Audit&gt; Office, Harbour 1",
        "under <bdi>Customs Act, section 12",
    ):
        assert words in page
    assert "under <bdi>" not in trader_page(live, trader, view="notice")
