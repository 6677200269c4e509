"""LightGBM comes alone, and nothing stays hidden."""

import subprocess
import sys

ALONE = """
import sys
from features.lean import BESIDE, import_lightgbm

import_lightgbm()
assert "lightgbm" in sys.modules
assert not any(name in sys.modules for name in BESIDE)

import pandas, sklearn
import_lightgbm()
"""
NOT_ALONE = """
import sys
import lightgbm, pandas, sklearn
from features.lean import import_lightgbm

import_lightgbm()
assert sys.modules["sklearn"] is sklearn and sys.modules["pandas"] is pandas
lightgbm.LGBMRegressor()
"""


def run(program: str) -> None:
    subprocess.run([sys.executable, "-c", program], check=True)


def test_what_it_would_bring_along_is_left_out_and_can_be_imported_afterwards() -> None:
    run(ALONE)


def test_what_was_imported_before_stays_as_it_is() -> None:
    run(NOT_ALONE)
