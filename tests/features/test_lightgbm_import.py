"""LightGBM comes alone in our own processes, and nothing stays hidden."""

import subprocess
import sys
from pathlib import Path

import pytest

from models.bundle import trial
from tests.models.tiny import saved
from tests.serving.server import environment

FIRST_OF_ALL = """
import sys
import pandas
from features.lightgbm_import import BESIDE, import_lightgbm

import_lightgbm()
assert "lightgbm" in sys.modules
assert [name for name in BESIDE if name in sys.modules] == ["pandas"]
assert sys.modules["pandas"] is pandas
import sklearn
"""
IMPORTED_BEFORE = """
import sys
import lightgbm, pandas, sklearn
from features.lightgbm_import import import_lightgbm

import_lightgbm()
assert sys.modules["sklearn"] is sklearn and sys.modules["pandas"] is pandas
lightgbm.LGBMRegressor()
"""
COMMANDS = """
import sys
from audit_yield.commands import app

for line in ("log verify", "replay 1-1-00000000", "explain . T1 --as-of 2024-01-01"):
    try:
        app(line.split(), standalone_mode=False)
    except Exception:
        pass
    assert "lightgbm" in sys.modules and "sklearn" not in sys.modules, line
"""
TRIAL = trial.TRIAL.replace("sys.exit(main())", "status = main()")


def run(program: str, *arguments: str, home: Path) -> None:
    subprocess.run([sys.executable, "-c", program, *arguments], check=True, env=environment(home), cwd=home)


@pytest.mark.parametrize("program", [FIRST_OF_ALL, IMPORTED_BEFORE, COMMANDS])
def test_it_comes_alone_unless_it_was_there_and_what_was_there_stays(program: str, tmp_path: Path) -> None:
    run(program, home=tmp_path)


def test_a_bundle_is_tried_without_what_the_image_lacks(tmp_path: Path) -> None:
    saved(tmp_path / "bundle")
    checked = f"{TRIAL}\nassert status == 0 and 'sklearn' not in sys.modules"
    run(checked, str(tmp_path / "bundle"), "", home=tmp_path)
