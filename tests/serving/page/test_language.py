"""Pages in other languages: asked for by address or browser, marked where a draft, escaped as in English."""

import re
from dataclasses import replace

import pytest

from features.language import LANGUAGES
from serving.live.state import Live
from serving.page import reading_page, trader_page
from serving.settings import Settings
from tests.serving.caller import Service, service
from tests.serving.pages import HOSTILE, renamed

DRAFT = 'class="draft"'
TITLES = {
    "en": "How to read these pages",
    "ru": "Как читать эти страницы",
    "kk": "Бұл беттерді қалай оқу керек",
}


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_page_is_in_its_language_says_so_and_whether_it_is_a_draft(code: str, live: Live) -> None:
    page = reading_page(live.in_language(LANGUAGES[code]))
    assert f'<html lang="{code}">' in page
    assert f"<h1>{TITLES[code]}</h1>" in page
    assert (DRAFT in page) == LANGUAGES[code].is_draft


def test_a_live_state_in_another_language_shares_what_was_computed(live: Live) -> None:
    _ = live.ranking
    other = live.in_language(LANGUAGES["ru"])
    assert other.ranking is live.ranking
    assert live.language is LANGUAGES["en"]


@pytest.mark.parametrize("kind", ["script", "bidi", "nul", "template"])
def test_a_value_inside_a_translated_sentence_is_escaped(kind: str, live: Live, traders: list[str]) -> None:
    named = renamed(live, names={traders[0]: HOSTILE[kind]}).in_language(LANGUAGES["ru"])
    page = trader_page(named, traders[0], view="notice")
    title, addressed = page.partition("<title>")[2], page.partition("<h1>")[2]
    assert HOSTILE[kind] not in title.replace(HOSTILE["template"] if kind == "template" else "\0", "")
    assert "<script>" not in title + addressed
    assert not re.search("[\x00\x07\u202e\u2066]", page)


@pytest.mark.parametrize(
    ("address", "accept", "code"),
    [
        ("/help", "", "en"),
        ("/help", "ru-RU,ru;q=0.9,en;q=0.8", "ru"),
        ("/help", "de, kk;q=0.7, en;q=0.3", "kk"),
        ("/help?language=kk", "ru", "kk"),
        ("/help?language=", "ru", "ru"),
        ("/?language=ru", "kk", "ru"),
        ("/model?language=ru", "kk", "ru"),
        ("/traders/{}?language=ru", "kk", "ru"),
        ("/compare?one={}&language=ru", "kk", "ru"),
    ],
)
def test_the_address_says_the_language_else_the_browser(
    address: str, accept: str, code: str, served: Service, traders: list[str]
) -> None:
    page = served.client.get(address.format(traders[0]), headers={"Accept-Language": accept})
    assert page.status_code == 200
    assert f'<html lang="{code}">' in page.text


def test_a_service_that_offers_two_languages_takes_the_first_where_none_is_wished(
    live: Live, tmp_path_factory: pytest.TempPathFactory
) -> None:
    settings = replace(Settings(), languages=("ru", "kk"))
    with service(live, tmp_path_factory.mktemp("home"), settings=settings) as running:
        pages = [
            running.client.get("/help", headers={"Accept-Language": wish}).text for wish in ("en", "kk, en")
        ]
    assert ['<html lang="ru">' in pages[0], '<html lang="kk">' in pages[1]] == [True, True]


@pytest.mark.parametrize("path", ["/", "/help", "/traders/{}"])
def test_a_language_that_is_not_there_is_refused_with_those_that_are(
    path: str, served: Service, traders: list[str]
) -> None:
    answer = served.client.get(path.format(traders[0]), params={"language": "xx"})
    assert answer.status_code == 400
    assert answer.json()["expected"] == "one of en, ru, kk."
