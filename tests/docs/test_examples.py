"""Every example on every page does what the page says, from top to bottom."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import CONTRIBUTING, PAGES, ROOT, Example, examples
from tests.docs.reader import Reader

ALL = [example for page in PAGES for example in examples(page)]
RUN = ("sh", "python")
SHOWN = ("text", "json")
TESTED_ELSEWHERE = {
    "docs/warehouse.md": "tests/features/data/warehouse/test_page_for_data_engineers.py",
    "docs/systems.md": "tests/features/data/systems/test_asycuda.py",
}
"""Pages whose SQL is run, against a real server, by a test beside the code."""
README = ROOT / "README.md"


def followed_on(page: Path) -> list[Example]:
    return [e for e in examples(page) if e.not_run is None and (e.language in RUN or e.file)]


@pytest.mark.long
@pytest.mark.parametrize(
    "page",
    [p for p in PAGES if p not in (README, CONTRIBUTING) and followed_on(p)],
    ids=lambda page: str(page.name),
)
def test_a_reader_can_do_what_the_page_says(page: Path, reader: Reader) -> None:
    for example in followed_on(page):
        reader.follow(example)


@pytest.mark.long
def test_the_commands_of_the_readme_come_out_as_it_says(followed: Path) -> None:
    assert (followed / "ranking.csv").read_text().startswith("trader_id,expected_yield,")


def test_every_example_is_run_or_kept_or_only_shown() -> None:
    for example in ALL:
        known = example.language in (*RUN, *SHOWN) or example.file
        elsewhere = example.language == "sql" and str(example.page.relative_to(ROOT)) in TESTED_ELSEWHERE
        assert known or elsewhere, example.place


def test_the_examples_that_no_test_runs_are_few_and_each_says_why() -> None:
    left_out = [example for example in ALL if example.not_run]
    assert {example.not_run for example in left_out} == {
        "it sets up an environment, in which the tests stand already",
    }
    assert len(left_out) <= 3


def test_what_the_readme_starts_a_page_starts_too() -> None:
    started = {page: {each.text for each in examples(page) if each.stays_up} for page in PAGES}
    assert started.pop(README) <= set().union(*started.values())


@pytest.mark.long
def test_every_file_of_a_home_that_was_used_is_in_the_table_of_the_architecture(followed: Path) -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    found = {path.name for path in (followed / "mlruns").iterdir()}
    told = set(re.findall(r"^\| `([^`/]+)/?", page, re.MULTILINE)) | {"artefacts"}
    assert {name for name in found - told if not name.startswith(".")} == set()
