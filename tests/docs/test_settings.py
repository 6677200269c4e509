"""Every setting is on a page, with its default, and with what it must be where the code says so."""

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from models.fitting.parameters import GROWTH, OPTIONS
from serving.settings import PREFIX, Settings
from tests.docs.pages import ROOT
from training.backtest.experiment import SETTINGS, Experiment

TABLES = {
    "risk-units.md": re.compile(rf"^\| `{PREFIX}(\w+)` \| `(.*?)` \| (.+) \|$", re.MULTILINE),
    "data-scientists.md": re.compile(r"^\| `(\w+)` \| `(.*?)` \| (.+?) \| (.+) \|$", re.MULTILINE),
}


def rows(page: str) -> list[tuple[str, ...]]:
    return TABLES[page].findall((ROOT / "docs" / page).read_text(encoding="utf-8"))


def test_every_setting_of_the_service_is_in_the_table_with_its_default() -> None:
    shown = {name.lower(): text for name, text, _ in rows("risk-units.md")}
    given = Settings.read({f"{PREFIX}{name.upper()}": text for name, text in shown.items() if text != "none"})
    assert given == Settings()
    assert list(shown) == [setting.name for setting in fields(Settings)]


def test_every_key_of_an_experiment_is_in_the_table_with_its_default() -> None:
    shown = {name: text for name, text, *_ in rows("data-scientists.md")}
    assert list(shown) == [setting.name for setting in fields(Experiment)]
    written = "\n".join(f"{name} = {text}" for name, text in shown.items() if text != "none")
    assert Experiment.of(tomllib.loads(written)) == Experiment()
    unset = [name for name, text in shown.items() if text == "none"]
    assert all(getattr(Experiment(), name) is None for name in unset)


@pytest.mark.parametrize("name", list(SETTINGS))
def test_what_a_key_must_be_is_said_as_the_error_says_it(name: str) -> None:
    said = {key: must for key, _, must, _ in rows("data-scientists.md")}
    _, expected = SETTINGS[name]
    assert said[name].replace('"', "'") == expected.replace('"', "'")


def test_what_trees_may_be_told_is_in_the_tables_as_the_error_says_it() -> None:
    page = (ROOT / "docs" / "data-scientists.md").read_text(encoding="utf-8")
    section = page.partition("### How trees are grown")[2].partition("\n## ")[0]
    shown = re.findall(r"^\| `(\w+)` \| (.+) \|$", section, re.MULTILINE)
    assert shown == [(name, must) for table in (GROWTH, OPTIONS) for name, (_, must) in table.items()]


def test_the_page_that_the_help_names_is_there() -> None:
    help_names = re.findall(r"docs/([\w-]+\.md)", _front_door())
    assert help_names
    assert [name for name in help_names if not (ROOT / "docs" / name).exists()] == []


def _front_door() -> str:
    modules = [*ROOT.glob("audit_yield.py"), *(ROOT / "audit_yield").glob("*.py")]
    return "".join(Path(module).read_text(encoding="utf-8") for module in modules)
