"""What `docs/architecture.md` names is there, and what is there it names."""

import re
import tomllib

from tests.docs.pages import ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PACKAGES = ("audit_yield", "features", "models", "training", "serving")


def test_every_module_and_folder_it_names_exists() -> None:
    named = re.findall(rf"`((?:{'|'.join(PACKAGES)})/[\w/.]*)`", PAGE)
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_package_has_a_row() -> None:
    inits = [path for package in PACKAGES for path in sorted((ROOT / package).glob("*/__init__.py"))]
    assert inits
    folders = [path.parent.relative_to(ROOT).as_posix() for path in inits]
    assert [folder for folder in folders if f"`{folder}/`" not in PAGE] == []


def test_the_layers_are_those_that_import_linter_enforces() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    [layers] = [each["layers"] for each in contracts if each["name"].startswith("Dependencies run one way")]
    drawn = re.search(r"```text\n(.*?)```", PAGE, re.DOTALL)
    assert drawn
    rows = [" | ".join(re.findall(r"(\w+)/", line)) for line in drawn[1].splitlines()]
    assert [row for row in rows if row][-len(layers) :] == layers
