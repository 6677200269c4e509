"""What a notebook needs comes from the package itself, and costs nothing until it is used."""

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("features", "models", "training")


@pytest.mark.parametrize("package", PACKAGES)
def test_each_name_is_there_and_is_the_one_that_type_checkers_see(package: str) -> None:
    tree = ast.parse((ROOT / package / "__init__.py").read_text(encoding="utf-8"))
    typed = {
        name.name: str(statement.module)
        for condition in tree.body
        if isinstance(condition, ast.If)
        for statement in condition.body
        if isinstance(statement, ast.ImportFrom)
        for name in statement.names
    }
    module = import_module(package)
    assert sorted(typed) == module.__all__ == dir(module)
    for name, of in typed.items():
        assert getattr(module, name) is getattr(import_module(of), name)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_name_that_is_not_there_is_refused_as_of_any_module(package: str) -> None:
    with pytest.raises(AttributeError, match=f"module '{package}' has no attribute 'Modle'"):
        _ = import_module(package).Modle
    with pytest.raises(ImportError, match="cannot import name 'Modle'"):
        exec(f"from {package} import Modle")  # noqa: S102  the statement itself is what is tested


def test_a_package_and_a_plan_are_imported_without_lightgbm() -> None:
    heavy = ("lightgbm", "sklearn", "pandas")
    program = (
        "import sys, features, models, training, models.plan.store\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert shown.stdout == "[]\n"
