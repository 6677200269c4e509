"""The ranking as a page: filters, pages, what a reader may see."""

import html
import re
from dataclasses import replace
from datetime import date
from urllib.parse import parse_qs

import pytest

from serving.live.month_before import RanksBefore
from serving.live.ranking import RankingQuery, filter_ranking
from serving.live.state import Live
from serving.page.ranking import ROWS_A_PAGE
from tests.serving.pages import ranking


def traders(page: str) -> list[str]:
    return [html.unescape(name) for name in re.findall(r'<a href="/traders/([^"]+)">', page)]


def test_the_first_page_has_the_first_traders_in_order(live: Live) -> None:
    expected = live.ranking["trader_id"].to_pylist()[:ROWS_A_PAGE]
    assert traders(ranking(live, query={})) == expected


def test_pages_follow_one_another_and_the_last_is_the_last(live: Live) -> None:
    everyone = live.ranking["trader_id"].to_pylist()
    assert traders(ranking(live, query={"page": "2"})) == everyone[ROWS_A_PAGE : 2 * ROWS_A_PAGE]
    last = ranking(live, query={"page": "99999"})
    assert traders(last)[-1] == everyone[-1]
    assert "Next" not in last


@pytest.mark.parametrize("column", ["region", "sector", "size_band"])
def test_a_filter_keeps_those_alone(column: str, live: Live) -> None:
    value = next(value for value in live.ranking[column].to_pylist() if value)
    matches = filter_ranking(live.ranking, RankingQuery.of({column: value}))
    assert set(matches[column].to_pylist()) == {value}
    assert matches.num_rows == live.ranking[column].to_pylist().count(value)


def test_by_finding_type_the_order_is_by_its_money(live: Live) -> None:
    matches = filter_ranking(live.ranking, RankingQuery.of({"finding_type": "origin"}))
    amounts = matches["expected_origin"].to_pylist()
    assert matches.num_rows == live.ranking.num_rows
    assert amounts == sorted(amounts, reverse=True)


def test_finding_a_name_takes_it_word_for_word(live: Live) -> None:
    trader = live.ranking["trader_id"][5].as_py()
    assert traders(ranking(live, query={"find": trader.lower()})) == [trader]
    assert traders(ranking(live, query={"find": ".*"})) == []


@pytest.mark.parametrize(
    "query",
    [
        {"page": "-1"},
        {"page": "0"},
        {"page": "²"},
        {"page": "9" * 5000},
        {"finding_type": "gold"},
        {"finding_type": "yield"},
        {"page": "1.5", "unknown": "x"},
    ],
)
def test_what_cannot_be_understood_is_as_if_not_asked(query: dict[str, str], live: Live) -> None:
    assert traders(ranking(live, query=query)) == traders(ranking(live, query={}))


def test_who_is_under_audit_can_be_left_out_and_is_named_where_it_is_not(live: Live) -> None:
    audited = dict(
        zip(live.ranking["trader_id"].to_pylist(), live.ranking["is_audited"].to_pylist(), strict=True)
    )
    free, under = (traders(ranking(live, query={"audited": answer})) for answer in ("no", "yes"))
    assert not any(audited[trader] for trader in free)
    assert under == [trader for trader, is_audited in audited.items() if is_audited][:ROWS_A_PAGE]
    assert ranking(live, query={"audited": "yes"}).count("<span>under audit</span>") == len(under) > 0


def test_a_link_keeps_several_values_and_limits() -> None:
    asked = {"size_band": ["small", "large"], "least_money": "5000", "not_since": "2024-01-01"}
    link = RankingQuery.of(asked).link(2)
    assert RankingQuery.of(parse_qs(link[1:])) == replace(RankingQuery.of(asked), page=2)


def test_nobody_is_like_that_is_said(live: Live) -> None:
    page = ranking(live, query={"region": "<b>nowhere</b>"})
    assert "No trader is like that" in page
    assert "<b>nowhere" not in page


def test_a_reader_sees_only_the_traders_that_it_may(live: Live) -> None:
    allowed = live.ranking["trader_id"].to_pylist()[10:13]
    page = ranking(live, query={}, only=allowed)
    assert traders(page) == allowed
    assert "3 of " in page


def test_links_to_other_pages_keep_what_was_asked() -> None:
    sought = RankingQuery.of({"find": "a&b=c", "size_band": "small", "page": "3"})
    assert sought.link(4) == "?find=a%26b%3Dc&size_band=small&page=4"


def test_features_can_be_shown_and_bounded_and_a_link_keeps_them(live: Live) -> None:
    name = "customs_value_12m"
    values = live.X[:, live.bundle.names.index(name)]
    query = {"columns": [name, "no_such_feature"], "where": [f"{name} >= 500000", "nonsense"]}
    page = ranking(live, query=query)
    label = next(words.label for words in live.bundle.words if words.name == name)
    assert f'<th scope="col" class="feature">{html.escape(label)} ({name})</th>' in page
    shown = traders(page)
    assert len(shown) == min(ROWS_A_PAGE, int((values >= 500_000).sum()))
    assert f'<td class="num">{values[live.row_index[shown[0]]]:,.0f}</td>' in page
    link = RankingQuery.of(query, features=live.bundle.names).link(2)
    assert parse_qs(link.removeprefix("?")) == {
        "columns": [name],
        "where": [f"{name}>=500000"],
        "page": ["2"],
    }


def test_who_is_new_is_a_filter_where_the_month_before_is_known_alone(live: Live) -> None:
    everyone = live.ranking["trader_id"].to_pylist()
    assert "new_among" not in ranking(live, query={"new_among": "5"})
    known = replace(live)
    first_now = everyone[0]
    known.__dict__["ranks_before"] = RanksBefore(
        date(2024, 9, 1), {trader: rank for rank, trader in enumerate(reversed(everyone), 1)}
    )
    page = ranking(known, query={"new_among": "5"})
    assert traders(page) == everyone[:5]
    assert f'<td class="num more-room">{len(everyone):,}</td>' in page
    assert "new_among" not in ranking(known, query={"new_among": "5"}, only={first_now})
    assert traders(ranking(known, query={"new_among": "5"}, only={first_now})) == [first_now]
