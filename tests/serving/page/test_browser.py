"""The pages in a real Chromium: accessible, on one screen and one sheet, inert whatever names there are."""

import re
from datetime import date
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest

from features.data.dataset import Dataset
from features.language import LANGUAGES
from serving.live.case import Case
from serving.live.declared import declared_lines
from serving.live.due_diligence import Crowd, DueDiligence, Tie
from serving.live.evidence import read_rows
from serving.live.history import EarlierPrediction, past_audits
from serving.live.programme import tasks_of
from serving.live.state import Live
from serving.live.watchlist import NameMatch
from serving.log.judgements import LoggedJudgement, Opinion
from serving.page import (
    due_diligence_page,
    evidence_page,
    model_page,
    programme_page,
    reading_page,
    trader_page,
)
from serving.page.render import ICON
from serving.page.side_by_side import change_page, compare_page, side_by_side, what_if_page
from tests.clock import now
from tests.serving.browser import DARK, dom, evaluate, looked_over, needs_axe, needs_chromium, paper
from tests.serving.caller import Service
from tests.serving.page.test_model import CARD
from tests.serving.pages import HOSTILE, IDENTIFIERS, carded, ranking, renamed

DESK, PHONE = "--window-size=1280,800", "--window-size=500,900"
WHITE = "rgb(255, 255, 255)"
ACTIVE = {"script", "img", "iframe", "object", "embed", "link", "base", "marquee"}
HIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufffd]")


@pytest.fixture(scope="module")
def first(live: Live) -> str:
    return str(live.ranking["trader_id"][0].as_py())


def behind_it(trader_id: str) -> DueDiligence:
    """Who stands behind a trader: a person, and others whose names nobody should have."""
    day = date(2024, 1, 1)
    third = Tie("Jane Doe", "director", None, day, None, day)
    others = [
        Tie(f"T{number}", "director", "Jane Doe", day, day, day, name, day, True, 3, 1234.5, day)
        for number, name in enumerate(HOSTILE.values())
    ]
    match = NameMatch(trader_id, "Jane Doe", "NK-1", HOSTILE["script"], "Person", "xa", "A list", 96.0)
    crowd = Crowd("Harbour 1", "address", 50)
    return DueDiligence(
        trader_id, (third, *others), (crowd,), (match,), names=3, has_watchlist=True, left_out=2
    )


@pytest.fixture(scope="module")
def pages(live: Live, dataset: Dataset, first: str, served: Service) -> dict[str, str]:
    """Every page in English, and some in other languages."""
    russian, kazakh = (every_page(live.in_language(LANGUAGES[code]), dataset, first) for code in ("ru", "kk"))
    return {
        **every_page(live, dataset, first),
        "http_api": served.client.get("/docs").text,
        "trader in ru": russian["trader"],
        "trader in kk": kazakh["trader"],
        "ranking in ru": russian["ranking"],
    }


def every_page(live: Live, dataset: Dataset, first: str) -> dict[str, str]:
    """Every page about a trader, the ranking or the model, in the language of what is live."""
    rows = read_rows(live, first, names=["customs_value_12m", "line_count_12m"])
    lines = declared_lines(dataset, first)
    left, right = (Case.of(live, trader) for trader in live.ranking["trader_id"].to_pylist()[:2])
    beside = side_by_side(live, left, right, names=("1 July 2024", "1 October 2024"))
    opinion = Opinion(verdict="wrong", because="A slip.", status="closed", assigned_to="Ann", note="Seen.")
    judged = LoggedJudgement("1-1-ab", first, None, "1", "Ann", "auditor", now(), opinion)
    verdicts = {("1", "customs_value_12m", "wrong", "Ann"): 2, ("1", None, "agree", "Ann"): 1}
    earlier = [EarlierPrediction(date(2024, 7, 1), "1", 1234.5)]
    return {
        "trader": trader_page(
            live,
            first,
            history=past_audits(dataset).get(first, ()),
            predictions=earlier,
            prediction_id="1-1-ab",
            judgements=[judged],
        ),
        "notice": trader_page(live, first, view="notice"),
        "ranking": ranking(
            live, query={"size_band": "small", "columns": ["customs_value_12m", "line_count_12m"]}
        ),
        "evidence": evidence_page(live, rows["customs_value_12m"]),
        "due_diligence": due_diligence_page(live, behind_it(first)),
        "model": model_page(carded(live, CARD), verdicts=verdicts),
        "help": reading_page(live),
        "what_if": what_if_page(live, first, lines, line=lines[0], estimates=beside),
        "change": change_page(live, first, beside, since=date(2024, 7, 1), prediction_id="1-1-abcd"),
        "compare": compare_page(live, first, "T9", beside, prediction_id="1-1-abcd"),
        "programme": programme_page(live, first, tasks_of(live, first, limited=False), rows),
    }


@needs_chromium
@needs_axe
@pytest.mark.parametrize(
    ("name", "flags"),
    [
        ("trader", (DESK,)),
        ("trader", (PHONE, DARK)),
        ("trader in ru", (PHONE,)),
        ("trader in kk", (DESK,)),
        ("ranking in ru", (DESK,)),
        ("notice", (DESK,)),
        ("ranking", (DESK, DARK)),
        ("ranking", (PHONE,)),
        ("evidence", (PHONE,)),
        ("programme", (PHONE, DARK)),
        ("due_diligence", (DESK,)),
        ("due_diligence", (PHONE, DARK)),
        ("what_if", (DESK, DARK)),
        ("what_if", (PHONE,)),
        ("change", (PHONE, DARK)),
        ("compare", (DESK,)),
        ("model", (DESK,)),
        ("model", (PHONE, DARK)),
        ("help", (PHONE,)),
        ("help", (DESK, DARK)),
        ("http_api", (DESK,)),
        ("http_api", (PHONE, DARK)),
    ],
    ids=str,
)
def test_a_page_is_accessible_fits_the_window_and_loads_nothing(
    name: str, flags: tuple[str, ...], pages: dict[str, str], tmp_path: Path
) -> None:
    result = looked_over(pages[name], tmp_path, *flags)
    assert result["faults"] == []
    assert result["passes"] > 10
    assert (result["wide"], result["loaded"]) == (0, [])
    assert (result["paper"] == WHITE) is (DARK not in flags)


@pytest.mark.long
@needs_chromium
@needs_axe
@pytest.mark.parametrize("flags", [(DESK, DARK), (PHONE,)], ids=str)
@pytest.mark.parametrize("code", [code for code in LANGUAGES if code != "en"])
def test_every_page_is_accessible_and_fits_in_every_language(
    code: str, flags: tuple[str, ...], live: Live, dataset: Dataset, first: str, tmp_path: Path
) -> None:
    for name, page in every_page(live.in_language(LANGUAGES[code]), dataset, first).items():
        result = looked_over(page, tmp_path, *flags)
        assert (name, result["faults"], result["wide"]) == (name, [], 0)


@needs_chromium
def test_every_reason_is_on_the_first_screen_and_each_bar_begins_where_the_last_one_ended(
    pages: dict[str, str], tmp_path: Path
) -> None:
    script = """
        const bars = [...document.querySelectorAll('.fall')].map(cell => {
            const bar = cell.querySelector('rect').getBoundingClientRect();
            const box = cell.getBoundingClientRect();
            return [bar.left - box.left, bar.right - box.left, box.width]
        });
        return {bars, bottom: document.querySelector('.sum').getBoundingClientRect().bottom}
    """
    result = evaluate(pages["trader"], tmp_path, DESK, script=script)
    assert result["bottom"] < 800
    assert all(-1 <= left <= right <= width + 1 for left, right, width in result["bars"])
    for one, other in pairwise(result["bars"][:-1]):
        assert min(abs(a - b) for a in one[:2] for b in other[:2]) < 2.5


@needs_chromium
@pytest.mark.parametrize(("name", "sheets"), [("trader", 2), ("notice", 1)])
def test_it_prints_on_one_sheet_and_the_programme_on_a_second(
    name: str, sheets: int, pages: dict[str, str], tmp_path: Path
) -> None:
    assert paper(pages[name], tmp_path) == sheets


class Read(HTMLParser):
    """The elements, attributes and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if (tag, attrs) == ("link", [("rel", "icon"), ("href", ICON)]):
            return
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action")]

    def handle_data(self, data: str) -> None:
        self.text += data

    def is_inert(self) -> bool:
        return not self.names & ACTIVE and not {name for name in self.attributes if name.startswith("on")}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_name_is_text_on_every_page(kind: str, live: Live, first: str) -> None:
    strange = renamed(live, names={first: HOSTILE[kind]})
    for page in (
        trader_page(strange, first),
        trader_page(strange, first, view="notice"),
        ranking(strange, query={"find": HOSTILE[kind][:50]}),
        due_diligence_page(strange, behind_it(first)),
    ):
        assert Read(page).is_inert()
        assert not HIDDEN.search(page)


@needs_chromium
def test_hostile_names_together_are_text_in_the_browser(live: Live, tmp_path: Path) -> None:
    traders = live.ranking["trader_id"].to_pylist()[: len(HOSTILE)]
    strange = renamed(live, names=dict(zip(traders, HOSTILE.values(), strict=True)))
    became = dom(ranking(strange, query={}), tmp_path, DESK)
    assert "<title>Traders by expected audit yield</title>" in became
    read = Read(became)
    assert read.is_inert()
    for shown in (
        HOSTILE["script"],
        HOSTILE["formula"],
        HOSTILE["right_to_left"],
        HOSTILE["long"],
        "NUL\\x00",
    ):
        assert shown in read.text


@needs_chromium
def test_a_long_name_does_not_push_the_page_aside(live: Live, first: str, tmp_path: Path) -> None:
    script = """
        const last = document.querySelector('.sum').getBoundingClientRect();
        return [document.documentElement.scrollWidth - innerWidth, last.bottom < 900]
    """
    page = trader_page(renamed(live, names={first: HOSTILE["long"]}), first)
    assert evaluate(page, tmp_path, DESK, script=script) == [0, True]


@needs_chromium
def test_a_long_name_takes_two_lines_of_the_ranking(live: Live, first: str, tmp_path: Path) -> None:
    script = """
        const row = document.querySelector('.list tbody tr').getBoundingClientRect();
        return [document.documentElement.scrollWidth - innerWidth, row.height < 60]
    """
    page = ranking(renamed(live, names={first: HOSTILE["long"]}), query={})
    assert evaluate(page, tmp_path, DESK, script=script) == [0, True]


@needs_chromium
def test_the_ranking_on_a_phone_says_who_a_trader_is_in_three_lines(live: Live, tmp_path: Path) -> None:
    script = """
        const row = document.querySelector('.list tbody tr');
        return [row.getBoundingClientRect().height < 70, row.querySelector('.less-room').innerText]
    """
    low, described = evaluate(ranking(live, query={}), tmp_path, PHONE, script=script)
    assert low
    assert live.ranking["trader_id"][0].as_py() in described


@needs_chromium
def test_the_policy_stops_a_script_that_got_in_and_lets_our_style_through(
    pages: dict[str, str], tmp_path: Path
) -> None:
    mark = "document.documentElement.dataset.owned = getComputedStyle(document.body).margin"
    got_in = f"<script>{mark}</script><img src=x onerror='{mark}'>"
    page = pages["notice"].replace("</main>", f"{got_in}</main>")
    assert "data-owned" not in dom(page, tmp_path)
    assert 'data-owned="0px"' in dom(page.replace("default-src &#39;none&#39;;", "img-src file:;"), tmp_path)


@pytest.mark.parametrize("identifier", IDENTIFIERS)
def test_a_hostile_identifier_stays_one_part_of_its_links(identifier: str, live: Live, first: str) -> None:
    strange = renamed(live, ids={first: identifier})
    read = Read(trader_page(strange, identifier))
    assert read.is_inert()
    behind = [
        urlsplit(urljoin("http://here/traders/x", link)).path for link in read.links if "evidence" in link
    ]
    assert behind
    for path in behind:
        _, traders, trader, evidence, feature = path.split("/")
        assert (traders, unquote(trader), evidence) == ("traders", identifier, "evidence")
        assert feature in live.bundle.names
    assert f"/traders/{trader}" in Read(ranking(strange, query={})).links
