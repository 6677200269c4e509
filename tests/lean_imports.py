"""Proves that every module of features, models and serving imports in the environment that runs this."""

import importlib
import pkgutil
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("features", "models", "serving")
NOT_LEAN = ("pandas", "sklearn", "mlflow", "shap", "optuna", "matplotlib")


def main() -> int:
    """Import them all; name the packages that should not have come along."""
    sys.path.insert(0, str(ROOT))
    importlib.import_module("audit_yield")
    for package in PACKAGES:
        for module in pkgutil.walk_packages([str(ROOT / package)], prefix=f"{package}."):
            importlib.import_module(module.name)
    strangers = [name for name in NOT_LEAN if name in sys.modules]
    if strangers:
        print(f"the lean base imports {', '.join(strangers)}")
    return bool(strangers)


if __name__ == "__main__":
    sys.exit(main())
