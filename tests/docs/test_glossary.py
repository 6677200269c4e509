"""`docs/glossary.md` defines each word once, and the words that pages and code lists rest on."""

import re

import pytest

from features.data.contract import TABLES
from models.kinds import MODELS
from serving.access.tokens import Role
from tests.docs.pages import PAGES, ROOT
from training.backtest.metrics import metrics

GLOSSARY = ROOT / "docs" / "glossary.md"
TEXT = GLOSSARY.read_text(encoding="utf-8")
PACKAGES = ("audit_yield", "features", "models", "training", "serving")
FOR_DEVELOPERS = ("README.md", "docs/architecture.md", "docs/data-scientists.md")
LINKING = (*FOR_DEVELOPERS, "docs/auditors.md", "docs/risk-units.md", "docs/model.md", "docs/leaks.md")
CODED = {"audits": ("treatment", "selection_channel"), "findings": ("finding_type", "event")}
ONE_OF = "must be one of "


def names() -> list[str]:
    """Every name in a heading of an entry, in small letters."""
    return [name for heading in headings(TEXT) for name in heading.lower().split(", ")]


def headings(text: str) -> list[str]:
    return re.findall(r"^### (.+)$", text, re.MULTILINE)


def without_blocks(page: str) -> str:
    return re.sub(
        r"^```.*?^```$", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )


def terms(page: str) -> set[str]:
    """The terms of a page, in small letters.

    They are words in bold, but for sentences, and names of classes in backticks, a blank between their words.
    """
    text = without_blocks(page)
    bold = {" ".join(each.split()) for each in re.findall(r"\*\*([^*]+)\*\*", text) if each[-1] not in ".:?"}
    classes = {re.sub(r"\B(?=[A-Z])", " ", each) for each in re.findall(r"`((?:[A-Z][a-z]+)+)`", text)}
    linked = re.compile(r"\[([^\]]*)\]\([^)]*\)")
    return {linked.sub(r"\1", each).lower() for each in bold | classes}


def test_every_word_is_defined_once() -> None:
    assert len(names()) > 100
    assert sorted(names()) == sorted(set(names()))


def test_the_words_of_an_area_stand_in_the_order_of_the_alphabet() -> None:
    for area in TEXT.split("\n## ")[1:]:
        entries = headings(area)
        assert entries == sorted(entries, key=str.lower), area.splitlines()[0]


def test_every_entry_is_short() -> None:
    entries = re.split(r"^### |^## ", TEXT, flags=re.MULTILINE)[1:]
    assert [entry.splitlines()[0] for entry in entries if len(entry.split()) > 75] == []


def test_every_module_that_the_glossary_names_exists() -> None:
    named = re.findall(rf"`((?:{'|'.join(PACKAGES)}|tests)/[\w/.]*)`", TEXT)
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_word_is_used_on_another_page_or_in_code() -> None:
    pages = [page.read_text(encoding="utf-8") for page in PAGES if page != GLOSSARY]
    code = [path.read_text(encoding="utf-8") for each in PACKAGES for path in (ROOT / each).rglob("*.py")]
    # a link to the glossary would prove its own word
    used = re.sub(r"\]\([^)]*\)", "]", " ".join([*pages, *code])).lower()
    used = re.sub(r"[\s_-]+", " ", used)
    unused = [name for name in names() if not re.search(rf"\b{re.escape(name.replace('-', ' '))}", used)]
    assert unused == []


@pytest.mark.parametrize("page", FOR_DEVELOPERS)
def test_every_term_of_a_page_for_developers_has_an_entry(page: str) -> None:
    known = set(names())
    assert {term for term in terms(page) if not {term, term.removesuffix("s")} & known} == set()


@pytest.mark.parametrize("page", LINKING)
def test_a_page_leads_to_the_glossary_where_it_uses_its_words(page: str) -> None:
    assert re.search(r"\]\((?:docs/)?glossary\.md", (ROOT / page).read_text(encoding="utf-8"))


@pytest.mark.parametrize(("table", "column"), [(table, each) for table in CODED for each in CODED[table]])
def test_every_code_of_audits_and_findings_is_explained(table: str, column: str) -> None:
    columns = {each.name: each for each in TABLES[table].columns}
    [codes] = [
        rule.words.removeprefix(ONE_OF).split(", ")
        for rule in columns[column].rules
        if rule.words.startswith(ONE_OF)
    ]
    assert [code for code in codes if f"`{code}`" not in TEXT] == []


def test_every_kind_of_model_every_role_and_every_metric_is_explained() -> None:
    at_top = re.compile(r"_[\d.]+$")
    names = (*MODELS, *Role, *(at_top.sub("", metric) for metric in metrics()))
    assert [name for name in names if f"`{name}`" not in TEXT] == []
