"""Every link on a page leads somewhere, and so does every `make`."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import CONTRIBUTING, PAGES, ROOT

LINK = re.compile(r"!?\[[^\]]*\]\((?!https?://)([^)#\s]*)(?:#([\w-]+))?\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
FOLDERS = "audit_yield|features|models|training|serving|tests|benchmarks"
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))


@pytest.mark.parametrize("page", [*PAGES, *DECISIONS], ids=lambda page: str(page.name))
def test_every_link_leads_to_a_file_and_a_heading_in_it(page: Path) -> None:
    for file, heading in LINK.findall(page.read_text(encoding="utf-8")):
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), f"{page.name} links to {file}"
        assert not heading or heading in anchors(target), f"{page.name} links to {file}#{heading}"


@pytest.mark.parametrize("page", [*PAGES, *DECISIONS], ids=lambda page: str(page.name))
def test_every_make_that_a_page_names_can_be_made(page: Path) -> None:
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    named = re.findall(r"(?:`|^)make ([\w-]+)", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert [name for name in named if name not in targets] == []


@pytest.mark.parametrize(
    "page", [page for page in (*PAGES, *DECISIONS) if page != CONTRIBUTING], ids=lambda page: str(page.name)
)
def test_every_module_and_test_that_a_page_names_is_in_the_tree(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    paths = {path.rstrip(".") for path in re.findall(rf"(?<![\w./-])(?:{FOLDERS})/[\w./-]+", text)}
    assert sorted(path for path in paths if not (ROOT / path).exists()) == []
    tests = {path.stem for path in (ROOT / "tests").rglob("test_*.py")}
    assert set(re.findall(r"`(test_\w+)(?:\.py)?`", text)) <= tests


def anchors(page: Path) -> set[str]:
    """The names that GitHub gives to headings."""
    found = HEADING.findall(page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        links = LINK.findall(page.read_text(encoding="utf-8"))
        waiting += [(page.parent / file).resolve() for file, _ in links if file.endswith(".md")]
    assert {*PAGES, *DECISIONS} - seen == set()
