"""Whoever adds something by the steps of `CONTRIBUTING.md` ends with tests that pass."""

import contextlib
import re
import shutil
from pathlib import Path

import pytest

from tests.docs.pages import CONTRIBUTING, ROOT, examples
from tests.docs.reader import Reader

SOURCES = ("audit_yield", "features", "models", "training", "serving", "tests", "docs", "benchmarks")
FILES = (
    "pyproject.toml",
    "hatch_build.py",
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "Makefile",
)
QUICK = {
    "make fix": "python docs/write.py",
    "make check": "ruff format --check . && ruff check . && python docs/write.py --check",
    ".venv/bin/pytest": "pytest -q -p no:cacheprovider",
}
"""What stands on the page, and what a test writes for it: types and layers of the copy take a minute each."""
RECIPES = ("A feature", "A model", "A source system", "An endpoint")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of what is versioned, to change."""
    for name in SOURCES:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


@pytest.mark.long
@pytest.mark.parametrize("recipe", RECIPES)
def test_what_is_added_step_by_step_passes_the_tests_that_run_over_all_of_its_kind(
    recipe: str, copy: Path
) -> None:
    reader = Reader(copy, contextlib.ExitStack(), sources=copy, instead=QUICK)
    for example in examples(CONTRIBUTING):
        if example.heading == recipe:
            reader.follow(example)


def test_every_recipe_has_five_steps() -> None:
    sections = re.split(r"^## ", CONTRIBUTING.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    steps = [(part.splitlines()[0], re.findall(r"^\*\*(\d)\. ", part, re.MULTILINE)) for part in sections]
    assert steps == [(recipe, list("12345")) for recipe in RECIPES]
