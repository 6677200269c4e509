"""What `docs/architecture.md` names is there, and what is there it names."""

import re
import tomllib

from tests.docs.pages import ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
FIRST_COLUMNS = "\n".join(re.findall(r"^\| (`.*?) \|", PAGE, re.MULTILINE))
PACKAGES = ("audit_yield", "features", "models", "training", "serving")


def test_every_module_and_folder_it_names_exists() -> None:
    named = re.findall(rf"`((?:{'|'.join(PACKAGES)})/[\w/.]*)`", PAGE)
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_package_is_named_in_a_table() -> None:
    packages = sorted(
        path.parent.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("__init__.py")
    )
    assert set(PACKAGES) < set(packages)
    assert [name for name in packages if f"`{name}/`" not in FIRST_COLUMNS] == []


def test_every_module_of_the_top_level_of_a_package_is_named_in_a_table() -> None:
    modules = [path for package in PACKAGES for path in sorted((ROOT / package).glob("[!_]*.py"))]
    assert modules
    named = [path.relative_to(ROOT).as_posix() for path in modules]
    assert [name for name in named if f"`{name}`" not in FIRST_COLUMNS] == []


def test_every_decision_is_listed_in_order() -> None:
    decisions = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    listed = re.findall(r"^\d+\. \[.+\]\(decisions/(.+)\)$", PAGE, re.MULTILINE)
    assert listed == [path.name for path in decisions]


def test_every_module_of_a_mechanism_is_in_the_simulation() -> None:
    page = (ROOT / "docs" / "simulation.md").read_text(encoding="utf-8")
    named = re.findall(r"`(\w+/\w+\.py)`", page)
    assert named
    assert [name for name in named if not (ROOT / "features" / "simulate" / name).exists()] == []


def test_the_layers_are_those_that_import_linter_enforces() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    [layers] = [each["layers"] for each in contracts if each["name"].startswith("Dependencies run one way")]
    drawn = re.search(r"```text\n(.*?)```", PAGE, re.DOTALL)
    assert drawn
    rows = [" | ".join(re.findall(r"(\w+)/", line)) for line in drawn[1].splitlines()]
    assert [row for row in rows if row][-len(layers) :] == layers
