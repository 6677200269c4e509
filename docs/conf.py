"""The site of these documents: `make docs` builds it with Sphinx, from the pages as they stand on a forge.

Whoever reads it fetches nothing from elsewhere: no font, no script; the search runs from a file too.
"""

import inspect
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from sphinx.application import Sphinx

ROOT = Path(__file__).parents[1]

project = "audit-yield"
author = copyright = "the authors of audit-yield"
version = release = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

extensions = ["myst_parser", "sphinx.ext.autodoc"]
include_patterns = ["*.md", "docs/**.md"]
root_doc = "README"
myst_heading_anchors = 4
# csv has no lexer, and SQL with … in it is meant for people
suppress_warnings = ["misc.highlighting_failure"]
autodoc_member_order = "bysource"
# scikit-learn writes these into its estimators, with links into its own site
autodoc_default_options = {"exclude-members": "set_fit_request, set_score_request"}
autodoc_typehints = "none"  # aliases would be written out to whole unions: the code has them short

html_theme = "furo"
html_title = f"audit-yield {version}"
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
html_use_index = False
html_additional_pages = {"index": "redirect.html"}
templates_path = ["templates"]

CONTENTS = {
    "For everybody": ["docs/glossary", "docs/languages"],
    "For auditors": ["docs/auditors", "docs/features"],
    "For risk units": ["docs/risk-units", "docs/plans", "docs/compliance"],
    "For data scientists": [
        "docs/data-scientists",
        "docs/model",
        "docs/leaks",
        "docs/simulation",
        "docs/worlds",
        "docs/lab",
        "docs/api",
    ],
    "Data": ["docs/bring-your-data", "docs/mapping", "docs/contract", "docs/warehouse", "docs/systems"],
    "For operators": ["docs/operators", "docs/settings"],
    "Code": ["docs/architecture", "docs/performance", "CONTRIBUTING", "SECURITY", "CHANGELOG"],
    "Decisions": [
        f"docs/decisions/{page.stem}" for page in sorted((ROOT / "docs" / "decisions").glob("*.md"))
    ],
}
"""The pages beside the README, in the order of the site's margin."""


def add_contents(_: Sphinx, page: str, source: list[str]) -> None:
    """Give the first page the table of contents that a forge has no need of."""
    if page == root_doc:
        for caption, pages in CONTENTS.items():
            tree = "\n".join(["", "```{toctree}", ":hidden:", f":caption: {caption}", *pages, "```", ""])
            source[0] += tree


def add_api(_: Sphinx, page: str, source: list[str]) -> None:
    """Give the page of the API what the packages export, from their docstrings."""
    if page == "docs/api":
        for package in ("features", "models", "training"):
            source[0] += "\n".join(["", f"## {package}", "", "```{eval-rst}", *_exports(package), "```", ""])


def _exports(package: str) -> Iterator[str]:
    module = import_module(package)
    for name in module.__all__:
        value = getattr(module, name)
        if inspect.isclass(value):
            yield from (f".. autoclass:: {package}.{name}", "   :members:", "")
        elif callable(value):
            yield from (f".. autofunction:: {package}.{name}", "")
        else:
            yield from (f".. py:data:: {package}.{name}", f"   :type: {type(value).__name__}", "")


def setup(app: Sphinx) -> None:
    """Register with Sphinx."""
    app.connect("source-read", add_contents)
    app.connect("source-read", add_api)
