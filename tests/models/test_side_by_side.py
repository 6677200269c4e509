"""Blocks are grown side by side in one process, and LightGBM survives it."""

import subprocess
import sys

import pytest

from tests.docs.pages import ROOT

PROCESSES = 4
HELD_OUT_OFTEN = """
import sys

import numpy as np
from models.fitting.boosting import Growth, Sample, held_out

rng, rows, columns = np.random.default_rng(int(sys.argv[1])), 3_000, 60
X = np.where(rng.random((rows, columns)) < 0.97, 0.0, rng.random((rows, columns)))  # few values: sparse bins
target = (rng.random(rows) < 0.2).astype(float)
sample = Sample(X, target, np.ones(rows), None, (0,) * columns)
growth = Growth("binary", rounds=2, bags=1)
for _ in range(60):
    blocks = np.split(rng.permutation(rows), np.sort(rng.choice(np.arange(1, rows), 5, replace=False)))
    held_out(sample, growth, blocks=blocks, where=np.ones(rows))
"""


@pytest.mark.long
def test_blocks_of_all_sizes_side_by_side_end_no_process() -> None:
    """A block large enough to be predicted by all threads, beside one whose rows are being filled, did.

    More processes than processors make the moment likely.
    """
    command = [sys.executable, "-c", HELD_OUT_OFTEN]
    running = [
        subprocess.Popen([*command, str(seed)], cwd=ROOT, stderr=subprocess.PIPE, text=True)
        for seed in range(PROCESSES)
    ]
    ends = [(process.communicate()[1], process.returncode) for process in running]
    assert ends == [("", 0)] * PROCESSES
