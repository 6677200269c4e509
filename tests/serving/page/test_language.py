"""Pages in other languages: asked for by address or browser, marked where a draft, escaped as in English."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest
from babel.messages.catalog import Catalog

from docs.messages import forms, messages, written
from features.data.dataset import Dataset
from features.evidence import evidence_of
from features.language import LANGUAGES, Language
from features.language.code_names import goods_name, sector_name
from features.library import LIBRARY
from serving.live.evidence import rows_behind
from serving.live.history import EarlierPrediction, PastAudit
from serving.live.programme import tasks_of
from serving.live.state import Live
from serving.page import (
    evidence_page,
    model_page,
    programme_page,
    reading_page,
    shown_features,
    trader_page,
)
from serving.page.behind import HIDDEN, LOGARITHM, column_words
from serving.page.render import TEMPLATES
from serving.settings import Settings
from tests.serving.caller import Service, service
from tests.serving.pages import HOSTILE, ranking, renamed

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


def test_a_space_that_does_not_break_stands_in_numbers_and_is_seen_in_names(
    live: Live, traders: list[str]
) -> None:
    named = renamed(live, names={traders[0]: "One\N{NO-BREAK SPACE}Two"}).in_language(LANGUAGES["ru"])
    page = trader_page(named, traders[0])
    assert re.search("\\d\N{NO-BREAK SPACE}\\d{3}", page)
    assert "One\\xa0Two" in page


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


def test_a_language_that_was_asked_for_once_stays_until_another_is(
    served: Service, traders: list[str]
) -> None:
    asked = served.client.get("/help?language=ru")
    assert asked.headers["set-cookie"] == "language=ru; HttpOnly; Path=/; SameSite=strict"
    kept = {"Cookie": "language=ru", "Accept-Language": "kk"}
    for address in ("/", "/model", "/help", f"/traders/{traders[0]}", f"/compare?one={traders[0]}"):
        assert '<html lang="ru">' in served.client.get(address, headers=kept).text
    assert '<html lang="en">' in served.client.get("/?language=en", headers=kept).text
    assert '<html lang="kk">' in served.client.get("/", headers=kept | {"Cookie": "language=xx"}).text
    assert "set-cookie" not in served.client.get("/help", headers=kept).headers


def test_codes_stand_beside_their_names_in_the_language_of_the_page(
    served: Service, traders: list[str]
) -> None:
    trader = served.client.get(f"/traders/{traders[0]}?language=ru").text
    [(sector, name)] = set(re.findall(r"отрасль <bdi>(\w+)</bdi> \(([^)]+)\)", trader))
    assert name == sector_name(sector, LANGUAGES["ru"])
    rows = served.client.get(f"/traders/{traders[0]}/evidence/customs_value_12m?language=ru").text
    goods = re.findall(r"<bdi>(\d{6,12}) ([^<]+)</bdi>", rows)
    assert goods
    assert all(name == goods_name(code, LANGUAGES["ru"]) for code, name in goods)


@pytest.mark.long
def test_every_column_of_the_rows_behind_a_value_has_its_words(dataset: Dataset, traders: list[str]) -> None:
    known = {each.id for each in messages()}
    with dataset.open() as warehouse:
        names = [feature.name for feature in LIBRARY.possible(warehouse) if feature.source]
        evidence = evidence_of(
            LIBRARY, names, warehouse=warehouse, trader_id=traders[0], cutoff=dataset.cutoff
        )
    columns = {name for each in evidence.values() for name in each.rows.column_names}
    shown = {name for name in columns if name not in HIDDEN and not LOGARITHM.search(name)}
    assert [name for name in sorted(shown) if column_words(name) not in known] == []


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


KEPT = re.compile(r"%\(\w+\)s|\{\w*\}|<[^>]+>|`[^`]*`")
DATA = re.compile(
    r"""<(bdi|code|time|option)\b[^>]*>.*?</\1>"""
    r"""|<(\w+)[^>]* (?:lang="en"|class="[^"]*mono[^"]*")[^>]*>.*?</\2>""",
    re.DOTALL,
)
"""What pages show of the data and of digests, and titles of sources, which are English."""
NAMES = {"hurdle"}
CALL = re.compile(r"{% trans\b.*?{% endtrans %}|{{.*?}}|{%.*?%}|<code>.*?</code>", re.DOTALL)
FOR_PROGRAMMERS = "http_api.html"
FORMS = {"CSV", "XLSX"}
TEMPLATE_NAMES = [path.name for path in sorted(TEMPLATES.glob("*.html")) if path.name != FOR_PROGRAMMERS]


@pytest.fixture(scope="module")
def foreign(live: Live, tmp_path_factory: pytest.TempPathFactory) -> Live:
    """What is live, in a language whose every word is of the letter ж, where it has been asked for."""
    catalogue = Catalog(locale="ru")
    for each in messages():
        if each.id:
            said = _foreign(forms(each.id)[-1])
            catalogue.add(each.id, said if isinstance(each.id, str) else [said] * 3, context=each.context)
    folder = tmp_path_factory.mktemp("catalogue")
    (folder / "xx.po").write_text(written(catalogue), encoding="utf-8")
    return live.in_language(Language("xx", "ru", "ж", folder=folder))


def _foreign(text: str) -> str:
    kept = [*KEPT.findall(text), ""]
    return "".join(
        re.sub("[A-Za-z]", "ж", between) + place
        for between, place in zip(KEPT.split(text), kept, strict=True)
    )


def english_words(page: str) -> set[str]:
    """The words of a page, read or heard, that are neither data nor names."""
    body = page.partition("<body>")[2]
    labels = " ".join(re.findall(r'aria-label="([^"]*)"', body))
    text = re.sub(r"<[^>]*>", " ", DATA.sub(" ", body))
    return set(re.findall(r"[A-Za-z]{2,}", f"{text} {labels}")) - NAMES


def test_every_word_of_a_page_that_is_no_data_can_be_translated(foreign: Live, traders: list[str]) -> None:
    trader = traders[0]
    audit = PastAudit(
        "A1", date(2022, 3, 1), date(2022, 6, 1), "field", "joint_tax", 1.0, 1.0, "origin", True
    )
    with foreign.dataset.open() as warehouse:
        names = shown_features(foreign, trader)
        evidence = rows_behind(foreign, trader, names=names, warehouse=warehouse)
    pages: Mapping[str, str] = {
        "trader": trader_page(
            foreign,
            trader,
            history=[audit, replace(audit, closed_on=None)],
            predictions=[EarlierPrediction(date(2024, 7, 1), "0", 1.0)],
            prediction_id="0-1",
        ),
        "report": trader_page(foreign, trader, evidence=evidence),
        "notice": trader_page(foreign, trader, view="notice"),
        "evidence": evidence_page(foreign, next(iter(evidence.values()))),
        "programme": programme_page(foreign, trader, tasks_of(foreign, trader, limited=False), evidence),
        "ranking": ranking(foreign, {}),
        "model": model_page(foreign),
        "help": reading_page(foreign),
    }
    assert {name: words for name, page in pages.items() if (words := english_words(page))} == {}


@pytest.mark.parametrize("name", TEMPLATE_NAMES)
def test_no_template_has_a_word_that_no_catalogue_can_translate(name: str) -> None:
    bare = CALL.sub(" ", (TEMPLATES / name).read_text(encoding="utf-8"))
    labels = re.findall(r'(?:aria-label|title|placeholder|alt)="([^"]*)"', bare)
    text = re.sub(r"<[^>]*>", " ", bare)
    assert set(re.findall(r"[A-Za-z]{2,}", " ".join([text, *labels]))) - FORMS == set()
