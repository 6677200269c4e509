"""docs/settings.md has every setting, with a default that says the same, as the code declares it."""

import re
import tomllib
from dataclasses import fields
from pathlib import Path

from audit_yield.document import document
from features import environment
from serving import launch
from serving.live.state import TRIED_BEFORE
from serving.settings import PREFIX, Settings, variable
from tests.docs.pages import ROOT
from training.backtest.experiment import SETTINGS, Experiment

PAGE = ROOT / "docs" / "settings.md"
PACKAGES = ("audit_yield", "features", "models", "training", "serving")


def rows(title: str) -> list[list[str]]:
    """The rows of the first table below a heading, without their backticks around whole cells."""
    table = PAGE.read_text(encoding="utf-8").partition(f"## {title}\n")[2].partition("|---|")[2]
    lines = table.partition("\n\n")[0].splitlines()[1:]
    return [[cell.strip().strip("`") for cell in line.strip("|").split(" | ")] for line in lines]


def test_the_page_is_that_of_the_code() -> None:
    assert PAGE.read_text(encoding="utf-8") == document(), "run `make fix`"


def test_every_setting_of_the_service_is_in_the_table_with_a_default_that_says_the_same() -> None:
    shown = {name: default for name, default, _ in rows("The service")}
    assert list(shown) == [variable(setting.name) for setting in fields(Settings)]
    assert Settings.read({name: text for name, text in shown.items() if text != "none"}) == Settings()


def test_every_key_of_an_experiment_is_in_the_table_with_a_default_that_says_the_same() -> None:
    shown = {name: default for name, default, *_ in rows("An experiment")}
    assert list(shown) == [setting.name for setting in fields(Experiment)] == list(SETTINGS)
    written = "\n".join(f"{name} = {text}" for name, text in shown.items() if text != "none")
    assert Experiment.of(tomllib.loads(written)) == Experiment()
    unset = [name for name, text in shown.items() if text == "none"]
    assert all(getattr(Experiment(), name) is None for name in unset)


def test_no_other_variable_is_named_in_code_or_on_a_page() -> None:
    known = {each.name for each in (*environment.VARIABLES, *launch.VARIABLES)}
    known |= {variable(setting.name) for setting in fields(Settings)} | {TRIED_BEFORE, "AUDIT_YIELD_OIDC_"}
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    texts = [path.read_text(encoding="utf-8") for path in (*files, *(ROOT / "docs").glob("*.md"))]
    named = {name for text in texts for name in re.findall(rf"\b{PREFIX}[A-Z_]+", text)}
    assert known - {"AUDIT_YIELD_OIDC_"} <= named | {variable(setting.name) for setting in fields(Settings)}
    assert named - known == set()


def test_the_page_that_the_help_names_is_there() -> None:
    help_names = re.findall(r"docs/([\w-]+\.md)", _front_door())
    assert help_names
    assert [name for name in help_names if not (ROOT / "docs" / name).exists()] == []


def _front_door() -> str:
    modules = [*ROOT.glob("audit_yield.py"), *(ROOT / "audit_yield").glob("*.py")]
    return "".join(Path(module).read_text(encoding="utf-8") for module in modules)
