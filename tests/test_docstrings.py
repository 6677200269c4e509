"""What docstrings show is what comes out."""

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("features", "models", "training", "serving", "audit_yield")
SHOWING = sorted(
    path.relative_to(ROOT)
    for package in PACKAGES
    for path in (ROOT / package).rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("path", SHOWING, ids=str)
def test_the_examples_of_a_module_come_out_as_shown(path: Path) -> None:
    module = importlib.import_module(".".join(path.with_suffix("").parts))
    done = doctest.testmod(module)
    assert done.attempted
    assert not done.failed
