"""The words of the code: names that somebody would search for, each class name in one module."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("audit_yield", "features", "models", "serving", "training")
MODULES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
VAGUE = {"asked", "found", "kept", "place", "places", "said", "told"}
"""Names that do not say what a value is."""
FOUND_OF_AN_ERROR = {
    "features/data/check/plausibility/note.py",
    "features/data/contract/violation.py",
    "features/data/warehouse/source.py",
    "features/errors.py",
}
"""Where errors and violations say what was found, beside what was expected and what to do."""
NAMES_NO_THING = ("How", "What", "Where", "Whether", "Which", "Who", "Why")


def bound(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield each name that a module binds to a value: variables, parameters, attributes, functions."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name
            case ast.arg(arg=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield node.lineno, name


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def inside(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=inside)
def test_names_say_what_a_value_is(path: Path) -> None:
    vague = [(line, name) for line, name in bound(parsed(path)) if name.strip("_").lower() in VAGUE]
    if inside(path) in FOUND_OF_AN_ERROR:
        vague = [(line, name) for line, name in vague if name != "found"]
    assert vague == []


def test_a_class_name_stands_in_one_module() -> None:
    modules = defaultdict(set)
    for path in MODULES:
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                modules[node.name].add(inside(path))
    assert {name: where for name, where in modules.items() if len(where) > 1} == {}


@pytest.mark.parametrize("path", MODULES, ids=inside)
def test_a_module_opens_with_what_it_is(path: Path) -> None:
    words = (ast.get_docstring(parsed(path)) or "").split()
    assert words
    assert words[0].rstrip(":,") not in NAMES_NO_THING
